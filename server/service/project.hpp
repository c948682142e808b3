// The user's project on the cluster: deployed with each session, loaded again in a running one,
// packed into one file.
#pragma once

#include <filesystem>
#include <string>

#include "service/active_session.hpp"
#include "service/deployment.hpp"
#include "service/execution.hpp"
#include "service/module_reload.hpp"

namespace livyd {

class project {
 public:
  /// From here on the session's starts take the project with them.
  project(asio::any_io_executor executor, clock& time, listener& events, store& kept,
          const profile& where, connection& server, active_session& session,
          deployment_settings settings);
  project(const project&) = delete;
  project& operator=(const project&) = delete;

  deployment& deployed() { return deployment_; }
  task<protocol::DeployResult> deploy(protocol::DeployParams params);
  /// Throws failure{not_found} when there is no session.
  task<protocol::ModuleReloadResult> reload(protocol::ModuleReloadParams params);
  /// Throws failure{invalid_input} when there is neither a script nor a package, failure{io}.
  task<protocol::StandaloneResult> standalone(protocol::StandaloneParams params);
  /// Before a run's code goes out: what changed goes into the session, where the profile wants
  /// that. Trouble is told and keeps no run from running.
  task<void> before_run(const run_record& run, livy::client& livy, const ready_session& session);

 private:
  task<void> warn(std::string words);

  listener& events_;
  const profile& profile_;
  connection& connection_;
  active_session& session_;
  deployment deployment_;
  module_reload reload_;
};

}  // namespace livyd
