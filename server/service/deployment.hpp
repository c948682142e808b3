// What a profile deploys: found here, sent to the cluster, given to its sessions, remembered.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "deploy/bundle.hpp"
#include "service/connection.hpp"
#include "service/known_session.hpp"
#include "service/listener.hpp"
#include "service/profile.hpp"
#include "service/store.hpp"
#include "service/transfer.hpp"

namespace livyd {

struct deployment_settings {
  /// Where relative folders of rules begin and the search for `scripts/` and `modules/` ends; ""
  /// where there is no workspace.
  std::filesystem::path workspace;
  std::filesystem::path scratch;  ///< zips are made here, and removed again
};

/// SHA-256 by path within the bundles ("etl/load.py").
using file_hashes = std::map<std::string, std::string>;

class deployment {
 public:
  deployment(asio::any_io_executor executor, clock& time, listener& events, store& kept,
             const profile& where, connection& server, deployment_settings settings);

  void use_workspace(std::filesystem::path folder) { settings_.workspace = std::move(folder); }
  /// The document that the user looks at, or runs: where the search for a project begins.
  void look_from(const std::optional<std::string>& file);

  /// The bundles as they are here now. Throws what deploy::collect throws, too_large without HDFS;
  /// without rules and without anything to find it is empty. Cancellable.
  task<std::vector<deploy::bundle>> bundles();
  /// The same, whatever their files' size: what can travel is another question.
  task<std::vector<deploy::bundle>> bundles_of_any_size();
  /// Throws failure{invalid_input} when there is nothing to deploy.
  task<protocol::DeployResult> plan(protocol::DeployParams params);
  /// `session`: the id of the active session, for what only a session can take; "" = there is none.
  task<protocol::DeployResult> run(protocol::DeployParams params, std::string session);
  task<protocol::DeployListResult> list(protocol::DeployParams params);
  /// Throws failure{not_found} for what livyd has not put there.
  task<void> remove(protocol::DeployRemoveParams params);
  /// A file of this machine, under a name that carries its hash; returns its path on HDFS. Throws
  /// failure{unsupported} where the profile has no HDFS.
  task<std::string> send_file(std::filesystem::path file, std::string name, transfer told);

  /// Before a session is asked for: sends what has changed and names it in the payload. `tell` gets
  /// what is being done. Nothing without "deploy" in the profile, or when "auto" is false.
  task<void> before_session(livy::session_request& wanted,
                            std::function<task<void>(std::string)> tell);
  /// Once it can be used: what could not travel with the payload, also when an earlier process was
  /// to do that and did not come to it.
  task<void> after_session(livy::client& livy, std::string session, std::string name,
                           std::function<task<void>(std::string)> tell);

  /// What the session of this name has of the bundles, by livyd's own doing; null: not known.
  file_hashes* contents_of(const std::string& session_name);
  void keep_contents(const std::string& session_name, file_hashes files);
  void forget_contents(const std::string& session_name);
  /// A statement of livyd's own got this id in that session.
  std::function<void(const std::string& session, std::int64_t id)> saw_statement = [](const auto&,
                                                                                      auto) {};

 private:
  struct choice {
    protocol::Carrier carrier = protocol::Carrier::webhdfs;
    std::string reason;
  };
  /// A session that bundles go into.
  struct receiver {
    std::string id;
    std::string name;
  };
  choice carrier() const;
  protocol::Carrier session_carrier() const;
  task<std::vector<deploy::bundle>> found_bundles(std::uint64_t largest);
  task<std::vector<deploy::bundle>> some_bundles();
  task<std::vector<deploy::bundle>> still_to_be_given(const std::string& session_name);
  std::vector<deploy::bundle_rule> rules() const;
  task<std::string> root();
  task<std::string> target_of(const deploy::bundle& one, protocol::Carrier by);
  task<bool> is_there(const deploy::bundle& one, const std::string& target);
  bool was_sent(const std::vector<stored_bundle>& all, const deploy::bundle& one,
                protocol::Carrier by) const;
  bool was_given(const std::vector<stored_bundle>& all, const deploy::bundle& one,
                 const std::string& session_name) const;
  /// The name of the active session; "" = it has none, or there is none.
  std::string active_session() const;
  /// With what is on HDFS, or was given to the session of that name.
  task<protocol::DeployResult> compared(const std::vector<deploy::bundle>& all, choice by,
                                        std::string session_name);
  task<void> send(const std::vector<deploy::bundle>& all, protocol::DeployResult& result,
                  transfer told, receiver into);
  task<std::int64_t> to_hdfs(const deploy::bundle& one, std::string target, transfer told);
  task<std::int64_t> to_session(livy::client& livy, std::string session, protocol::Carrier by,
                                const deploy::bundle& one, transfer told);
  task<void> remember(const deploy::bundle& one, const std::string& target, protocol::Carrier by,
                      std::int64_t bytes);
  task<void> note_session(std::string session_name, std::vector<std::string> targets);
  task<void> change(std::function<void(std::vector<stored_bundle>&)> edit);

  asio::any_io_executor executor_;
  clock& time_;
  listener& events_;
  store& store_;
  const profile& profile_;
  connection& connection_;
  deployment_settings settings_;
  std::string start_;  // the file that the user looked at last
  std::string root_;
  std::map<std::string, file_hashes> contents_;                 // by session name; the last few
  std::map<std::string, std::vector<deploy::bundle>> waiting_;  // for sessions that start
};

}  // namespace livyd
