// Everything of one profile: its connection, its active session, and the queue of its runs.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "service/active_session.hpp"
#include "service/connection.hpp"
#include "service/listener.hpp"
#include "service/profile.hpp"
#include "service/spool.hpp"
#include "service/store.hpp"

namespace livyd {

struct room_settings {
  connection_settings server;
  std::filesystem::path outputs;  ///< folder of the runs' files
  std::uint64_t preview_bytes = 1_MiB;
};

class room {
 public:
  room(asio::any_io_executor executor, clock& time, listener& events, store& kept, profile where,
       room_settings settings);
  ~room();
  room(const room&) = delete;
  room& operator=(const room&) = delete;

  const profile& where() const { return profile_; }
  active_session& session() { return session_; }
  task<std::vector<protocol::ListedSession>> list_sessions();
  task<void> kill_session(std::string id_or_name);

  bool has_run(const std::string& run) const;
  std::vector<protocol::RunInfo> runs() const;
  /// No run is queued or under way.
  bool quiet() const { return queue_.empty(); }

  /// Throws failure{invalid_input} for code that cannot be sent; nothing has happened then.
  task<protocol::RunInfo> start(protocol::RunStartParams params);
  task<protocol::RunStopResult> stop(std::string run);
  task<protocol::RunInfo> attach(std::string run, std::uint64_t from);

  /// What was begun on the server stays there, whoever is cancelled from now on.
  void leave();
  /// Stops watching; what runs on the server goes on.
  task<void> close();

 private:
  struct record;

  record& find(const std::string& run);
  task<void> work();
  task<void> execute(record& run);
  task<void> perform(record& run);
  task<std::string> submit(record& run, std::shared_ptr<livy::client>& livy);
  task<void> follow(record& run, livy::client& livy, const std::string& session);
  task<void> conclude(record& run, livy::client& livy, const std::string& session,
                      livy::statement_view seen);
  task<void> finish(record& run, protocol::RunResult result);
  task<void> finish(record& run, protocol::RunOutcome outcome, std::string message);
  task<void> send_output(record& run, std::uint64_t from, std::uint64_t to);
  task<void> change(record& run, protocol::RunState state, std::string detail);
  task<void> ask_to_cancel(record& run);
  void append_tables(record& run, const livy::statement_view& seen);

  asio::any_io_executor executor_;
  clock& time_;
  listener& events_;
  profile profile_;
  room_settings settings_;
  connection connection_;
  active_session session_;
  std::vector<std::unique_ptr<record>> records_;  // in order of acceptance, the last 200
  std::deque<record*> queue_;                     // the first is the one under way
  background worker_;
  notification changed_;  // some run changed
  bool closing_ = false;
};

}  // namespace livyd
