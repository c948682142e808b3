#include "local/handlers.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "local/livy_answer.hpp"
#include "local/multipart.hpp"
#include "local/session_view.hpp"

namespace livyd::local {
namespace {

constexpr std::string_view about =
    "<!doctype html><title>livyd local</title><p>This is the embedded endpoint of livyd: Apache "
    "Livy's REST interface over the Python on this machine, for one person. It has no pages.";

http::server_response html(int status, std::string_view body) {
  http::server_response answer;
  answer.status = status;
  answer.content_type = "text/html;charset=utf-8";
  answer.body = body;
  return answer;
}

http::server_response redirect_to_page(const http::server_request& request) {
  auto answer = html(302, {});
  answer.headers.add("Location", concat("http://", request.headers.get("Host"), "/ui"));
  return answer;
}

http::server_response version() {
  return json_answer(200, dumped({{"url", "livy"},
                                  {"branch", "HEAD"},
                                  {"revision", ""},
                                  {"version", "0.9.0-incubating"},
                                  {"date", ""},
                                  {"user", ""},
                                  {"livyd", endpoint_version()}}));
}

std::optional<std::int64_t> int_parameter(const http::server_request& request,
                                          std::string_view name) {
  const auto text = request.parameter(name);
  return text ? std::optional(java_int(*text)) : std::nullopt;
}

/// "application/vnd.livy.v0.1+json" is the only one there is.
void check_accepted_version(const http::server_request& request) {
  constexpr std::string_view prefix = "application/vnd.livy.v";
  const auto accept = request.headers.get("Accept");
  const auto at = accept.find(prefix);
  if (at == std::string_view::npos) return;
  auto wanted = accept.substr(at + prefix.size());
  wanted = wanted.substr(0, wanted.find_first_of("+,; "));
  if (wanted == "0.1") return;
  throw refused(message(406, concat("No value found for '", wanted, "'")));
}

http::server_response log_of(const session& one, const http::server_request& request) {
  const auto page =
      page_of(one.log_lines(), int_parameter(request, "from"), int_parameter(request, "size"));
  return json_answer(
      200,
      dumped({{"id", one.id()}, {"from", page.from}, {"total", page.total}, {"log", page.lines}}));
}

/// The size of statements as they travel from Livy's driver to its server.
std::size_t carried_bytes(const std::vector<std::shared_ptr<statement>>& list) {
  std::size_t bytes = 0;
  for (const auto& one : list) bytes += one->code.size() + one->output.size();
  return bytes;
}

task<http::server_response> list_statements(std::shared_ptr<session> one,
                                            const http::server_request& request) {
  one->require_active();
  co_await one->wait_until_started();
  one->require_active();
  one->rpc().use();
  const bool newest_first =
      equal_ignoring_case(trimmed(request.parameter("order").value_or("")), "desc");
  const auto from = int_parameter(request, "from");
  const auto size = int_parameter(request, "size");
  const auto all = one->list();
  co_await one->rpc().carry(carried_bytes(all));
  std::string body = concat("{\"total_statements\":", all.size(), ",\"statements\":[");
  bool first = true;
  for (const auto& each : page_of(all, newest_first, from, size)) {
    if (!std::exchange(first, false)) body += ',';
    body += json_of(*each);
  }
  body += "]}";
  co_return json_answer(200, std::move(body));
}

task<http::server_response> get_statement(std::shared_ptr<session> one, std::string id) {
  const auto number = java_int(id);
  one->require_active();
  co_await one->wait_until_started();
  one->require_active();
  one->rpc().use();
  const auto found = one->find(number);
  if (!found) co_return bare_string(404, "Statement not found");
  co_await one->rpc().carry(found->code.size() + found->output.size());
  co_return json_answer(200, json_of(*found));
}

http::server_response create_statement(session& one, const http::server_request& request) {
  const auto created = one.submit(read_statement_request(request.body));
  auto answer = json_answer(201, json_of(*created));
  answer.headers.add("Location", concat("/sessions/", one.id(), "/statements/", created->id));
  return answer;
}

http::server_response cancel_statement(session& one, std::string_view id) {
  one.cancel(java_int(id));
  return message(200, "canceled");
}

task<http::server_response> receive_file(std::shared_ptr<session> one,
                                         const http::server_request& request,
                                         std::string_view field, bool python,
                                         std::string_view missing) {
  const auto boundary = boundary_of(request.headers.get("Content-Type"));
  if (!boundary) co_return bare_string(400, missing);
  const auto parts = form_parts(request.body, *boundary);
  const auto file = std::find_if(parts.begin(), parts.end(), [field](const form_part& part) {
    return part.name == field && !part.file_name.empty();
  });
  if (file == parts.end()) co_return bare_string(400, missing);
  co_await one->receive_file(file->file_name, std::string(file->content), python);
  co_return empty_answer(200);
}

task<http::server_response> add_resource(std::shared_ptr<session> one, std::string_view body,
                                         bool python) {
  const auto uri = read_resource_request(body);
  const auto path = local_path_of(uri, "");
  co_await one->add_file(path.value_or(uri), python);
  co_return empty_answer(200);
}

}  // namespace

std::string endpoint_version() {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : worker_source()) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string build;
  for (int shift = 28; shift >= 0; shift -= 4) build += digits[(hash >> shift) & 15U];
  return concat(LIVYD_VERSION, "+", build);
}

task<http::server_response> handlers::answer(http::server_request request) {
  try {
    auto where = route_of(request.verb, request.path);
    auto reply = co_await dispatch(request, std::move(where));
    co_return reply;
  } catch (const refused& refusal) {
    co_return refusal.answer();
  }
}

task<http::server_response> handlers::dispatch(const http::server_request& request, route where) {
  switch (where.what) {
    case action::not_found:
      co_return html(404, {});
    case action::wrong_verb:
      co_return html(405, {});
    case action::root:
      co_return redirect_to_page(request);
    case action::page:
      co_return html(200, about);
    case action::version:
      co_return version();
    case action::drain:
      sessions_.drain();
      co_return message(200, "draining");
    default:
      break;
  }
  check_accepted_version(request);
  switch (where.what) {
    case action::list_sessions:
      co_return list_sessions(request);
    case action::create_session:
      co_return create_session(request);
    case action::list_batches:
      co_return json_answer(200, R"({"from":0,"total":0,"sessions":[]})");
    case action::create_batch:
      co_return message(400, "Rejected, Reason: the embedded endpoint runs no batches.");
    case action::batch:
      co_return message(404, concat("Session '", where.session, "' not found."));
    default:
      break;
  }
  auto reply = co_await dispatch_session(request, std::move(where));
  co_return reply;
}

http::server_response handlers::list_sessions(const http::server_request& request) const {
  const auto from = int_parameter(request, "from").value_or(0);
  const auto size = int_parameter(request, "size").value_or(100);
  const auto all = sessions_.all();
  const auto total = static_cast<std::int64_t>(all.size());
  auto views = ordered_json::array();
  const auto last = std::min(from + size, total);
  for (auto i = std::max<std::int64_t>(from, 0); i < last; ++i) {
    views.push_back(view_of(*all[static_cast<std::size_t>(i)]));
  }
  return json_answer(200, dumped({{"from", from}, {"total", total}, {"sessions", views}}));
}

http::server_response handlers::create_session(const http::server_request& request) {
  const auto created = sessions_.create(request.body);
  auto answer = json_answer(201, dumped(view_of(*created)));
  answer.headers.add("Location", concat("/sessions/", created->id()));
  return answer;
}

task<http::server_response> handlers::dispatch_session(const http::server_request& request,
                                                       route where) {
  const auto one = sessions_.find(where.session);
  one->beat();
  switch (where.what) {
    case action::get_session:
      co_return json_answer(200, dumped(view_of(*one)));
    case action::get_state:
      co_return json_answer(200, dumped({{"id", one->id()}, {"state", name_of(one->state())}}));
    case action::get_log:
      co_return log_of(*one, request);
    case action::connect:
      one->touch();
      co_return json_answer(200, dumped(view_of(*one)));
    case action::delete_session:
      co_await sessions_.remove(one);
      co_return message(200, "deleted");
    case action::stop:
      co_await one->stop();
      co_return empty_answer(204);
    case action::interrupt:
      co_await one->stop();
      co_return message(200, "interrupted");
    case action::create_statement:
      co_return create_statement(*one, request);
    case action::cancel_statement:
      co_return cancel_statement(*one, where.item);
    case action::get_job:
      one->rpc().use();
      co_return one->jobs().tell(java_int(where.item));
    default:
      break;
  }
  if (where.what == action::list_statements) co_return co_await list_statements(one, request);
  if (where.what == action::get_statement) co_return co_await get_statement(one, where.item);
  if (where.what == action::complete) {
    check_completion_request(request.body);
    one->require_running();
    one->touch();
    co_return json_answer(200, R"({"candidates":[]})");
  }
  if (where.what == action::submit_job) {
    const auto id = one->submit_job(read_job_request(request.body));
    co_return json_answer(201, sent_job(id));
  }
  if (where.what == action::cancel_job) {
    const auto id = java_int(where.item);
    one->jobs().check_known(id);
    one->jobs().cancelled(id);
    co_return empty_answer(200);
  }
  if (where.what == action::upload_jar) {
    co_return co_await receive_file(one, request, "jar", true, "No jar sent!");
  }
  if (where.what == action::upload_pyfile || where.what == action::upload_file) {
    const bool python = where.what == action::upload_pyfile;
    co_return co_await receive_file(one, request, "file", python, "No file sent!");
  }
  const bool python = where.what == action::add_pyfile;
  co_return co_await add_resource(one, request.body, python);
}

}  // namespace livyd::local
