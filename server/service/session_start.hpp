// How a new session comes to be: asked for exactly once, and waited for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "service/known_session.hpp"

namespace livyd {

class session_start {
 public:
  session_start(clock& time, known_session& known, connection& server)
      : time_(time), known_(known), connection_(server) {}

  /// Awaited before each POST: may add to what is asked for. What it throws ends the start.
  std::function<task<void>(livy::session_request&, std::function<task<void>(std::string)> tell)>
      prepare;

  /// Nothing was created since; what begun() tells.
  void forget() { begun_.clear(); }
  /// Id or name of what create() has made on the server, or may have; "" = nothing.
  const std::string& begun() const { return begun_; }

  /// Creates it under a name that is stored first. `loss`: why the one before was lost, told once
  /// the new one is there; it is emptied then.
  task<livy::session_view> create(livy::client& livy, std::string& loss);
  /// Returns when it can be used; tells what it waits for.
  task<void> wait_until_ready(livy::client& livy, livy::session_view found);

 private:
  task<livy::session_view> post_until_there(livy::client& livy, livy::session_request wanted,
                                            std::vector<std::string>& left_out);
  task<std::optional<livy::session_view>> look_for(livy::client& livy, std::string name,
                                                   failure reason);
  task<void> tell_left_out(std::vector<std::string> left_out);

  clock& time_;
  known_session& known_;
  connection& connection_;
  std::string begun_;
};

}  // namespace livyd
