#include "livy/batch.hpp"

#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "livy/log_join.hpp"
#include "livy/session.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

std::string without_stop(std::string reason) {
  while (reason.ends_with('.')) reason.pop_back();
  return reason;
}

}  // namespace

bool batch_view::finished() const {
  const auto word = lower_case(state);
  return word == "success" || word == "dead" || word == "killed" || word == "error";
}

/// Livy shows batches with the fields of its sessions.
batch_view read_batch(const json& body) {
  session_view seen;
  try {
    seen = read_session(body);
  } catch (const failure&) {
    throw failure(failure_kind::not_livy, "The server's answer is not a batch.");
  }
  batch_view view;
  view.id = std::move(seen.id);
  view.name = std::move(seen.name);
  view.state = std::move(seen.state);
  view.application_id = std::move(seen.application_id);
  view.owner = std::move(seen.owner);
  view.proxy_user = std::move(seen.proxy_user);
  view.spark_ui_url = std::move(seen.spark_ui_url);
  view.driver_log_url = std::move(seen.driver_log_url);
  view.log = std::move(seen.log);
  return view;
}

/// Livy calls them sessions there, too.
batch_page read_batch_page(const json& body) {
  const bool is_page = body.is_object() && body.contains("sessions") && body["sessions"].is_array();
  if (!is_page) {
    throw failure(failure_kind::not_livy, "The server's answer is not a list of batches.");
  }
  batch_page page;
  for (const auto& entry : body["sessions"]) page.batches.push_back(read_batch(entry));
  page.total = static_cast<std::int64_t>(page.batches.size());
  const auto total = body.find("total");
  if (total != body.end() && total->is_number_integer()) page.total = total->get<std::int64_t>();
  return page;
}

json batch_body(const batch_request& wanted) {
  json body = json::object();
  const auto add = [&body](const char* name, const auto& value) {
    if (!value.empty()) body[name] = value;
  };
  const auto add_number = [&body](const char* name, const std::optional<std::int64_t>& value) {
    if (value) body[name] = *value;
  };
  add("file", wanted.file);
  add("args", wanted.arguments);
  add("name", wanted.name);
  add("proxyUser", wanted.proxy_user);
  add("queue", wanted.queue);
  add("driverMemory", wanted.driver_memory);
  add("executorMemory", wanted.executor_memory);
  add_number("driverCores", wanted.driver_cores);
  add_number("executorCores", wanted.executor_cores);
  add_number("numExecutors", wanted.executor_count);
  add("jars", wanted.jars);
  add("pyFiles", wanted.py_files);
  add("files", wanted.files);
  add("archives", wanted.archives);
  add("conf", wanted.conf);
  return body;
}

batch_request batch_of(const session_request& session) {
  batch_request batch;
  batch.name = session.name;
  batch.proxy_user = session.proxy_user;
  batch.queue = session.queue;
  batch.driver_memory = session.driver_memory;
  batch.executor_memory = session.executor_memory;
  batch.driver_cores = session.driver_cores;
  batch.executor_cores = session.executor_cores;
  batch.executor_count = session.executor_count;
  batch.jars = session.jars;
  batch.py_files = session.py_files;
  batch.files = session.files;
  batch.archives = session.archives;
  batch.conf = session.conf;
  // Livy limits the attempts of sessions only: YARN would run a failing script once more, with all
  // that it does.
  batch.conf.emplace("spark.yarn.maxAppAttempts", "1");
  return batch;
}

std::string words_of_batch(const batch_view& seen, const std::vector<std::string>& log,
                           const std::vector<std::string>& driver_log) {
  const auto state = lower_case(seen.state);
  if (state == "success") return {};
  if (state == "killed") {
    // YARN may know by whom; anything else is of the time before.
    const auto killer = split_log(log).yarn.empty() ? std::string() : error_in_log(log);
    return killer.empty() ? killer : concat(without_stop(killer), ".");
  }
  if (!seen.finished()) {
    // Anything else in the log is no wait: the lines are shown as they are.
    const bool waits = state != "running" && !split_log(log).yarn.empty();
    return waits ? progress_in_log(log) : std::string();
  }
  auto reason = without_stop(error_in_log(driver_log));
  const auto told = without_stop(error_in_log(log));
  if (reason.empty()) {
    reason = told;
  } else if (!told.empty() && told != reason) {
    reason += concat(" (", told, ")");
  }
  if (reason.empty()) return "It failed, and its log does not say why.";
  return concat("It failed: ", reason, ".");
}

}  // namespace livyd::livy
