// The way to one profile's server: built on first use, rebuilt when the embedded endpoint moved.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/async.hpp"
#include "http/client.hpp"
#include "livy/client.hpp"
#include "service/profile.hpp"

namespace livyd {

struct connection_settings {
  std::filesystem::path executable;
  std::filesystem::path state_home;
  std::string token;  ///< Bearer, for profiles that want one
  std::string user_agent;
  std::function<bool()> traced;  ///< every exchange is logged where it is seen
};

class connection {
 public:
  connection(asio::any_io_executor executor, profile where, connection_settings settings);
  ~connection();

  /// The client of the profile's server; starts the embedded endpoint when that is the server and
  /// it does not run. Shared: a request in flight keeps its client when the endpoint moved
  /// meanwhile. Throws what ensure_endpoint throws; failure{unauthorized} when a token is needed
  /// and there is none. Cancellable.
  task<std::shared_ptr<livy::client>> open();
  /// GETs a page that the server has named, such as the driver's log. The profile's
  /// authentication goes with it to the profile's own server only: whoever stands elsewhere learns
  /// no secret. After open(). Throws what http::client::send throws.
  task<http::response> read_page(http::url address);
  /// The server's root as it is stored with a session; "" for the embedded endpoint.
  std::string stored_url() const;

 private:
  http::client_settings http_settings() const;
  void trace(http::client& client) const;
  void connect_to(const std::string& url, std::unique_ptr<http::authentication> auth);

  asio::any_io_executor executor_;
  profile profile_;
  connection_settings settings_;
  std::string connected_to_;  // URL and token of the client below
  std::shared_ptr<livy::client> livy_;
  std::shared_ptr<http::client> transport_;  // what livy_ speaks through
  std::string origin_;                       // where that may send what proves who asks
  std::shared_ptr<http::client> strangers_;  // for everybody else, without authentication
};

}  // namespace livyd
