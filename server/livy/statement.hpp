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

/// Polls by statement_wait until the statement is complete; a torn read is read again for up to 5
/// s. Transient failures (refused, reset, 5xx, HTML, 401) keep polling under failure_wait for as
/// long as the caller likes. Throws failure{session_lost} when the session is gone,
/// failure{not_found} when the server has forgotten the statement. Cancelling stops looking,
/// nothing else. `watched` says whether somebody looks on (without it: yes); nobody means fewer
/// looks. `wake`, when given, is notified by whoever knows that the statement has ended: it is
/// looked at then, whatever the schedule says.
task<statement_view> follow_statement(client& livy, clock& time, std::string session,
                                      std::int64_t statement, output_sink& sink,
                                      statement_observer observer,
                                      std::function<bool()> watched = {},
                                      notification* wake = nullptr);

}  // namespace livyd::livy
