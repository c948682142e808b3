// One member function per message of protocol.ts; owns profiles, sessions and runs. The editor (by
// cli/serve.cpp) and the command line (by cli/conversation.cpp) call the same functions.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "hdfs/webhdfs.hpp"
#include "protocol/protocol.hpp"
#include "service/batches.hpp"
#include "service/journal.hpp"
#include "service/listener.hpp"
#include "service/profile.hpp"
#include "service/secrets.hpp"
#include "service/store.hpp"

namespace livyd {

class room;

struct service_settings {
  std::filesystem::path executable;  ///< this program, to start the embedded endpoint
  std::filesystem::path state_home;  ///< where the embedded endpoint keeps its state
  std::string version;
  /// How long initialize waits for another process that holds the store; zero or less = for ever.
  duration store_patience = 2s;
};

class service {
 public:
  service(asio::any_io_executor executor, clock& time, listener& events, service_settings settings);
  ~service();
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  /// First. An empty stateFolder keeps everything in memory and outputs in a temporary folder that
  /// is removed with the service. Throws failure{unsupported} when the hashes differ and
  /// failure{io} when another process holds the store.
  task<protocol::InitializeResult> initialize(protocol::InitializeParams params);
  task<protocol::ConfigureResult> configure(protocol::Configuration params);

  /// A secret that was asked for, or that is known beforehand: then call it before initialize,
  /// which may already look for the profile's unfinished runs. Kept in memory only.
  task<protocol::Empty> secret_give(protocol::SecretGiveParams params);
  task<protocol::Empty> secret_forget(protocol::ProfileParams params);
  /// Throws failure{invalid_input} for a file that is neither of the two known kinds.
  task<protocol::ProfileImportResult> profile_import(protocol::ProfileImportParams params);

  /// All of these throw failure{invalid_input} for a profile that does not exist or is wrong.
  task<protocol::SessionInfo> session_start(protocol::ProfileParams params);
  task<protocol::SessionInfo> session_stop(protocol::ProfileParams params);
  task<protocol::SessionInfo> session_get(protocol::ProfileParams params);
  task<protocol::SessionInfo> session_attach(protocol::SessionAttachParams params);
  task<protocol::SessionInfo> session_restart(protocol::ProfileParams params);
  task<protocol::Empty> session_kill(protocol::SessionParams params);
  task<protocol::SessionKillAllResult> session_kill_all(protocol::SessionKillAllParams params);
  task<protocol::SessionDetails> session_details(protocol::SessionParams params);
  task<protocol::SessionInfo> session_keep(protocol::ProfileParams params);
  task<protocol::SessionInfo> session_use_agent(protocol::SessionUseAgentParams params);
  task<protocol::SessionListResult> session_list(protocol::ProfileParams params);

  /// The profile's HDFS. Throws what connection::hdfs() throws.
  task<std::shared_ptr<hdfs::client>> hdfs(std::string profile);

  task<protocol::HdfsStatusResult> hdfs_status(protocol::HdfsParams params);
  task<protocol::HdfsListResult> hdfs_list(protocol::HdfsParams params);
  task<protocol::HdfsStatusResult> hdfs_make_folder(protocol::HdfsParams params);
  task<protocol::Empty> hdfs_move(protocol::HdfsMoveParams params);
  task<protocol::Empty> hdfs_remove(protocol::HdfsRemoveParams params);
  task<protocol::HdfsStatusResult> hdfs_upload(protocol::HdfsTransferParams params);
  task<protocol::HdfsStatusResult> hdfs_download(protocol::HdfsTransferParams params);

  task<protocol::DeployResult> deploy_plan(protocol::DeployParams params);
  task<protocol::DeployResult> deploy_run(protocol::DeployParams params);
  task<protocol::DeployListResult> deploy_list(protocol::DeployParams params);
  task<protocol::Empty> deploy_remove(protocol::DeployRemoveParams params);
  task<protocol::ModuleReloadResult> module_reload(protocol::ModuleReloadParams params);
  task<protocol::StandaloneResult> standalone_build(protocol::StandaloneParams params);

  task<protocol::StatementListResult> statement_list(protocol::SessionParams params);
  task<protocol::Empty> statement_cancel(protocol::StatementParams params);

  task<protocol::LogPage> log_read(protocol::LogReadParams params);
  task<protocol::Empty> log_follow(protocol::SessionParams params);
  task<protocol::Empty> log_unfollow(protocol::ProfileParams params);

  /// What batches throws.
  task<protocol::BatchInfo> batch_submit(protocol::BatchSubmitParams params);
  task<protocol::BatchListResult> batch_list(protocol::ProfileParams params);
  task<protocol::BatchInfo> batch_get(protocol::BatchParams params);
  task<protocol::Empty> batch_kill(protocol::BatchParams params);
  task<protocol::BatchLogPage> batch_log(protocol::BatchLogParams params);
  task<protocol::Empty> batch_follow(protocol::BatchParams params);
  task<protocol::Empty> batch_unfollow(protocol::BatchParams params);

  task<protocol::RunInfo> run_start(protocol::RunStartParams params);
  task<protocol::RunStopResult> run_stop(protocol::RunParams params);
  task<protocol::RunInfo> run_attach(protocol::RunAttachParams params);
  task<protocol::RunListResult> run_list(protocol::Empty params);
  /// The next four throw failure{not_found} for a run that livyd does not know.
  task<protocol::RunInfo> run_release(protocol::RunParams params);
  task<protocol::Empty> run_discard(protocol::RunParams params);
  task<protocol::RunInfo> run_look(protocol::RunParams params);
  task<protocol::RunCodeResult> run_code(protocol::RunParams params);

  task<protocol::HistorySearchResult> history_search(protocol::HistorySearchParams params);
  task<protocol::Empty> history_clear(protocol::Empty params);

  /// Tries each link of the way to the profile's server. Whatever is broken, also the profile
  /// itself, is a check of the result and no failure.
  task<protocol::DoctorResult> doctor_run(protocol::DoctorParams params);
  task<protocol::StateResult> state_show(protocol::Empty params);
  task<protocol::Empty> watch(protocol::WatchParams params);

  /// The caller goes away: from now on a cancelled request is no wish of the user's, and what was
  /// begun on a server stays there for the next process to find.
  void leave();
  /// Cancels what runs here (not what runs on the servers) and lets go of the store.
  task<void> close();

 private:
  std::shared_ptr<room> room_of(const std::string& profile);
  /// The same for a request: with the profile as it is now, unless something still runs.
  task<std::shared_ptr<room>> entered_room(std::string profile);
  /// The same at the user's wish: secrets may be asked for.
  task<std::shared_ptr<room>> wanted_room(std::string profile);
  void let_go_of_moved_secrets(const profile_set& before);
  void credentials_changed(const std::string& profile);
  batch_files files_for_batch(std::shared_ptr<room> where,
                              const protocol::BatchSubmitParams& params);
  std::shared_ptr<room> room_with_run(const std::string& run);
  std::shared_ptr<room> room_that_has(const std::string& run);
  bool is_stale(const std::string& profile, const room& one) const;
  task<void> renew_rooms();
  void drop_retired();
  void take_up_runs();
  void take_up_removals();

  asio::any_io_executor executor_;
  clock& time_;
  listener& events_;
  service_settings settings_;
  protocol::Configuration configuration_;
  profile_set profiles_;
  secrets secrets_;
  std::unique_ptr<store> store_;
  std::unique_ptr<journal> journal_;
  std::vector<stored_run> left_behind_;  // by an earlier process, for profiles not usable yet
  bool looking_ = true;
  std::filesystem::path outputs_;
  bool temporary_outputs_ = false;
  bool initialized_ = false;
  // A room is replaced once its profile has changed and nothing runs in it; shared with the
  // requests that are still in it then.
  std::map<std::string, std::shared_ptr<room>> rooms_;
  std::vector<std::shared_ptr<room>> retired_;  // replaced ones in which something still unwinds
};

}  // namespace livyd
