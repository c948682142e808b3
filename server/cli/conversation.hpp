// One command at a server: the service it speaks with, what it asks first, and Ctrl-C.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "cli/command_line.hpp"
#include "cli/printer.hpp"
#include "cli/target.hpp"
#include "cli/terminal.hpp"
#include "service/service.hpp"

namespace livyd {

class conversation {
 public:
  /// Throws failure{invalid_input} for profiles that cannot be read.
  conversation(destination where, bool as_json);

  /// Runs the work to its end and returns its exit code; Ctrl-C first calls `interrupt`, or cancels
  /// the work when there is none yet; the second leaves at once.
  int perform(task<int> work);

  /// `keep`: sessions are remembered for this workspace. Throws failure{invalid_input} for a
  /// profile that has a problem, or that the user does not want to use after all.
  task<void> initialize(std::string client, bool keep);
  /// The same without looking at the profile or asking whether to use it. Throws what the service
  /// throws.
  task<std::vector<protocol::ProfileSummary>> begin(std::string client, bool keep);

  /// The name (or id) of the session that this workspace uses, without waiting for another livyd
  /// that uses it, too. Throws failure{not_found} when there is none.
  std::string remembered_session() const;
  /// What is left of this folder's session when it failed and there is no other one; else empty.
  stored_words last_words() const;

  /// Asks on the terminal; true with --yes. Throws failure{invalid_input}, which begins with `why`,
  /// where nobody can answer.
  bool agrees(std::string_view question, std::string_view why);

  /// What is said when Ctrl-C ends the work.
  void say_when_cancelled(std::string words) { cancelled_words_ = std::move(words); }
  void on_interrupt(std::function<task<void>()> interrupt) { interrupt_ = std::move(interrupt); }
  /// Returns when `interrupt` has ended, at once when it was not called. Cancellable.
  task<void> interruption_told();
  bool interrupted() const { return interrupted_ != 0; }
  const std::string& profile() const { return where_.profile; }
  const std::string& origin() const { return where_.origin; }
  service& all() { return service_; }
  printer& events() { return events_; }
  terminal& screen() { return screen_; }

 private:
  task<int> guard(task<int> work);
  task<int> told(failure problem);
  void check_problem(const std::vector<protocol::ProfileSummary>& profiles) const;
  void ask_to_confirm(const std::vector<protocol::ProfileSummary>& profiles);
  void watch_signals();
  void answer(protocol::SecretNeeded what);
  task<void> prompt_for(protocol::SecretNeeded what);
  task<void> end_prompt();

  terminal screen_;
  target where_;
  bool assume_yes_;
  std::string cancelled_words_ = "Stopped.";
  asio::io_context loop_;
  system_clock time_;
  printer events_;
  service service_;
  asio::signal_set signals_{loop_, SIGINT, SIGTERM};
  asio::cancellation_signal stop_;
  std::function<task<void>()> interrupt_;
  background stopping_;
  std::deque<protocol::SecretNeeded> questions_;
  background asking_;
  int interrupted_ = 0;
};

}  // namespace livyd
