// One run carried out: sent once, found again, followed with its live output, stopped.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/agent.hpp"
#include "base/clock.hpp"
#include "livy/adoption.hpp"
#include "livy/client.hpp"
#include "livy/marker.hpp"
#include "livy/statement.hpp"
#include "service/active_session.hpp"
#include "service/connection.hpp"
#include "service/display.hpp"
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
  /// Awaited once the session is there, before the code goes out.
  std::function<task<void>(const run_record&, livy::client&, const ready_session&)> prepare;
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
  /// What is known of a POST whose answer was lost.
  struct lost_post {
    livy::adoption_facts facts;
    bool has_agent = false;
  };
  task<bool> find_out();
  task<std::optional<bool>> look_for(lost_post& lost);
  task<std::int64_t> post_fence();
  task<livy::seen_statement> whose(std::int64_t statement);
  task<bool> withdraw_for_good();
  task<void> adopt(std::int64_t statement);
  task<void> take_agents_word();
  task<void> settle_never_ran();
  task<bool> watch_for_late(livy::adoption_decision next, std::int64_t fence);
  task<void> end_as_unknown(std::string why);
  task<void> end_with_session(const failure& reason);

  task<void> follow();
  task<bool> watch_statement();
  task<void> expect_same_server();
  task<bool> stream_output();
  task<bool> take_piece(agent::remote& agent);
  task<std::optional<agent::piece>> next_piece(agent::remote& agent, bool at_the_end);
  task<bool> try_again(failure problem, bool at_the_end);
  std::uint64_t record_offset() const;
  task<void> keep_piece(const agent::piece& piece);
  task<void> gather();
  task<bool> recall_outcome();
  task<void> conclude();
  void close_account(const livy::statement_view& seen, const std::optional<run_account>& told);
  task<void> complete(const run_account& told);
  task<protocol::RunResult> judge(livy::statement_view seen);
  task<bool> session_is_free();

  task<void> open();
  livy::marker mark() const;
  std::string code_to_post() const;

  const execution_tools& tools_;
  run_record& run_;
  std::shared_ptr<livy::client> livy_;  // a request in flight keeps its client
  // While the statement is followed:
  notification ended_here_;       // the statement's result has been read
  livy::look_schedule looks_;     // at the statement: moved by what the agent tells
  clock::time_point last_piece_;  // when something was printed last
  std::optional<livy::statement_view> seen_;
  std::optional<failure> problem_;
  bool result_read_ = false;
  bool output_complete_ = false;  // the record has been read to its end
  bool more_is_there_ = false;    // than the last piece brought
  bool streaming_ = false;        // the agent answers, and will say when the run ends
  int stream_failures_ = 0;
  int empty_reads_ = 0;         // after the statement's end
  bool stop_accepted_ = false;  // the server took the cancel
  bool interrupted_ = false;    // the agent sent the signal
  bool asking_to_stop_ = false;
};

}  // namespace livyd
