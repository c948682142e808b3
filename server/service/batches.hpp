// The batches of one profile: submitted exactly once, looked at, followed and ended.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "livy/batch.hpp"
#include "service/connection.hpp"
#include "service/listener.hpp"
#include "service/profile.hpp"

namespace livyd {

/// How a file of this machine comes to be one of the server's. An empty function: not at all.
struct batch_files {
  /// Puts the file where the server's Spark can read it and returns what Livy's `file` is to say.
  /// `name_on_target` ("etl.py") is its name there, in a folder that keeps it apart from other
  /// files of that name.
  std::function<task<std::string>(std::filesystem::path local, std::string name_on_target)> put;
  /// Packs the script and the profile's packages into one file of its own, which is removed when
  /// it was put.
  std::function<task<std::filesystem::path>(std::filesystem::path script)> pack;
  /// Brings what else the profile deploys to the server and names it in the payload, whose name is
  /// the batch's. Not called for a packed file, which needs nothing beside it.
  std::function<task<void>(livy::session_request& payload)> deploy = {};
};

class batches {
 public:
  /// So many of a profile are followed at the same time.
  static constexpr std::size_t most_followed = 20;
  using is_mine = std::function<bool(const livy::batch_view& batch)>;

  /// `where` and `server` outlive this, and what close() has waited for.
  batches(asio::any_io_executor executor, clock& time, listener& events, const profile& where,
          connection& server, is_mine mine);

  /// All of these throw failure{unsupported} at the embedded endpoint, which has no batches.

  /// Sent once: after an answer that was lost the batch is looked for by its name, which no other
  /// one has. Throws failure{invalid_input} for a file that is not there or has no absolute path,
  /// failure{unsupported} where `by` cannot bring it to the server, and what `by` throws: nothing
  /// was sent then. When nobody knows whether the server has taken it, the message says so and
  /// names it. Cancelled while it is sent, it may have been taken.
  task<protocol::BatchInfo> submit(protocol::BatchSubmitParams params, batch_files by);
  task<protocol::BatchListResult> list();
  /// By id or by name, here and below; failure{not_found} when there is none.
  task<protocol::BatchInfo> get(std::string batch);
  /// Returns when the server has ended it; Livy forgets it then.
  task<void> kill(std::string batch);
  /// A page of the lines that the server has now, sections and the driver's own log as in log_view.
  task<protocol::BatchLogPage> log(protocol::BatchLogParams params);

  /// Returns when the follower is under way; it ends with the batch. The same batch again changes
  /// nothing. Throws failure{rejected} when most_followed are followed already.
  task<void> follow(std::string batch);
  /// The server is not asked any more; nothing is told. `batch`: its id.
  void unfollow(const std::string& batch);
  /// A follower is still unwinding: the connection must not go yet.
  bool unwinding() const;
  /// Follows none any more; whoever did is told.
  task<void> close();

 private:
  task<std::shared_ptr<livy::client>> open();
  task<livy::batch_view> found(livy::client& livy, std::string batch);
  task<std::string> file_at_the_server(const protocol::BatchSubmitParams& params,
                                       const batch_files& by);
  task<livy::batch_view> post(livy::client& livy, livy::batch_request wanted);
  task<std::optional<livy::batch_view>> look_for(livy::client& livy, std::string name);
  protocol::BatchInfo info_of(const livy::batch_view& seen, std::string detail) const;
  task<void> stop_following(std::string batch);
  task<void> tell_end(std::string batch);

  struct follower {
    background work;
    bool cancelled = false;
    bool lives() const { return work.running() && !cancelled; }
  };

  asio::any_io_executor executor_;
  clock& time_;
  listener& events_;
  const profile& profile_;
  connection& connection_;
  is_mine mine_;
  std::map<std::string, std::unique_ptr<follower>> followers_;  // by id; some have ended
};

}  // namespace livyd
