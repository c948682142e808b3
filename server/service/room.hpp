// Everything of one profile: its connection, its active session, and the queue of its runs.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "service/active_session.hpp"
#include "service/batches.hpp"
#include "service/cluster_files.hpp"
#include "service/connection.hpp"
#include "service/execution.hpp"
#include "service/journal.hpp"
#include "service/listener.hpp"
#include "service/log_view.hpp"
#include "service/profile.hpp"
#include "service/project.hpp"
#include "service/run_record.hpp"
#include "service/store.hpp"
#include "service/ticket_watch.hpp"

namespace livyd {

struct room_settings {
  connection_settings server;
  std::filesystem::path outputs;  ///< folder of the runs' files
  std::uint64_t preview_bytes = 1_MiB;
  std::filesystem::path output_file;  ///< where ended runs are appended to; "" = nowhere
  bool stop_on_error = false;
  deployment_settings deployment;
  nlohmann::json written;  ///< the profile's settings, as this room was made from them
};

class room {
 public:
  /// `watched`: whether somebody looks on.
  room(asio::any_io_executor executor, clock& time, listener& events, store& kept, journal& runs,
       profile where, room_settings settings, std::function<bool()> watched);
  ~room();
  room(const room&) = delete;
  room& operator=(const room&) = delete;

  const profile& where() const { return profile_; }
  /// With these settings a new one would be the same.
  bool fits(const nlohmann::json& written) const {
    return settings_.written == written && connection_.has_current_secrets();
  }
  active_session& session() { return session_; }
  connection& server() { return connection_; }
  log_view& log() { return log_; }
  batches& all_batches() { return batches_; }
  project& code() { return project_; }
  cluster_files& files() { return files_; }

  task<protocol::SessionListResult> list_sessions();
  /// Whether livyd created that session for this user.
  bool is_mine(const livy::session_view& view) const;
  bool is_mine(const livy::batch_view& view) const;
  task<protocol::SessionDetails> session_details(std::optional<std::string> id_or_name);
  task<void> kill_session(std::optional<std::string> id_or_name);
  task<protocol::SessionKillAllResult> kill_all_sessions(bool others);
  /// Interrupts what runs first: Livy's own deletion waits 10 s for it.
  task<protocol::SessionInfo> stop_session();
  task<protocol::SessionInfo> restart_session();
  task<protocol::StatementListResult> list_statements(std::optional<std::string> session);
  task<void> cancel_statement(std::optional<std::string> session, std::int64_t statement);

  bool has_run(const std::string& run) const;
  std::vector<protocol::RunInfo> runs() const;
  /// No run is queued or under way.
  bool quiet() const { return queue_.empty(); }

  /// Preferences that may change at any time.
  void adjust(bool stop_on_error, std::filesystem::path output_file,
              std::filesystem::path workspace);
  /// Takes up what an earlier process has left, before anything else: what may have been sent is
  /// looked for on the server, what was not is held.
  void restore(stored_run left);
  /// Throws failure{invalid_input} for code that cannot be sent; nothing has happened then.
  task<protocol::RunInfo> start(protocol::RunStartParams params);
  task<protocol::RunStopResult> stop(std::string run);
  task<protocol::RunInfo> attach(std::string run, std::uint64_t from);
  task<protocol::RunInfo> release(std::string run);
  /// Throws failure{invalid_input} for a run that is under way.
  task<void> discard(std::string run);
  /// Looks again for a run whose outcome is unknown.
  task<protocol::RunInfo> look_again(std::string run);
  std::string code_of(const std::string& run) const;
  /// Forgets every finished run and its files.
  void clear_history();
  /// One paragraph for Show State.
  std::string state_text() const;

  /// What was begun on the server stays there, whoever is cancelled from now on.
  void leave();
  /// Stops watching; what runs on the server goes on. Waits for what unwinds, but not for long.
  task<void> close();
  /// Something of it still runs here: it must not be destroyed yet.
  bool unwinding() const;

 private:
  std::shared_ptr<run_record> find(const std::string& run) const;
  bool is_current(const run_record& run) const;
  void enqueue(std::shared_ptr<run_record> run);
  void start_worker();
  task<void> work();
  task<void> carry_out(run_record& run);
  task<void> drop_queue();
  task<void> interrupt_current();
  task<void> interrupt_marked(livy::client& livy, std::string session, std::int64_t statement);
  task<protocol::RunStopResult> stop_current(std::shared_ptr<run_record> run);
  void forget_oldest();
  std::string session_or_active(const std::optional<std::string>& id_or_name) const;
  void watch_tickets(listener& events);
  /// How the server may call the user of this profile.
  bool is_me(const std::string& name) const;
  /// Of that name and of these people.
  bool is_mine(const std::string& name, const std::string& owner,
               const std::string& proxy_user) const;
  protocol::ListedSession listed(const livy::session_view& view) const;

  asio::any_io_executor executor_;
  clock& time_;
  journal& journal_;
  profile profile_;
  room_settings settings_;
  connection connection_;
  active_session session_;
  project project_;
  cluster_files files_;
  log_view log_;
  batches batches_;
  // Of a profile with Kerberos; shared with the clients in flight, which outlive us when cancelled.
  std::shared_ptr<ticket_watch> tickets_;
  run_surroundings around_;
  execution_tools tools_;
  // Shared with a Stop that still waits while the run ends and is forgotten.
  std::vector<std::shared_ptr<run_record>> records_;  // in order of acceptance
  std::deque<std::shared_ptr<run_record>> queue_;     // the first is the one under way
  std::shared_ptr<execution> current_;                // of the first in the queue
  background worker_;
  bool closing_ = false;
};

}  // namespace livyd
