// The way to one profile's server: built on first use, rebuilt when the embedded endpoint moved.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/async.hpp"
#include "hdfs/webhdfs.hpp"
#include "http/client.hpp"
#include "livy/client.hpp"
#include "service/profile.hpp"
#include "service/secrets.hpp"

namespace livyd {

struct connection_settings {
  std::filesystem::path executable;
  std::filesystem::path state_home;
  secrets* kept = nullptr;  ///< outlives the connection
  std::string user_agent;
  std::function<bool()> traced;  ///< every exchange is logged where it is seen
  /// Told when the connection is used, and when the server did not accept what it got.
  std::function<void(bool refused)> credentials_used = {};
};

class connection {
 public:
  connection(asio::any_io_executor executor, profile where, connection_settings settings);
  ~connection();

  /// The client of the profile's server; starts the embedded endpoint when that is the server and
  /// it does not run. Shared: a request in flight keeps its client when the endpoint moved
  /// meanwhile. Waits for secrets that the profile needs and nobody has given yet, without a
  /// deadline. Throws what ensure_endpoint throws; failure{unauthorized} when the user does not
  /// want to give a secret. Cancellable.
  task<std::shared_ptr<livy::client>> open();
  /// Other credentials were given, or they were forgotten: the server's cookies stand for the old
  /// ones.
  void credentials_changed();
  /// GETs a page that the server has named, such as the driver's log. The profile's
  /// authentication goes with it to the profile's own server only: whoever stands elsewhere learns
  /// no secret. After open(). Throws what http::client::send throws.
  task<http::response> read_page(http::url address);
  /// The client of the profile's HDFS; its credentials go to the origins of "webhdfs" only, and a
  /// data node elsewhere learns none. Waits for secrets as open() does; starts nothing. Shared like
  /// the Livy client. Throws failure{unsupported} when the profile has no "webhdfs". Cancellable.
  task<std::shared_ptr<hdfs::client>> hdfs();

  /// For whoever looks at each link by itself, of any profile but the embedded endpoint's: the
  /// settings of the way to the server; its secrets are read when they are needed.
  http::client_settings client_settings() const;
  /// Waits for that secret if the profile has one of the kind and nobody has given it yet. Throws
  /// as open().
  task<void> wait_for_secret(protocol::SecretKind what) const;
  /// False once the profile has asked for others meanwhile: those that are given now go elsewhere.
  bool has_current_secrets() const;
  /// A client that has learnt nothing yet, neither cookies nor refusals, with the profile's
  /// authentication.
  std::unique_ptr<http::client> fresh_client() const;
  /// The same without any authentication but the client certificate.
  std::unique_ptr<http::client> anonymous_client() const;
  /// Of a profile with Kerberos; null for any other.
  const std::shared_ptr<http::kerberos>& tickets() const { return tickets_; }
  void on_credentials_used(std::function<void(bool refused)> told) {
    settings_.credentials_used = std::move(told);
  }
  /// The server's root as it is stored with a session; "" for the embedded endpoint.
  std::string stored_url() const;

 private:
  struct link;
  struct files_link;
  task<void> wait_for_secrets() const;
  std::string prompt_for(protocol::SecretKind what) const;
  std::shared_ptr<http::secret> secret(protocol::SecretKind what) const;
  http::client_settings strangers_settings() const;
  hdfs::client_options hdfs_options() const;
  std::unique_ptr<http::client> client_with(http::client_settings settings,
                                            std::unique_ptr<http::authentication> auth) const;
  std::unique_ptr<http::authentication> authentication() const;
  std::unique_ptr<http::authentication> observed(std::unique_ptr<http::authentication> inner) const;
  void trace(http::client& client) const;
  void connect_to(const std::string& url, http::client_settings settings,
                  std::unique_ptr<http::authentication> auth);

  asio::any_io_executor executor_;
  profile profile_;
  connection_settings settings_;
  std::map<protocol::SecretKind, secrets::held> secrets_;
  std::string connected_to_;                 // URL and token of the client below
  std::shared_ptr<http::kerberos> tickets_;  // shared with what authenticates, and who watches
  std::shared_ptr<link> link_;               // its Livy client is handed out, and keeps it
  std::shared_ptr<files_link> files_;        // its HDFS client is handed out, and keeps it
  std::shared_ptr<http::client> strangers_;  // for other servers' pages, without authentication
};

}  // namespace livyd
