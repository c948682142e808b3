// From a URL to a connected stream: name, address, proxy, TCP, TLS, within deadlines.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "http/client.hpp"
#include "http/exchange.hpp"
#include "http/look_up.hpp"
#include "http/proxy_login.hpp"
#include "http/stream.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"

namespace livyd::http {

/// "10 s", "250 ms": a deadline in a sentence.
std::string in_words(duration span);

/// How a target is reached.
struct route {
  std::optional<proxy> through;  ///< nothing: directly
  /// What connections to this target this way are pooled under.
  std::string key;
  /// The proxy reads the request itself: no tunnel, so each request names its whole URL.
  bool handed_over = false;
};

/// Tries one address after the other; each gets its share of the time, so that a dead first address
/// does not use it up. Throws failure{connection_refused, timeout} about `target`.
task<asio::ip::tcp::socket> open_socket(std::vector<asio::ip::tcp::endpoint> endpoints, url target,
                                        duration limit);

class connector {
 public:
  explicit connector(const client_settings& settings,
                     environment variables = process_environment());

  /// Throws failure{invalid_input} for a proxy that cannot be used.
  route way_to(const url& target) const;

  /// Throws failure{name_not_found, connection_refused, connection_lost, not_http, tls, timeout,
  /// unauthorized (a proxy, the key's passphrase), invalid_input, cancelled}; a failure of the
  /// proxy says so. Nothing of a request has been sent when it throws. Through a proxy the deadline
  /// counts for each of its steps: the way to it, the tunnel, the handshake.
  /// `way` is way_to(target).
  task<std::unique_ptr<stream>> connect(route way, url target);

  /// What a request on a connection that was made this way needs; nothing in most cases.
  task<std::optional<intermediary>> introduction(route way);
  /// Throws failure{unauthorized} when the proxy that got the request did not accept its proof.
  void judge(const route& way, const intermediary& introduced, const response& answer);

  /// Only as far as the proxy's consent to connect us to an https target, then closes; throws as
  /// connect() does. The way goes through a proxy.
  task<void> open_tunnel(route way, url target);

 private:
  using maybe_socket = std::optional<asio::ip::tcp::socket>;  // with_deadline needs a default

  task<std::unique_ptr<stream>> directly(url target);
  task<std::unique_ptr<stream>> through_proxy(route way, url target);
  task<maybe_socket> reach(proxy through);
  task<maybe_socket> resolved_and_connected(url address);
  task<maybe_socket> tunnel(proxy through, url target);
  task<maybe_socket> consented(proxy through, std::string proof, maybe_socket socket, url target);
  task<std::unique_ptr<stream>> shaken_hands(maybe_socket socket, url target);
  /// Reads the files again when they have changed; while they cannot be used, the old ones count.
  task<std::shared_ptr<asio::ssl::context>> tls_context();
  task<std::shared_ptr<asio::ssl::context>> fresh_tls_context();

  tls_settings tls_;
  proxy_settings proxy_;
  duration deadline_;
  duration file_patience_;
  std::string user_agent_;
  environment variables_;
  proxy_login login_;
  name_service names_;
  // Shared with the streams that were made from it.
  std::shared_ptr<asio::ssl::context> context_;
  std::vector<std::filesystem::file_time_type> file_times_;  ///< of what context_ was made from
  std::chrono::steady_clock::time_point looked_at_;
};

}  // namespace livyd::http
