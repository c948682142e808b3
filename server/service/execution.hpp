// One run carried out: sent once, found again, followed with its live output, stopped.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/agent.hpp"
#include "base/clock.hpp"
#include "livy/client.hpp"
#include "livy/marker.hpp"
#include "service/active_session.hpp"
#include "service/connection.hpp"
#include "service/run_record.hpp"

namespace livyd {

/// What a run is carried out with.
struct execution_tools {
  asio::any_io_executor executor;
  clock& time;
  active_session& session;
  connection& server;
  /// Whether somebody looks on.
  std::function<bool()> watched;
};

class execution {
 public:
  execution(const execution_tools& tools, run_record& run);
  execution(const execution&) = delete;
  execution& operator=(const execution&) = delete;

  /// Returns when the run is finished. Throws failure for what kept it from running at all; a
  /// cancellation stops looking, nothing else.
  task<void> perform();
  /// Livy's cancel and the agent's interrupt, as far as they can be asked for now. May be called
  /// again and again. Does not throw, except when cancelled.
  task<void> ask_to_stop();
  /// The user asks anew: what was asked before is asked again.
  void forget_stops();

 private:
  task<bool> submit();
  task<bool> submit_once(ready_session to);
  task<void> rejoin();
  task<void> expect_own_statement();
  task<bool> find_out();
  task<std::int64_t> post_fence();
  task<bool> withdraw_for_good();
  task<bool> watch_for_late(std::int64_t fence);
  task<void> end_as_unknown(std::string why);
  task<void> end_with_session(const failure& reason);

  task<void> follow();
  task<bool> watch_statement();
  task<void> expect_same_server();
  task<bool> stream_output();
  task<bool> take_piece(agent::remote& agent);
  task<bool> recall_outcome();
  task<void> conclude();
  void close_account(const livy::statement_view& seen);
  task<protocol::RunResult> judge(livy::statement_view seen);
  task<bool> session_is_free();

  task<void> open();
  livy::marker mark() const;
  std::string code_to_post() const;

  const execution_tools& tools_;
  run_record& run_;
  std::shared_ptr<livy::client> livy_;  // a request in flight keeps its client
  // While the statement is followed:
  notification ended_here_;   // the statement's result has been read
  notification ended_there_;  // the agent says that the run has ended
  std::optional<livy::statement_view> seen_;
  std::optional<failure> problem_;
  bool result_read_ = false;
  bool output_complete_ = false;  // the record has been read to its end
  int stream_failures_ = 0;
  int empty_reads_ = 0;         // after the statement's end
  bool stop_accepted_ = false;  // the server took the cancel
  bool interrupted_ = false;    // the agent sent the signal
};

}  // namespace livyd
