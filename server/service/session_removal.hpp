// Sessions that are to go: remembered on disk until the server has answered that they are gone.
#pragma once

#include <string>
#include <vector>

#include "service/known_session.hpp"

namespace livyd {

/// What must be known of a session to delete it later, and no other one; without name and
/// application nobody can tell it from the next session of its number.
stored_removal removal_of(const stored_session& session);
bool is_certain(const stored_removal& gone);

class session_removal {
 public:
  session_removal(asio::any_io_executor executor, clock& time, known_session& known,
                  connection& server);

  /// This session is to be deleted, by this server's profile.
  bool is_pending(const livy::session_view& view) const;
  bool is_pending(const std::string& id, const std::string& name) const;

  /// Stores that it is to go, together with what is the profile's session from now on. One of
  /// another server is not remembered.
  task<void> remember(stored_removal gone, std::optional<stored_session> instead);
  /// Asks the server now. True: it is gone. False: the server was not reached, and livyd keeps
  /// asking; the user was told so when the removal was the user's. Throws what cannot pass; it is
  /// forgotten then.
  task<bool> carry_out(stored_removal gone);
  /// Takes up what is left, also by an earlier process, and asks until it is done or end().
  void begin();
  void end();
  bool running() const { return asking_.running(); }

 private:
  std::vector<stored_removal> left() const;
  task<void> ask_on();
  task<void> ask_once();
  task<void> finish(stored_removal gone);
  task<void> delete_there(const stored_removal& gone);
  task<void> keep_last_words(livy::client& livy, const livy::session_view& found);
  task<void> tell_of_ghost(std::string application);
  task<void> forget(stored_removal gone);

  asio::any_io_executor executor_;
  clock& time_;
  known_session& known_;
  connection& connection_;
  background asking_;
  bool ended_ = false;
};

}  // namespace livyd
