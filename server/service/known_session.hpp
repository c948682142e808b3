// What livyd knows of a profile's session: told to the user on each change, kept in the store.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "livy/session.hpp"
#include "service/connection.hpp"
#include "service/listener.hpp"
#include "service/profile.hpp"
#include "service/store.hpp"

namespace livyd {

/// How long a session whose POST was not answered may still be on its way.
constexpr duration late_session = 5s;

/// Livy's "" is the protocol's absent field.
std::optional<std::string> unless_empty(const std::string& text);

bool is_alive(livy::session_phase phase);

class known_session {
 public:
  known_session(clock& time, listener& events, store& kept, const profile& where,
                connection& server);

  const profile& where() const { return profile_; }
  const protocol::SessionInfo& info() const { return info_; }
  std::optional<stored_session> stored() const { return store_.session(profile_.name); }
  /// The user removed it: nothing starts by itself.
  bool removed() const;
  /// There is one, or there was when this was stored.
  bool exists() const;
  stored_profile kept() const { return store_.kept(profile_.name); }
  stored_words last_words() const { return kept().last_words; }
  /// Each returns when it is on disk. Throws failure{io}.
  task<void> update(const std::function<void(stored_profile&)>& change);
  task<void> keep_last_words(stored_words words);
  task<void> put(std::optional<stored_session> session);
  /// What of the server's answer must survive this process.
  task<void> keep(const livy::session_view& view);
  /// The same of another session than the one before.
  task<void> take_over(const livy::session_view& view);

  /// Another session than the one before; "" = its name is not known.
  void begin(const std::string& name);
  void describe(const livy::session_view& view);
  void set_server_version(std::string version) { info_.server_version = std::move(version); }
  /// There is no session of that id any more; what else was told of it stays.
  void lose_id() { info_.id.reset(); }
  void forget();

  /// Each tells the user, when something changed.
  task<void> change(protocol::SessionState state, std::string detail);
  /// Idle, or busy while a run is on it.
  task<void> change_to_usable();
  task<void> set_agent(protocol::AgentState state, std::string detail);
  task<void> tell(protocol::Severity severity, std::string text,
                  std::vector<protocol::NoticeAction> actions);
  /// The removal is taken back; told with the next change.
  void clear_state() { info_.state = protocol::SessionState::none; }

  /// A run is on it.
  bool working() const { return working_; }
  void set_working(bool working);

  /// The highest statement id known; -1 = none.
  std::int64_t last_statement() const { return last_statement_; }
  void forget_statements() { last_statement_ = -1; }
  /// The server gave this id to a statement of ours: that is use, too.
  void saw_statement(const std::string& session, std::int64_t id);

  /// The server has just counted use.
  void used_now();
  void count_idle();
  void forget_use() { used_at_ = 0; }
  std::int64_t unused_milliseconds() const { return time_.wall_milliseconds() - used_at_; }
  /// After how long without use the server ends it, in milliseconds; 0 = not known.
  std::int64_t idle_limit() const { return idle_limit_; }
  task<void> announce() { return events_.session_changed(info_); }

 private:
  task<void> keep_as(stored_session kept, const livy::session_view& view);
  void update_idle_end();

  clock& time_;
  listener& events_;
  store& store_;
  const profile& profile_;
  connection& connection_;
  protocol::SessionInfo info_;
  bool working_ = false;
  std::int64_t last_statement_ = -1;
  std::int64_t used_at_ = 0;  // wall clock
  std::int64_t idle_limit_ = 0;
};

}  // namespace livyd
