// Follows a session's log at a calm pace while somebody looks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "livy/client.hpp"
#include "livy/log_join.hpp"

namespace livyd::livy {

struct followed_lines {
  log_section section = log_section::error;
  std::vector<std::string> lines;
  bool gap = false;
  std::string notice;  ///< a sentence of livyd's own ("" = none)
};
using log_listener = std::function<task<void>(followed_lines lines)>;

/// Reads the whole ring once a second while it moves, up to every 5 s while it does not; each line
/// that was ever visible is told once and in order per section, without those that livyd's side
/// channel causes. Transient failures are looked through (told once as a notice each time they
/// begin). In cluster mode, where Livy's log ends with the submission, a notice says once where the
/// driver's own log is. Returns, after a last notice that says why, when the session has ended, is
/// gone, or another one has its id. Throws what cannot pass (failure{forbidden}). Cancelling stops
/// it.
task<void> follow_log(client& livy, clock& time, std::string session, log_listener told);

}  // namespace livyd::livy
