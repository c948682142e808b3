#include "livy/api.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

/// A text under `key`; numbers and booleans as they are written; "" for null and for what is
/// absent.
std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() || found->is_boolean() ? found->dump() : std::string();
}

std::int64_t number_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

/// The elements of a list of texts; one text is taken as its lines.
std::vector<std::string> texts_of(const json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end()) return texts;
  if (found->is_string()) {
    for (const auto line : split(found->get_ref<const std::string&>(), '\n')) {
      texts.emplace_back(line);
    }
  }
  if (!found->is_array()) return texts;
  for (const auto& element : *found) {
    if (element.is_string()) texts.push_back(element.get<std::string>());
  }
  return texts;
}

[[noreturn]] void refuse(std::string_view what) {
  throw failure(failure_kind::not_livy, concat("The server's answer is not ", what, "."));
}

int leading_number(std::string_view& text) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return 0;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return number;
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// How many of the last segments belong to one of Livy's own pages rather than to its root.
std::size_t page_segments(const std::vector<std::string_view>& segments) {
  const auto from_end = [&segments](std::size_t back) {
    return back <= segments.size() ? segments[segments.size() - back] : std::string_view();
  };
  const auto is_list = [](std::string_view name) {
    return name == "sessions" || name == "batches";
  };
  const auto last = from_end(1);
  if (is_list(last) || last == "ui" || last == "version") return 1;
  if (is_list(from_end(2)) && all_digits(last)) return 2;
  if (is_list(from_end(3)) && all_digits(from_end(2)) && last == "statements") return 3;
  const bool is_page = from_end(2) == "session" || from_end(2) == "batch";
  return from_end(3) == "ui" && is_page ? 3 : 0;
}

}  // namespace

bool server_version::at_least(int wanted_major, int wanted_minor) const {
  return std::pair(major, minor) >= std::pair(wanted_major, wanted_minor);
}

server_version read_version(const json& body) {
  server_version version;
  if (!body.is_object()) return version;
  version.text = text_of(body, "version");
  std::string_view rest = version.text;
  version.major = leading_number(rest);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    version.minor = leading_number(rest);
  }
  version.embedded = version.text.find("livyd") != std::string::npos || body.contains("livyd");
  return version;
}

session_phase phase_of(std::string_view state) {
  const auto word = lower_case(state);
  if (word == "idle") return session_phase::idle;
  if (word == "busy" || word == "running") return session_phase::busy;
  if (word == "shutting_down") return session_phase::ending;
  if (word == "error") return session_phase::failed;
  if (word == "dead" || word == "killed" || word == "success") return session_phase::dead;
  return session_phase::starting;
}

session_view read_session(const json& body) {
  if (!body.is_object()) refuse("a session");
  session_view view;
  view.id = text_of(body, "id");
  view.state = text_of(body, "state");
  if (view.id.empty() || view.state.empty()) refuse("a session");
  view.name = text_of(body, "name");
  view.kind = text_of(body, "kind");
  view.application_id = text_of(body, "appId");
  view.owner = text_of(body, "owner");
  view.proxy_user = text_of(body, "proxyUser");
  if (const auto links = body.find("appInfo"); links != body.end() && links->is_object()) {
    view.spark_ui_url = text_of(*links, "sparkUiUrl");
    view.driver_log_url = text_of(*links, "driverLogUrl");
  }
  view.log = texts_of(body, "log");
  view.raw = body;
  return view;
}

session_page read_session_page(const json& body) {
  if (!body.is_object() || !body.contains("sessions") || !body["sessions"].is_array()) {
    refuse("a list of sessions");
  }
  session_page page;
  page.from = number_of(body, "from");
  page.total = number_of(body, "total");
  for (const auto& entry : body["sessions"]) page.sessions.push_back(read_session(entry));
  return page;
}

log_page read_log_page(const json& body) {
  if (!body.is_object() || !body.contains("log")) refuse("a session's log");
  log_page page;
  page.from = number_of(body, "from");
  page.lines = texts_of(body, "log");
  page.total =
      std::max(number_of(body, "total"), page.from + static_cast<std::int64_t>(page.lines.size()));
  return page;
}

job_view read_job(const json& body) {
  if (!body.is_object()) refuse("a job");
  job_view job;
  const auto id = text_of(body, "id");
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), job.id);
  job.state = text_of(body, "state");
  if (parsed.ec != std::errc() || job.state.empty()) refuse("a job");
  job.result = text_of(body, "result");
  job.error = text_of(body, "error");
  return job;
}

json session_body(const session_request& wanted, const server_version& version,
                  std::vector<std::string>& left_out) {
  json body = json::object();
  const auto add = [&body](const char* name, const auto& value) {
    if (!value.empty()) body[name] = value;
  };
  const auto add_number = [&body](const char* name, const std::optional<std::int64_t>& value) {
    if (value) body[name] = *value;
  };
  const auto add_since = [&](int minor, const char* name, const std::string& value) {
    if (value.empty()) return;
    if (version.at_least(0, minor)) {
      body[name] = value;
    } else {
      left_out.emplace_back(name);
    }
  };
  add("kind", wanted.kind);
  add("name", wanted.name);
  add("proxyUser", wanted.proxy_user);
  add("queue", wanted.queue);
  add("driverMemory", wanted.driver_memory);
  add("executorMemory", wanted.executor_memory);
  add_number("driverCores", wanted.driver_cores);
  add_number("executorCores", wanted.executor_cores);
  add_number("numExecutors", wanted.executor_count);
  add_number("heartbeatTimeoutInSecond", wanted.heartbeat_timeout_seconds);
  add("jars", wanted.jars);
  add("pyFiles", wanted.py_files);
  add("files", wanted.files);
  add("archives", wanted.archives);
  add("conf", wanted.conf);
  add_since(8, "ttl", wanted.ttl);
  add_since(9, "idleTimeout", wanted.idle_timeout);
  return body;
}

http::url base_url(std::string_view text) {
  auto base = http::parse_url(trimmed(text));
  base.query.clear();
  auto segments = split(std::string_view(base.path), '/');
  std::erase(segments, std::string_view());
  segments.resize(segments.size() - page_segments(segments));
  std::string path;
  for (const auto segment : segments) path.append("/").append(segment);
  base.path = path.empty() ? "/" : path;
  return base;
}

}  // namespace livyd::livy
