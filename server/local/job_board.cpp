#include "local/job_board.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "local/livy_answer.hpp"

namespace livyd::local {
namespace {

std::string job_json(std::int64_t id, std::string_view state, const std::string& result,
                     const std::string& error) {
  return concat("{\"id\":", id, ",\"state\":\"", state,
                "\",\"result\":", result.empty() ? "null" : json_string(result),
                ",\"error\":", error.empty() ? "null" : json_string(error), "}");
}

}  // namespace

std::string sent_job(std::int64_t id) {
  return job_json(id, "SENT", {}, {});
}

std::int64_t job_board::add() {
  if (jobs_.size() >= retained) {
    const auto oldest = std::find_if(jobs_.begin(), jobs_.end(),
                                     [](const auto& entry) { return entry.second.finished; });
    if (oldest != jobs_.end()) jobs_.erase(oldest);
  }
  jobs_[++last_] = {};
  return last_;
}

void job_board::started(std::int64_t id) {
  const auto found = jobs_.find(id);
  if (found != jobs_.end() && !found->second.finished) found->second.state = "STARTED";
}

void job_board::succeeded(std::int64_t id, std::string result) {
  finish(id, "SUCCEEDED", std::move(result), {});
}

void job_board::failed(std::int64_t id, std::string error) {
  finish(id, "FAILED", {}, std::move(error));
}

void job_board::cancelled(std::int64_t id) {
  finish(id, "CANCELLED", {}, {});
}

void job_board::finish(std::int64_t id, std::string_view state, std::string result,
                       std::string error) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second.finished) return;
  found->second = {state, std::move(result), std::move(error), true};
}

void job_board::check_known(std::int64_t id) const {
  if (id >= 1 && id <= last_) return;
  throw refused(bare_string(500, concat("java.util.NoSuchElementException: key not found: ", id)));
}

http::server_response job_board::tell(std::int64_t id) {
  check_known(id);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) {
    return bare_string(500, concat("java.util.concurrent.ExecutionException: "
                                   "org.apache.livy.rsc.rpc.RpcException: "
                                   "java.util.NoSuchElementException: job ",
                                   id, "\n"));
  }
  const auto& job = found->second;
  auto answer = json_answer(200, job_json(id, job.state, job.result, job.error));
  if (job.finished) jobs_.erase(found);
  return answer;
}

}  // namespace livyd::local
