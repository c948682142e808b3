#include "service/diagnosis.hpp"

#include <algorithm>
#include <ctime>
#include <regex>
#include <utility>

#include "base/text.hpp"

namespace livyd {
namespace {

using protocol::Check;
using protocol::CheckState;

constexpr std::int64_t milliseconds_a_day = 24LL * 60 * 60 * 1000;
/// So many days before its end a certificate is worth a word.
constexpr std::int64_t soon_days = 14;
constexpr std::size_t report_width = 100;

/// One line that may be pasted.
std::string line_of(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return redacted(text);
}

Check made(std::string_view name, CheckState state, std::string found, std::string advice) {
  Check out;
  out.name = std::string(name);
  out.state = state;
  out.found = line_of(std::move(found));
  if (!advice.empty()) out.advice = line_of(std::move(advice));
  return out;
}

std::string in_local_time(std::int64_t wall_milliseconds, const char* format) {
  const std::time_t seconds = wall_milliseconds / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::string out(64, '\0');
  out.resize(std::strftime(out.data(), out.size(), format, &parts));
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (std::size_t at = 0; at < words.size(); ++at) {
    out += concat(at == 0 ? "" : at + 1 == words.size() ? last : ", ", words[at]);
  }
  return out;
}

std::string counted(std::int64_t count, std::string_view what) {
  return concat(count, " ", what, count == 1 ? "" : "s");
}

bool ends_sentence(std::string_view message, std::size_t at) {
  if (message[at] != '.' || at + 2 >= message.size() || message[at + 1] != ' ') return false;
  const char next = message[at + 2];
  return (next >= 'A' && next <= 'Z') || next == '"' || message.substr(at + 2).starts_with("livyd");
}

std::string_view without_full_stop(std::string_view text) {
  while (text.ends_with('.') || text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string certificate_words(const http::tls_facts& shown) {
  return concat(shown.version, "; certificate of \"", shown.subject, "\", issued by \"",
                shown.issuer, "\", good until ", in_local_time(shown.expires, "%Y-%m-%d"));
}

std::string offer_words(const authentication_findings& found) {
  if (!found.asked) return "the server asks for no credentials";
  if (found.offered.empty()) return "the server does not say which credentials it takes";
  return concat("the server takes ", joined(found.offered, " and "));
}

std::string mechanism_words(const authentication_findings& found) {
  switch (found.kind) {
    case authentication_kind::basic:
      return concat("Basic as ", found.user);
    case authentication_kind::bearer:
      return "Bearer with a token";
    case authentication_kind::kerberos: {
      std::string out = "Negotiate";
      if (found.ticket) out += concat(" as ", found.ticket->principal);
      out += concat(" for ", found.service);
      if (found.judged.expires) {
        out += concat("; ticket until ", in_local_time(*found.judged.expires, "%Y-%m-%d %H:%M"));
      }
      return out;
    }
    case authentication_kind::none:
      break;
  }
  return "none";
}

std::string_view state_word(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "ok";
    case CheckState::warning:
      return "warning";
    case CheckState::failed:
      return "FAILED";
    case CheckState::not_tried:
      break;
  }
  return "not tried";
}

/// The words as lines of a column; a long word has a line of its own.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    auto& line = lines.back();
    if (line.empty()) {
      line = word;
    } else if (line.size() + 1 + word.size() <= width) {
      line += concat(" ", word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, text.size()), ' ');
  return out;
}

std::string rows_of(const Check& check, std::size_t name_width) {
  constexpr std::size_t state_width = 9;
  const auto lead = concat(padded(state_word(check.state), state_width), "  ",
                           padded(check.name, name_width), "  ");
  auto lines = wrapped(check.found, report_width - lead.size());
  if (check.advice) {
    for (auto& line : wrapped(*check.advice, report_width - lead.size())) {
      lines.push_back(std::move(line));
    }
  }
  std::string out;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    auto row = concat(at == 0 ? lead : std::string(lead.size(), ' '), lines[at]);
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + "\n";
  }
  return out;
}

std::string head_text(const report_head& head) {
  auto out = concat("livyd ", head.version, " on ", head.system, ", ",
                    in_local_time(head.wall_milliseconds, "%Y-%m-%d %H:%M %z"), "\n");
  out += concat("Profile ", head.profile);
  if (!head.url.empty() && head.url != head.profile) out += concat(", ", head.url);
  return out + "\n\n";
}

}  // namespace

Check sound(std::string_view name, std::string found) {
  return made(name, CheckState::ok, std::move(found), {});
}

Check doubtful(std::string_view name, std::string found, std::string advice) {
  return made(name, CheckState::warning, std::move(found), std::move(advice));
}

Check not_tried(std::string_view name, std::string why) {
  return made(name, CheckState::not_tried, std::move(why), {});
}

Check broken(std::string_view name, const failure& reason, std::string_view more) {
  auto parts = in_two_parts(reason.message());
  if (!more.empty()) parts.happened = concat(without_full_stop(parts.happened), " (", more, ").");
  return made(name, CheckState::failed, std::move(parts.happened), std::move(parts.advice));
}

told in_two_parts(std::string_view message) {
  bool quoted = false;
  for (std::size_t at = 0; at < message.size(); ++at) {
    if (message[at] == '"') quoted = !quoted;
    if (quoted || !ends_sentence(message, at)) continue;
    return {std::string(message.substr(0, at + 1)), std::string(message.substr(at + 2))};
  }
  return {std::string(message), {}};
}

Check about_name(const std::string& host, const std::vector<std::string>& addresses,
                 const std::string& proxy) {
  if (!proxy.empty()) {
    return sound(link::name, concat("left to the proxy ", proxy));
  }
  const bool is_address = addresses.size() == 1 && addresses.front() == host;
  if (is_address) return sound(link::name, concat(host, " is an address"));
  return sound(link::name, concat(host, " is ", joined(addresses, ", ")));
}

Check about_proxy(const http::proxy_facts& way) {
  if (way.direct) return sound(link::proxy, "none");
  auto words = way.proxy;
  if (!way.source.empty()) words += concat(" (", way.source, ")");
  return sound(link::proxy,
               concat(words, way.tunnel ? " lets livyd through" : " takes livyd's requests"));
}

Check about_tcp(const http::proxy_facts& way, const std::optional<http::tcp_facts>& direct) {
  if (!direct) return sound(link::tcp, concat("by the proxy ", way.proxy));
  return sound(link::tcp, concat(direct->address, " answers after ", direct->milliseconds, " ms"));
}

Check about_tls(const tls_findings& found, std::int64_t wall_milliseconds) {
  if (!found.used && found.exposed) {
    return doubtful(link::tls,
                    "none: http://, and the profile says \"allowInsecure\", so that anybody on the "
                    "way can read the credentials",
                    "Use https:// as soon as the server offers it.");
  }
  if (!found.used) return sound(link::tls, "none: http://");
  const auto words = certificate_words(found.shown);
  if (!found.verified) {
    const auto advice = found.objection.empty()
                            ? std::string(
                                  "It would pass: take \"verify\": false out of the "
                                  "profile's \"tls\".")
                            : concat("If it were checked: ", found.objection);
    return doubtful(link::tls, concat(words, "; not checked (\"verify\": false)"), advice);
  }
  const auto days = (found.shown.expires - wall_milliseconds) / milliseconds_a_day;
  if (days < soon_days) {
    return doubtful(link::tls, concat(words, ", which is in ", counted(days, "day")),
                    "Tell who runs the server.");
  }
  return sound(link::tls, words);
}

Check about_authentication(const authentication_findings& found) {
  const auto offer = offer_words(found);
  if (found.refusal) {
    auto more = offer;
    if (found.kind == authentication_kind::none) more.clear();  // the failure names what it takes
    if (found.kind == authentication_kind::kerberos) {
      more = concat(mechanism_words(found), "; ", offer);
    }
    return broken(link::authentication, *found.refusal, more);
  }
  auto words = concat(mechanism_words(found), "; ", offer);
  if (found.cookie) words += "; it gave a cookie";
  const bool ends_soon = found.judged.state == protocol::CredentialsState::expiring;
  if (ends_soon) return doubtful(link::authentication, words, found.judged.detail.value_or(""));
  return sound(link::authentication, std::move(words));
}

Check about_livy(const livy_findings& found) {
  auto words = found.version.text.empty() ? std::string("version not told") : found.version.text;
  if (found.guarded)
    words += *found.guarded ? "; CSRF protection is on" : "; CSRF protection is off";
  words += concat("; ", counted(found.sessions, "session"), " visible");
  if (found.sessions > 0) words += concat(", ", found.own, " of them yours");
  if (!found.agent) return sound(link::livy, words);
  if (found.side_channel) {
    return doubtful(link::livy, concat(words, "; no side channel"), found.side_channel->message());
  }
  return sound(link::livy, concat(words, "; side channel possible"));
}

Check about_webhdfs(const webhdfs_findings& found) {
  const auto words =
      concat("home ", found.home, "; a probe file was written to ", found.folder, " and deleted");
  if (!found.home_problem) return sound(link::webhdfs, words);
  return doubtful(link::webhdfs, words, found.home_problem->message());
}

std::string report_text(const report_head& head, const std::vector<Check>& checks) {
  std::size_t name_width = 0;
  for (const auto& check : checks) name_width = std::max(name_width, check.name.size());
  auto out = redacted(head_text(head));
  for (const auto& check : checks) out += rows_of(check, name_width);
  return out;
}

std::string redacted(std::string_view text) {
  static const std::pair<std::regex, const char*> rules[] = {
      {std::regex(R"((https?://)[^\s/@"]*@)", std::regex::icase), "$1"},
      {std::regex(R"((https?://[^\s?"]*)\?[^\s")]*)", std::regex::icase), "$1?…"},
      {std::regex(R"(\b(Basic|Bearer|Negotiate) [A-Za-z0-9+/_.~-]{16,}=*)", std::regex::icase),
       "$1 …"},
      {std::regex(
           R"(\b(hadoop\.auth|KNOXSESSIONID|JSESSIONID|delegation|token|password)=[^\s;,)]+)",
           std::regex::icase),
       "$1=…"}};
  std::string out(text);
  for (const auto& [pattern, with] : rules) out = std::regex_replace(out, pattern, with);
  return out;
}

}  // namespace livyd
