// Following one statement to its end.
#pragma once

#include <functional>

#include "base/clock.hpp"
#include "livy/client.hpp"

namespace livyd::livy {

/// What is seen on the way. `trouble` is empty, or why the last look failed (the poll goes on).
struct statement_progress {
  std::string state;
  double progress = 0;
  std::string trouble;
};
using statement_observer = std::function<task<void>(const statement_progress& seen)>;

/// How whoever knows better moves the looks at a statement.
class look_schedule {
 public:
  explicit look_schedule(const asio::any_io_executor& executor) : asked_(executor) {}

  /// Look now: something has happened. Remembered until the next look begins.
  void look_now() {
    now_ = true;
    asked_.notify_all();
  }
  /// The least time between two looks, as long as nothing fails; asked for before each.
  std::function<duration()> pause = [] { return duration::zero(); };

  /// Waits so long or until a look is asked for; true when it was asked for.
  task<bool> wait(clock& time, duration span);

 private:
  notification asked_;
  bool now_ = false;
};

/// Polls by statement_wait until the statement is complete; a torn read is read again for up to 5
/// s. Transient failures (refused, reset, 5xx, HTML, 401) keep polling under failure_wait for as
/// long as the caller likes. Throws failure{session_lost} when the session is gone,
/// failure{not_found} when the server has forgotten the statement. Cancelling stops looking,
/// nothing else. `watched` says whether somebody looks on (without it: yes); nobody means fewer
/// looks. `schedule`, when given, can make them fewer or ask for one.
task<statement_view> follow_statement(client& livy, clock& time, std::string session,
                                      std::int64_t statement, output_sink& sink,
                                      statement_observer observer,
                                      std::function<bool()> watched = {},
                                      look_schedule* schedule = nullptr);

}  // namespace livyd::livy
