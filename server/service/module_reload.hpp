// Modules that changed here go into the running session and are loaded again there.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "service/deployment.hpp"

namespace livyd {

/// The session that takes them.
struct reload_target {
  std::string id;
  std::string name;  ///< or the id, where it has no name
};

class module_reload {
 public:
  module_reload(clock& time, deployment& deployed, const profile& where)
      : time_(time), deployment_(deployed), profile_(where) {}

  /// A statement of the session, behind what it executes. Throws failure{invalid_input} for a
  /// module that is in no bundle (unless `push` and a document says where it is) and for a document
  /// that is no module; failure{rejected} with what the session told; what livy::client throws.
  task<protocol::ModuleReloadResult> perform(livy::client& livy, reload_target to,
                                             protocol::ModuleReloadParams params);

 private:
  task<std::vector<deploy::bundle>> bundles_for(const protocol::ModuleReloadParams& params);
  task<file_hashes> contents(livy::client& livy, const reload_target& to,
                             const std::vector<deploy::bundle>& all);
  std::vector<std::string> wanted_modules(const protocol::ModuleReloadParams& params,
                                          const std::vector<deploy::bundle>& all) const;

  clock& time_;
  deployment& deployment_;
  const profile& profile_;
};

}  // namespace livyd
