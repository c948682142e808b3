// The agent of the active session: where it belongs, how it is installed, why it is not there.
#pragma once

#include <string>
#include <string_view>

#include "agent/agent.hpp"
#include "service/known_session.hpp"

namespace livyd {

/// Whether an agent can be in a session of this kind.
bool is_python(std::string_view kind);

class session_agent {
 public:
  session_agent(clock& time, known_session& known) : time_(time), known_(known) {}

  /// Installs it where it belongs, or finds it there. Whatever goes wrong, the session is used in
  /// Livy's plain way and the reason is told. Throws failure{session_lost, cancelled} only.
  task<void> equip(livy::client& livy);
  /// What kept it out may have passed.
  bool worth_a_retry() const { return retry_; }

 private:
  task<void> install(livy::client& livy, bool busy);
  task<void> install_by_statement(livy::client& livy);
  task<void> keep_nonce(std::string nonce);

  clock& time_;
  known_session& known_;
  bool retry_ = false;
};

}  // namespace livyd
