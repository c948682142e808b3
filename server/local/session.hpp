// One session: a Python worker, a queue of statements that run one after the other, a log.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/async.hpp"
#include "local/job_board.hpp"
#include "local/log_ring.hpp"
#include "local/requests.hpp"
#include "local/rpc_cliff.hpp"
#include "local/statements.hpp"
#include "local/worker.hpp"

namespace livyd::local {

enum class session_state { starting, idle, busy, shutting_down, error, dead };
std::string_view name_of(session_state state);

/// What every session of an endpoint shares.
struct session_settings {
  bool strict = false;
  std::string python;  ///< "" = the session's conf, the environment, python3
  std::filesystem::path
      folder;  ///< the endpoint's private folder; each session makes its own in it
};

using monotonic_time = std::chrono::steady_clock::time_point;

/// When a session was last used, for those who end it.
struct session_times {
  monotonic_time created;
  monotonic_time active;     ///< last POST that counts, or the end of the last cell
  monotonic_time heartbeat;  ///< last request of any kind
  monotonic_time ended;      ///< when it became dead
};

/// Shared: the registry forgets a session while its worker still ends and requests still look at
/// it.
class session : public std::enable_shared_from_this<session> {
 public:
  session(const asio::any_io_executor& executor, const session_settings& settings, std::int64_t id,
          session_request request);

  std::int64_t id() const { return id_; }
  const session_request& request() const { return request_; }
  session_state state() const { return state_; }
  const session_times& times() const { return times_; }
  bool busy() const { return running_ != nullptr || !queue_.empty(); }
  std::vector<std::string> log_lines() const { return log_.lines(); }
  rpc_cliff& rpc() { return rpc_; }
  job_board& jobs() { return jobs_; }

  /// Starts the worker in the background.
  void start();
  /// Counts against the idle limit.
  void touch();
  /// Counts for heartbeatTimeoutInSecond only.
  void beat() { times_.heartbeat = std::chrono::steady_clock::now(); }
  /// Ends the worker and returns when it is gone; concurrent calls wait for the same end. Strict
  /// mode gives a running cell 10 s, as Livy does.
  task<void> stop();
  /// Returns when the session has left `starting`, as Livy's GET of statements does.
  task<void> wait_until_started();

  /// Throws refused when the session is not usable (500 "Session is in state …").
  void require_running() const;
  /// Throws refused when the session is over (400 "Session isn't active.").
  void require_active() const;

  /// `kind` empty: the session's. Throws refused for kinds Livy does not know.
  std::shared_ptr<statement> submit(statement_request request);
  /// By id; also asks Spark how far a running one is.
  std::shared_ptr<statement> find(std::int64_t statement);
  std::vector<std::shared_ptr<statement>> list() const { return statements_.all(); }
  void cancel(std::int64_t statement);

  /// Runs a job on the side channel; returns its id.
  std::int64_t submit_job(job_request request);
  /// Puts a file beside the driver; a file of that name that is there stays, as in Livy.
  task<void> receive_file(std::string name, std::string content, bool python);
  /// Makes a file that is there known to Python and Spark.
  task<void> add_file(std::string path, bool python);

 private:
  task<void> live();
  task<void> start_worker();
  void write_folder() const;
  std::vector<std::string> environment() const;
  task<void> run_queue();
  task<void> execute(std::shared_ptr<statement> one);
  task<void> run_python(std::shared_ptr<statement> one);
  task<void> run_sql(std::shared_ptr<statement> one);
  void finish(statement& one);
  task<void> press_cancel(std::shared_ptr<statement> one);
  task<void> watch_worker();
  task<void> refresh_progress(std::shared_ptr<statement> one);
  task<void> run_job(std::int64_t id, std::string job);
  task<void> end_worker();
  void become(session_state next);
  void run_beside(std::function<task<void>(session&)> work);
  void log_error(std::string_view text);

  asio::any_io_executor executor_;
  session_settings settings_;
  std::int64_t id_;
  session_request request_;
  std::filesystem::path folder_;
  session_state state_ = session_state::starting;
  session_times times_;
  notification changed_;
  log_ring log_;
  rpc_cliff rpc_;
  job_board jobs_;
  statements statements_;
  std::deque<std::shared_ptr<statement>> queue_;
  std::shared_ptr<statement> running_;
  std::shared_ptr<worker> worker_;
  bool started_ = false;
  bool stopping_ = false;
  bool asking_progress_ = false;
};

/// settings, the session's conf, LIVYD_PYTHON, PYSPARK_PYTHON, python3: the first that is set.
std::string chosen_python(const session_settings& settings, const session_request& request);

}  // namespace livyd::local
