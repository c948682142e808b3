#include "http/auth/refusal.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "base/text.hpp"
#include "http/auth/simple.hpp"

namespace livyd::http {
namespace {

constexpr std::size_t longest_reason = 200;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t Count>
bool contains_any(std::string_view text, const std::array<std::string_view, Count>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [text](std::string_view part) { return contains(text, part); });
}

/// What servers say of a token, in lower case.
constexpr std::array<std::string_view, 9> of_tokens{
    "gss",      "kerberos",        "mechanism level", "request is a replay",    "clock skew",
    "newlimit", "bufferunderflow", "defective token", "authenticationexception"};

/// Of a key that the server does not have.
constexpr std::array<std::string_view, 6> of_keys{
    "failed to find any kerberos", "not found in keytab", "checksum failed", "integrity check",
    "specified version of key",    "cannot find key"};

/// Of a token that nobody could read.
constexpr std::array<std::string_view, 3> of_garbage{"newlimit", "bufferunderflow",
                                                     "defective token"};

bool says_nothing(std::string_view reason) {
  const auto small = lower_case(trimmed(reason));
  return small.empty() || small == "forbidden" || small == "unauthorized" ||
         small == "authorization required" || small == "authentication required";
}

std::string_view title_of(std::string_view page) {
  const auto small = lower_case(page.substr(0, 4_KiB));
  const auto from = small.find("<title>");
  const auto to = small.find("</title>");
  if (from == std::string::npos || to == std::string::npos || to < from) return {};
  return trimmed(page.substr(from + 7, to - from - 7));
}

std::string with_entities_replaced(std::string text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> entities{{{"&lt;", "<"},
                                                                                   {"&gt;", ">"},
                                                                                   {"&quot;", "\""},
                                                                                   {"&#39;", "'"},
                                                                                   {"&nbsp;", " "},
                                                                                   {"&amp;", "&"}}};
  for (const auto& [entity, character] : entities) {
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1)) {
      text.replace(at, entity.size(), character);
    }
  }
  return text;
}

std::string_view without_number(std::string_view title) {
  for (const std::string_view frame : {"Error ", "HTTP ERROR ", "HTTP Status "}) {
    if (title.starts_with(frame)) title.remove_prefix(frame.size());
  }
  const auto end = title.find_first_not_of("0123456789");
  if (end == std::string_view::npos) return {};
  if (end > 0) title.remove_prefix(end);
  return trimmed(title.substr(std::min(title.find_first_not_of(" -–"), title.size())));
}

/// "GSSException: Failure unspecified at GSS-API level (Mechanism level: Request is a replay (34))"
/// is "Request is a replay (34)".
std::string_view innermost(std::string_view reason) {
  constexpr std::string_view level = "Mechanism level: ";
  if (const auto at = reason.rfind(level); at != std::string_view::npos) {
    reason.remove_prefix(at + level.size());
    if (reason.ends_with(')')) reason.remove_suffix(1);
    return reason;
  }
  constexpr std::string_view thrown = "Exception: ";
  if (const auto at = reason.rfind(thrown); at != std::string_view::npos) {
    reason.remove_prefix(at + thrown.size());
  }
  return reason;
}

std::string printable(std::string_view text) {
  auto out = valid_utf8(utf8_prefix(text, longest_reason));
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

std::string whole_reason_of(const response& answer) {
  if (!says_nothing(answer.reason)) return answer.reason;
  const auto title = without_number(title_of(answer.body));
  return says_nothing(title) ? std::string() : with_entities_replaced(std::string(title));
}

bool takes_cookie_back(const response& answer) {
  const auto fields = answer.headers.all("Set-Cookie");
  return std::any_of(fields.begin(), fields.end(), [](std::string_view field) {
    const auto pair = trimmed(field.substr(0, field.find(';')));
    return pair == "hadoop.auth=" || pair == "hadoop.auth=\"\"";
  });
}

std::string about_clocks(const response& answer, std::int64_t now) {
  const auto ahead = minutes_ahead(answer, now);
  if (!ahead) return "Compare this machine's clock with the server's.";
  return concat("This machine's clock is ", std::abs(*ahead), " min ",
                *ahead > 0 ? "ahead of" : "behind", " the server's. Set the one that is wrong.");
}

std::string about_token(const std::string& reason, const response& answer,
                        const std::string& service, std::int64_t now) {
  const auto small = lower_case(reason);
  if (contains(small, "clock skew")) {
    return concat("clock skew too great. ", about_clocks(answer, now));
  }
  if (contains(small, "replay")) {
    return concat("it takes it for a copy of an earlier one (", reason, "). Try again.");
  }
  if (contains_any(small, of_keys)) {
    return concat("it has no fitting key for ", service, " (", reason,
                  "). Name its service (\"HTTP@name\") in the profile, or tell its administrator.");
  }
  if (contains_any(small, of_garbage)) {
    return concat("it could not read it (", reason,
                  "). Something on the way may have cut it: tell the server's administrator.");
  }
  return concat(reason.empty() ? "it does not say why" : reason,
                ". Tell the server's administrator.");
}

}  // namespace

bool is_about_the_token(const response& answer) {
  if (answer.content_type() == "application/json") return false;
  return takes_cookie_back(answer) || contains_any(lower_case(whole_reason_of(answer)), of_tokens);
}

std::string reason_of(const response& answer) {
  const auto whole = whole_reason_of(answer);
  return printable(trimmed(innermost(trimmed(whole))));
}

std::optional<std::int64_t> minutes_ahead(const response& answer, std::int64_t now) {
  const auto theirs = date_in(answer.headers.get("Date"));
  if (!theirs) return std::nullopt;
  const auto minutes = (now - std::chrono::system_clock::to_time_t(*theirs)) / 60;
  return minutes == 0 ? std::nullopt : std::optional(minutes);
}

std::string sentence_about_refusal(const request& sent, const response& answer,
                                   const std::string& service, std::int64_t now) {
  constexpr int forbidden = 403;
  const auto peer = sent.target.host_and_port();
  const auto offered = offered_mechanisms(answer);
  const auto reason = reason_of(answer);
  if (answer.status != forbidden && offered.empty()) {
    return concat(peer,
                  " took the Kerberos token, but a server behind it refused the gateway itself. "
                  "That is not your ticket: tell the gateway's administrator.");
  }
  const bool negotiates = answer.status == forbidden ||
                          std::any_of(offered.begin(), offered.end(), [](const auto& name) {
                            return equal_ignoring_case(name, "Negotiate");
                          });
  if (!negotiates) {
    return concat(peer, " does not take Kerberos. ", what_is_offered(answer),
                  " Set \"auth\" in the profile.");
  }
  if (answer.status != forbidden && reason.empty()) {
    return concat(peer, " refused the Kerberos token for ", service,
                  ". Its keytab may be old or made for another name: tell its administrator, or "
                  "name its service (\"HTTP@name\") in the profile.");
  }
  return concat(peer, " refused the Kerberos token: ", about_token(reason, answer, service, now));
}

}  // namespace livyd::http
