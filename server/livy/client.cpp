#include "livy/client.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "livy/client_parts.hpp"
#include "livy/json_text.hpp"
#include "livy/statement_reader.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

/// Livy waits 10 s for a cell that runs, then ends the driver.
constexpr duration delete_deadline = 60s;
/// A big result goes as slowly as the reader takes it; silence ends it much earlier.
constexpr duration result_deadline = 2h;
constexpr std::size_t kept_for_the_title = 8_KiB;
constexpr std::string_view profile_holds = "The profile holds";

std::string session_path(const std::string& session, std::string_view rest = {}) {
  return concat("sessions/", percent_encoded(session), rest);
}

std::string statement_path(const std::string& session, std::int64_t statement,
                           std::string_view rest = {}) {
  return session_path(session, concat("/statements/", statement, rest));
}

std::string statement_body(const std::string& code, const std::string& kind) {
  if (!is_valid_utf8(code)) {
    throw failure(failure_kind::invalid_input,
                  "The code is not valid UTF-8, so it cannot be sent. Save the file as UTF-8.");
  }
  std::string body;
  body.reserve(code.size() + code.size() / 8 + 64);
  body.append(R"({"code":")");
  append_json_characters(body, code);
  body.append("\"");
  if (!kind.empty()) {
    body.append(R"(,"kind":")");
    append_json_characters(body, kind);
    body.append("\"");
  }
  body.append("}");
  return body;
}

bool session_is_unknown(const http::response& answer, const http::url& target) {
  return answer.status == 404 && session_failure_from(answer, target, "find the session").kind() ==
                                     failure_kind::session_lost;
}

bool statement_is_unknown(const http::response& answer, const http::url& target) {
  if (answer.status != 404) return false;
  const auto reason = session_failure_from(answer, target, "read the statement");
  return reason.kind() == failure_kind::not_found;
}

/// Livy forgets a job once its end was read, and says so with a 500. Its sentence is in the body
/// only: the words without Java's class names do not tell.
bool job_is_unknown(const http::response& answer) {
  return answer.status == 500 &&
         answer.body.find("java.util.NoSuchElementException: ") != std::string::npos;
}

failure job_failure_from(const http::response& answer, const http::url& target) {
  if (session_is_not_ready(answer)) {
    return {failure_kind::rejected,
            "The session is still starting and answers no questions yet. Wait until it is idle.",
            server_words(answer)};
  }
  auto reason = session_failure_from(answer, target, "ask the session's Python");
  if (reason.kind() == failure_kind::session_lost || !path_is_blocked(answer, reason))
    return reason;
  return {failure_kind::unsupported,
          "The server does not let livyd look into the session while it works, so output is shown "
          "when a run ends.",
          reason.detail()};
}

}  // namespace

std::string text_of(const json& body, std::string_view whose) {
  try {
    return body.dump();
  } catch (const json::exception&) {
    throw failure(failure_kind::invalid_input,
                  concat(whose, " text that is not valid UTF-8. Correct it."));
  }
}

void expect_livy(const http::response& answer, const http::url& target, std::string_view what) {
  if (!answer.ok()) throw session_failure_from(answer, target, what);
  if (!answer.body.empty()) json_body(answer, target, what);
}

bool session_is_not_ready(const http::response& answer) {
  const auto words = lower_case(server_words(answer));
  const auto says = [&words](std::string_view state) {
    return words.find(concat("session is in state ", state)) != std::string::npos;
  };
  return says("starting") || says("not_started") || says("recovering");
}

bool path_is_blocked(const http::response& answer, const failure& reason) {
  switch (answer.status) {
    case 403:
    case 405:
    case 501:
      return true;
    case 404:
      // A gateway that has lost its server shows a page of its own: that passes.
      return reason.kind() == failure_kind::not_found || trimmed(answer.body).empty();
    default:
      return false;
  }
}

/// One answer that holds a statement, read while it arrives.
class client::statement_answer {
 public:
  explicit statement_answer(output_sink& sink) : sink_(sink) {}

  task<void> receive(std::string_view piece) {
    head_.append(piece.substr(0, kept_for_the_title - std::min(kept_for_the_title, head_.size())));
    const auto decoded = reader_.feed(piece);
    for (const auto& output : decoded) {
      const auto& mime = reader_.view().parts[output.part].mime;
      co_await sink_.write(output.part, mime, output.text);
    }
  }
  void finish() { reader_.finish(); }
  const statement_view& view() const { return reader_.view(); }

  /// What it means that the reader could not read it: usually a web page with status 200.
  failure explained(const failure& unread, const http::url& target) const {
    if (unread.kind() != failure_kind::not_livy) return unread;
    if (trimmed(head_).empty() || trimmed(head_).starts_with('<')) {
      http::response page;
      page.status = 200;
      page.body = head_;
      return failure_from(page, target, "read the statement");
    }
    // The detail may reach a log: it must not hold the user's code or data.
    return not_livy(target, "its answer is not a statement", unread.message());
  }

 private:
  output_sink& sink_;
  statement_reader reader_;
  std::string head_;
};

client::client(http::client& transport, http::url base)
    : transport_(transport), base_(std::move(base)) {}

http::request client::request(http::method verb, std::string path, std::string query,
                              std::string body, duration deadline) const {
  http::request outgoing;
  outgoing.verb = verb;
  outgoing.target = http::joined(base_, path, query);
  outgoing.content_type = "application/json";
  // The last two satisfy the CSRF filters of Livy and of Hadoop, whose values are free.
  outgoing.headers = {
      {"Accept", "application/json"}, {"X-Requested-By", "livyd"}, {"X-XSRF-HEADER", "livyd"}};
  outgoing.body = std::move(body);
  outgoing.deadline = deadline;
  outgoing.route = base_.path;
  return outgoing;
}

task<server_version> client::version() {
  if (version_) co_return *version_;
  auto outgoing = request(http::method::get, "version", {}, {}, small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  server_version found;
  if (answer.status != 404) {
    found = understood(read_version, answer, target, "tell its version");
  }
  version_ = found;
  co_return found;
}

task<session_view> client::create_session(session_request wanted,
                                          std::vector<std::string>& left_out) {
  const auto known = co_await version();
  const auto body = session_body(wanted, known, left_out);
  auto outgoing =
      request(http::method::post, "sessions", {}, text_of(body, profile_holds), create_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  co_return understood(read_session, answer, target, "create the session");
}

task<std::optional<session_view>> client::find_session(std::string id_or_name) {
  auto outgoing = request(http::method::get, session_path(id_or_name), {}, {}, small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (session_is_unknown(answer, target)) co_return std::nullopt;
  if (!answer.ok()) throw session_failure_from(answer, target, "show the session");
  co_return understood(read_session, answer, target, "show the session");
}

task<std::vector<session_view>> client::list_sessions() {
  std::vector<session_view> all;
  std::set<std::string> seen;  // a session created meanwhile moves the others to the next page
  std::int64_t from = 0;
  while (all.size() < most_listed) {
    auto outgoing = request(http::method::get, "sessions",
                            concat("from=", from, "&size=", listed_per_page), {}, small_deadline);
    const auto target = outgoing.target;
    const auto answer = co_await transport_.send(std::move(outgoing));
    auto page = understood(read_session_page, answer, target, "list the sessions");
    const auto count = static_cast<std::int64_t>(page.sessions.size());
    for (auto& session : page.sessions) {
      if (seen.insert(session.id).second) all.push_back(std::move(session));
    }
    from += count;
    if (count == 0 || from >= page.total) break;
  }
  co_return all;
}

task<log_page> client::read_log(std::string session, std::int64_t from, std::int64_t size) {
  auto query = concat("size=", size);
  if (from >= 0) query = concat("from=", from, "&", query);
  auto outgoing =
      request(http::method::get, session_path(session, "/log"), query, {}, small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (!answer.ok()) throw session_failure_from(answer, target, "show the session's log");
  co_return understood(read_log_page, answer, target, "show the session's log");
}

task<void> client::delete_session(std::string session) {
  auto outgoing = request(http::method::delete_, session_path(session), {}, {}, delete_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (session_is_unknown(answer, target)) co_return;
  expect_livy(answer, target, "delete the session");
}

task<std::optional<bool>> client::guards_against_forgery() {
  const auto nobody = session_path(std::string(nobodys_session), "/connect");
  auto outgoing = request(http::method::post, nobody, {}, "{}", small_deadline);
  outgoing.headers = {{"Accept", "application/json"}};
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (session_is_unknown(answer, target)) co_return false;
  // Livy: "Missing Required Header for CSRF protection."; Knox: "… for Vulnerability Protection."
  const bool refused = answer.status == 400 || answer.status == 403;
  const auto words = lower_case(server_words(answer));
  const bool names_header =
      words.find("required header") != std::string::npos || words.find("csrf") != std::string::npos;
  if (refused && names_header) co_return true;
  co_return std::nullopt;
}

task<bool> client::answers(duration silence) {
  auto outgoing = request(http::method::get, "version", {}, {}, 2 * silence);
  outgoing.silence = silence;
  try {
    co_await transport_.send(std::move(outgoing));
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    co_return false;
  }
  co_return true;
}

task<void> client::connect(std::string session) {
  auto outgoing =
      request(http::method::post, session_path(session, "/connect"), {}, "{}", small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  expect_livy(answer, target, "keep the session alive");
}

task<std::int64_t> client::submit(std::string session, std::string code, std::string kind) {
  auto body = statement_body(code, kind);
  code = {};
  const auto upload_time = std::chrono::seconds(body.size() / slowest_upload_per_second);
  auto outgoing = request(http::method::post, session_path(session, "/statements"), {},
                          std::move(body), small_deadline + upload_time);
  const auto target = outgoing.target;
  // The answer repeats the code, so it is as long as that.
  no_output nowhere;
  statement_answer made(nowhere);
  const auto answer = co_await exchange(std::move(outgoing), made);
  if (session_is_not_ready(answer)) {
    throw failure(failure_kind::rejected,
                  "The session is still starting and takes no code yet. Wait until it is idle.",
                  server_words(answer));
  }
  if (!answer.ok()) throw session_failure_from(answer, target, "run the code");
  co_return made.view().id;
}

task<std::optional<statement_view>> client::read_statement(std::string session,
                                                           std::int64_t statement,
                                                           output_sink& sink, duration silence) {
  auto outgoing =
      request(http::method::get, statement_path(session, statement), {}, {}, result_deadline);
  outgoing.silence = silence;
  const auto target = outgoing.target;
  statement_answer seen(sink);
  const auto answer = co_await exchange(std::move(outgoing), seen);
  if (statement_is_unknown(answer, target)) co_return std::nullopt;
  if (!answer.ok()) throw session_failure_from(answer, target, "show the statement");
  co_return seen.view();
}

task<void> client::cancel_statement(std::string session, std::int64_t statement) {
  auto outgoing = request(http::method::post, statement_path(session, statement, "/cancel"), {},
                          "{}", small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  expect_livy(answer, target, "cancel the statement");
}

task<std::int64_t> client::submit_job(std::string session, std::string job) {
  const auto body = json{{"job", std::move(job)}, {"jobType", "pyspark"}};
  auto outgoing = request(http::method::post, session_path(session, "/submit-job"), {},
                          text_of(body, "The job holds"), small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (!answer.ok()) throw job_failure_from(answer, target);
  co_return understood(livy::read_job, answer, target, "ask the session's Python").id;
}

task<std::optional<job_view>> client::read_job(std::string session, std::int64_t job) {
  auto outgoing = request(http::method::get, session_path(session, concat("/jobs/", job)), {}, {},
                          small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (job_is_unknown(answer)) co_return std::nullopt;
  if (!answer.ok()) throw job_failure_from(answer, target);
  co_return understood(livy::read_job, answer, target, "ask the session's Python");
}

task<http::response> client::exchange(http::request outgoing, statement_answer& body) {
  const auto target = outgoing.target;
  http::body_sink receive = [&body](std::string_view piece) { return body.receive(piece); };
  try {
    auto answer = co_await transport_.send(std::move(outgoing), std::move(receive));
    if (answer.ok()) body.finish();
    co_return answer;
  } catch (const failure& unread) {
    throw body.explained(unread, target);
  }
}

}  // namespace livyd::livy
