// What an answer means that is no success: the server's words, and the failure they amount to.
#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "http/auth/simple.hpp"
#include "livy/api.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

constexpr std::size_t words_limit = 500;
constexpr std::size_t title_limit = 120;
constexpr std::size_t detail_limit = 4096;
/// An error longer than this is no error that a person wrote.
constexpr std::size_t longest_error_body = 1 << 20;

std::optional<json> parsed(const http::response& answer) {
  if (answer.body.size() > longest_error_body) return std::nullopt;
  auto body = json::parse(answer.body, nullptr, false);
  if (body.is_discarded()) return std::nullopt;
  return body;
}

bool is_web_page(const http::response& answer) {
  return answer.content_type().find("html") != std::string::npos ||
         trimmed(answer.body).starts_with('<');
}

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  return concat(utf8_prefix(text, limit), "…");
}

/// "\tat org.apache…" of a stack and " at [Source: …" of Jackson.
bool is_java_frame(std::string_view line) {
  return line.starts_with("\tat ") || line.starts_with(" at ") || line.starts_with("    at ");
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const auto line : split(text, '\n')) {
    if (is_java_frame(line)) break;
    const auto words = trimmed(line);
    if (words.empty()) continue;
    if (!out.empty()) out.push_back(' ');
    out.append(words);
  }
  return out;
}

/// The length of "java.util.concurrent.ExecutionException: " at the start of `text`, or 0.
std::size_t exception_prefix(std::string_view text) {
  const auto end = text.find(": ");
  if (end == std::string_view::npos) return 0;
  const auto name = text.substr(0, end);
  const bool is_class = name.find('.') != std::string_view::npos &&
                        name.find_first_of(" \"'(/") == std::string_view::npos &&
                        (name.ends_with("Exception") || name.ends_with("Error"));
  return is_class ? end + 2 : 0;
}

/// Java wraps exceptions in exceptions; what they say stands at the end. Where that is no sentence
/// ("933c9e46-…"), the innermost class name stays with it.
std::string_view without_wrappers(std::string_view text) {
  auto last_class = text;
  while (const auto length = exception_prefix(text)) {
    last_class = text;
    text.remove_prefix(length);
  }
  if (text.find(' ') != std::string_view::npos) return text;
  const auto colon = last_class.find(": ");
  const auto dot = last_class.rfind('.', colon);
  return colon == std::string_view::npos || dot == std::string_view::npos
             ? last_class
             : last_class.substr(dot + 1);
}

std::string words_in(const json& body) {
  if (body.is_string()) return body.get<std::string>();
  if (!body.is_object()) return {};
  for (const auto* key : {"msg", "message", "errorMessage", "error_description", "error",
                          "RemoteException", "detail"}) {
    const auto found = body.find(key);
    if (found == body.end()) continue;
    if (found->is_string()) return found->get<std::string>();
    // {"error": {"message": …}}, one level only.
    if (found->is_object() && found->contains("message") && (*found)["message"].is_string()) {
      return (*found)["message"].get<std::string>();
    }
  }
  return {};
}

/// What stands between the first `open` tag and `close`, without case; "" when there is none.
std::string_view between(std::string_view page, std::string_view lower_page, std::string_view open,
                         std::string_view close, std::size_t from = 0) {
  const auto tag = lower_page.find(open, from);
  if (tag == std::string_view::npos) return {};
  const auto start = lower_page.find('>', tag);
  const auto end = lower_page.find(close, tag);
  if (start == std::string_view::npos || end == std::string_view::npos || end < start) return {};
  return page.substr(start + 1, end - start - 1);
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

/// The text of a piece of HTML: no tags, no entities, one line.
std::string plain_text(std::string_view html) {
  std::string text;
  bool in_tag = false;
  for (const char c : html) {
    if (c == '<') in_tag = true;
    if (!in_tag) text.push_back(c);
    if (c == '>') in_tag = false;
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> entities{{{"&lt;", "<"},
                                                                                   {"&gt;", ">"},
                                                                                   {"&quot;", "\""},
                                                                                   {"&apos;", "'"},
                                                                                   {"&#39;", "'"},
                                                                                   {"&nbsp;", " "},
                                                                                   {"&amp;", "&"}}};
  for (const auto& [entity, character] : entities) replace_all(text, entity, character);
  return one_line(text);
}

std::string title_of(std::string_view page) {
  const auto lower_page = lower_case(page);
  return shortened(plain_text(between(page, lower_page, "<title", "</title")), title_limit);
}

/// Jetty's error page has its reason in a table, older ones in <pre>; others in the title.
std::string words_of_page(std::string_view page) {
  const auto lower_page = lower_case(page);
  if (const auto row = lower_page.find("message:</th>"); row != std::string::npos) {
    auto words = plain_text(between(page, lower_page, "<td", "</td", row));
    if (!words.empty()) return words;
  }
  if (lower_page.find("jetty") != std::string::npos) {
    auto words = plain_text(between(page, lower_page, "<pre", "</pre"));
    if (!words.empty()) return words;
  }
  auto title = title_of(page);
  return title.empty() ? plain_text(between(page, lower_page, "<h1", "</h1")) : title;
}

std::string detail_of(const http::response& answer, const http::url& target) {
  auto detail = concat("HTTP ", answer.status, " ", answer.reason, " for ", target.shown());
  if (answer.body.empty()) return detail;
  return concat(detail, "\n",
                shortened(valid_utf8(answer.body.substr(0, detail_limit)), detail_limit));
}

/// ": words." or ".", to end a sentence with.
std::string ending(std::string words) {
  while (words.ends_with('.') || words.ends_with(' ')) words.pop_back();
  return words.empty() ? "." : concat(": ", words, ".");
}

std::string what_was_sent(const http::response& answer) {
  if (trimmed(answer.body).empty()) return "it sent an empty answer";
  if (is_web_page(answer)) {
    const auto title = title_of(answer.body);
    return title.empty() ? "it sent a web page"
                         : concat("it sent a web page titled \"", title, "\"");
  }
  if (parsed(answer)) return "its answer is JSON of another kind";
  return "its answer is not JSON";
}

std::string where_redirected(const http::response& answer) {
  try {
    return concat("it redirects to ", http::parse_url(answer.headers.get("Location")).authority());
  } catch (const failure&) {
    return "it redirects to another page";
  }
}

/// Nothing was offered: what is offered and refused is told where it is.
std::string why_unauthorized(const http::response& answer, const http::url& target) {
  const auto asks = [&](std::string_view what, std::string_view type) {
    return concat(target.authority(), " asks for ", what, ". Set \"auth\": {\"type\": \"", type,
                  "\"} in the profile, or --auth ", type, ".");
  };
  const auto offered = http::offered_mechanisms(answer);
  if (http::is_among(offered, "Negotiate")) return asks("a Kerberos ticket", "kerberos");
  if (http::is_among(offered, "Basic")) return asks("a user name and a password", "basic");
  if (http::is_among(offered, "Bearer")) return asks("a token", "bearer");
  return concat(target.authority(),
                " wants to know who you are, and does not say how. Set \"auth\" in the profile.");
}

bool is_livys_not_found(const http::response& answer) {
  if (!parsed(answer)) return false;
  const auto words = lower_case(server_words(answer));
  return words.find("session") != std::string::npos ||
         words.find("statement") != std::string::npos || words.find("batch") != std::string::npos;
}

failure_kind kind_of_refusal(int status) {
  // Too early, too many, too slow: asking again helps, and the request had no effect.
  if (status == 408 || status == 425 || status == 429) return failure_kind::server_error;
  return status >= 500 ? failure_kind::server_error : failure_kind::rejected;
}

}  // namespace

std::string server_words(const http::response& answer) {
  std::string words;
  if (const auto body = parsed(answer)) {
    words = words_in(*body);
  } else if (is_web_page(answer)) {
    words = words_of_page(valid_utf8(answer.body.substr(0, longest_error_body)));
  } else {
    words = valid_utf8(answer.body.substr(0, detail_limit));
  }
  return shortened(without_wrappers(one_line(words)), words_limit);
}

failure not_livy(const http::url& target, std::string_view reason, std::string detail) {
  return {failure_kind::not_livy,
          concat(target.scheme, "://", target.authority(), " answers, but not as a Livy server (",
                 reason, "). Check the URL."),
          std::move(detail)};
}

failure failure_from(const http::response& answer, const http::url& target, std::string_view what) {
  const auto detail = detail_of(answer, target);
  const auto status = answer.status;
  if (status < 300) return not_livy(target, what_was_sent(answer), detail);
  if (status < 400) return not_livy(target, where_redirected(answer), detail);
  if (status == 401) return {failure_kind::unauthorized, why_unauthorized(answer, target), detail};
  if (status == 407) {
    return {failure_kind::unauthorized,
            concat("A proxy in front of ", target.authority(), " asks for authentication."),
            detail};
  }
  const auto words = server_words(answer);
  if (status == 403) {
    return {failure_kind::forbidden,
            concat("The server does not allow you to ", what, ending(words)), detail};
  }
  if (status == 404 && !is_livys_not_found(answer)) {
    return not_livy(target, concat("there is nothing at ", target.path), detail);
  }
  if (status == 404) {
    return {failure_kind::not_found, concat("The server could not ", what, ending(words)), detail};
  }
  const auto reason = words.empty() ? concat("it answered ", status, " ", answer.reason) : words;
  const auto* verb = kind_of_refusal(status) == failure_kind::rejected ? "refused" : "failed";
  return {kind_of_refusal(status), concat("The server ", verb, " to ", what, ending(reason)),
          detail};
}

failure session_failure_from(const http::response& answer, const http::url& target,
                             std::string_view what) {
  const auto lost = [&](std::string_view sentence) {
    return failure(failure_kind::session_lost, concat(sentence, " Start a new one."),
                   detail_of(answer, target));
  };
  // A gateway's own page may say "connection refused" too; only Livy's JSON is about the session.
  if (answer.ok() || answer.status == 401 || answer.status == 403 || !parsed(answer)) {
    return failure_from(answer, target, what);
  }
  const auto words = lower_case(server_words(answer));
  const auto says = [&words](std::string_view text) {
    return words.find(text) != std::string::npos;
  };
  if (answer.status == 404 && says("session") && !says("statement")) {
    return lost("The session is gone: it was deleted, it expired, or the server restarted.");
  }
  if (says("session isn't active") || says("session is not active")) {
    return lost("The session has ended.");
  }
  if (says("rpc channel is closed") || says("connection refused")) {
    return lost("The server has lost its connection to the session's driver.");
  }
  for (const auto* state : {"dead", "killed", "error", "shutting_down", "success"}) {
    if (says(concat("session is in state ", state))) return lost("The session has ended.");
  }
  return failure_from(answer, target, what);
}

json json_body(const http::response& answer, const http::url& target, std::string_view what) {
  if (!answer.ok()) throw failure_from(answer, target, what);
  auto body = json::parse(answer.body, nullptr, false);
  if (body.is_discarded()) throw failure_from(answer, target, what);
  return body;
}

}  // namespace livyd::livy
