// When a session has outlived its use. Pure: the clock is an argument.
#pragma once

#include <chrono>

#include "local/session.hpp"

namespace livyd::local {

constexpr auto dead_session_kept = std::chrono::seconds(600);  ///< livy.server.session.state-retain

struct expiry_facts {
  session_state state = session_state::idle;
  session_times times;
  bool busy = false;
  bool strict = false;                      ///< as Livy: also in the middle of a cell
  std::chrono::milliseconds idle_limit{0};  ///< 0 = none
  std::chrono::milliseconds ttl{0};         ///< 0 = none
  std::chrono::seconds heartbeat_limit{0};  ///< 0 = none
};

/// The request's own limits, where it names them, else the endpoint's.
expiry_facts expiry_facts_of(const session& one, bool strict, std::chrono::seconds idle_limit);

/// True when the session is to be removed.
bool is_expired(const expiry_facts& facts, monotonic_time now);

}  // namespace livyd::local
