// The one active session of a profile: found again, brought up, attached to, lost and removed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "service/known_session.hpp"
#include "service/session_agent.hpp"
#include "service/session_removal.hpp"
#include "service/session_start.hpp"
#include "service/session_watch.hpp"

namespace livyd {

/// The sentence for an id or name that the server does not know.
failure no_such_session(std::string_view id_or_name);

/// What a run is sent to and stores of it, as it was at one moment: an attach may change the active
/// session at any time.
struct ready_session {
  std::string id;
  std::string name;
  std::string application_id;
  std::int64_t last_statement = -1;  ///< the highest id known; -1 = none
  bool agent = false;                ///< the agent in it answers
};

class active_session {
 public:
  active_session(asio::any_io_executor executor, clock& time, listener& events, store& kept,
                 const profile& where, connection& server);

  const protocol::SessionInfo& info() const { return known_.info(); }

  /// Whoever puts code onto the cluster: before a session is asked for, and once it can be used.
  using starting_told = std::function<task<void>(std::string)>;
  void on_start(std::function<task<void>(livy::session_request&, starting_told)> before,
                std::function<task<void>(livy::client&, starting_told)> after) {
    begin_.prepare = std::move(before);
    equip_ = std::move(after);
  }

  /// Looks whether the stored session is still there; creates nothing. Trouble on the way is told
  /// as the state "unreachable" with its reason, not thrown.
  task<protocol::SessionInfo> look();
  /// What the user asks for: also after a removal. Returns when the session is ready. Cancelling
  /// deletes what was begun. Throws failure with the reason.
  task<protocol::SessionInfo> start();
  /// What a run needs: a session that is ready; starts one when there is none or the
  /// old one is gone. Throws failure{session_removed} after a removal. Cancelling stops waiting,
  /// not the start.
  task<ready_session> ensure();
  /// Makes an existing session the active one; nothing: the first that can be used, the user's own
  /// first. Throws failure{not_found}.
  task<protocol::SessionInfo> attach(std::optional<std::string> id_or_name);
  /// Returns when the session of a run that was sent earlier answers again, however long that
  /// takes. Throws failure{session_lost} when it is gone or its number belongs to another one.
  task<void> rejoin(std::string id, std::string name, std::string application_id);
  /// Deletes it and starts a new one.
  task<protocol::SessionInfo> restart();
  /// The one cheap request that the server counts as use.
  task<protocol::SessionInfo> keep_alive();
  /// The user's answer for a session that somebody else created.
  task<protocol::SessionInfo> use_agent(bool use);
  /// Deletes it; nothing is started until start(). When the server is not reached the removal is
  /// remembered, the user is told, and it happens as soon as the server answers.
  task<protocol::SessionInfo> stop();

  /// A run found that the session of this id is gone: the next ensure() starts a new one, and says
  /// so. Nothing happens when another one is the active one by now.
  task<void> lose(std::string id, std::string reason);
  /// A run begins or ends on it.
  task<void> set_working(bool working);
  /// A poll failed (`reason`) or succeeded again (""). The session is kept.
  task<void> set_reachable(std::string reason);

  /// The highest statement id known; -1 = none.
  std::int64_t last_statement() const { return known_.last_statement(); }
  /// The server gave this id to a statement of ours: that is use, too.
  void saw_statement(const std::string& session, std::int64_t id) {
    known_.saw_statement(session, id);
  }
  /// What is left of the session that ended last, when it failed; empty otherwise.
  stored_words last_words() const { return known_.last_words(); }
  /// There is nothing but last words.
  bool has_only_last_words() const { return !known_.exists() && !is_empty(last_words()); }
  /// Deletes what an earlier process was told to remove and could not.
  void take_up_removals() { removal_.begin(); }

  /// This process ends: what was begun stays on the server for the next one to find.
  void abandon();
  /// A start is still unwinding: this object must not go yet.
  bool unwinding() const {
    return bringing_up_.running() || watch_.running() || removal_.running();
  }

 private:
  struct ended {
    std::optional<failure> problem;  // nothing: the session is ready
  };

  bool is_usable() const;
  task<void> bring_up_and_wait();
  task<void> bring_up();
  task<std::optional<livy::session_view>> find_stored(livy::client& livy);
  void keep_watch();
  task<void> take_back(stored_session begun, failure problem);
  task<void> discard(livy::client& livy, std::string id);

  asio::any_io_executor executor_;
  clock& time_;
  connection& connection_;
  known_session known_;
  session_start begin_;
  session_agent agent_;
  session_watch watch_;
  session_removal removal_;
  background bringing_up_;
  notification changed_;
  std::optional<ended> ended_;  // of the last bring-up
  std::string loss_;            // why the last session was lost, until a new one is announced
  bool give_up_ = false;        // the user cancelled the start
  bool removing_ = false;       // the user removes it while it starts
  bool abandoned_ = false;
  std::function<task<void>(livy::client&, starting_told)> equip_;
};

}  // namespace livyd
