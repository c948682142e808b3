// One request, one response: connection pool, deadlines, TLS, streaming. Knows nothing of Livy.
#pragma once

#include <memory>

#include "base/async.hpp"
#include "http/auth/secret.hpp"
#include "http/authentication.hpp"
#include "http/message.hpp"
#include "http/proxy.hpp"

namespace livyd::http {

struct tls_settings {
  bool verify = true;   ///< false only by the user's explicit choice
  std::string ca_file;  ///< PEM, besides the system's roots; "" for none
  std::string ca_folder;
  std::string certificate;  ///< the client's own, PEM with its chain; "" for none
  std::string key;          ///< its key, PEM; "": in the certificate's file
  /// Of an encrypted key; null where there is none to ask for.
  std::shared_ptr<secret> passphrase = {};
};

struct client_settings {
  tls_settings tls = {};
  proxy_settings proxy = {};
  fields headers = {};  ///< added to each request that does not have them
  /// Hosts ("name" or "name:port") to which a 307 or 308 is followed, with body and credentials;
  /// the request's own origin always. Any other redirect is an answer like any other.
  std::vector<std::string> redirect_hosts = {};
  duration connect_deadline = 10s;  ///< name look-up, TCP and TLS; each through a proxy
  duration read_deadline = 60s;     ///< the longest silence while an answer is awaited or read
  duration idle_limit = 30s;        ///< a pooled connection that is older is closed
  duration file_patience = 30s;     ///< TLS files that changed are noticed after so long
  std::size_t pool_limit = 8;       ///< idle connections kept per origin
  std::string user_agent = "livyd";
};

/// What one exchange cost, for the trace. `path` has no query.
struct exchange {
  std::string verb;
  std::string origin;
  std::string path;
  int status = 0;  ///< 0: no answer
  std::int64_t milliseconds = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
};

class client {
 public:
  client(asio::any_io_executor executor, client_settings settings,
         std::unique_ptr<authentication> auth);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Sends and reads the whole answer into memory (up to its body_limit). Every HTTP status is a
  /// value; what authentication makes of it may be a failure. A body over 8 KiB waits for the
  /// server's 100 Continue, for one second at most. Throws failure{name_not_found,
  /// connection_refused, connection_lost, timeout, tls, not_http, too_large, unauthorized,
  /// forbidden (a redirect to a host that is not allowed), cancelled}; messages name the host and
  /// say what to do. A GET is repeated once, and only when a reused connection died before a byte
  /// of the answer arrived; nothing else is ever sent twice. Cancellable at every step.
  task<response> send(request outgoing);

  /// The same, but the body of a 2xx answer goes to `sink` and response.body is empty.
  task<response> send(request outgoing, body_sink sink);

  /// Called after each exchange.
  void on_exchange(std::function<void(const exchange&)> observer);
  /// Idle connections now, of all origins; for tests and "Show State".
  std::size_t idle_connections() const;
  void close_idle_connections();
  /// After a change of credentials: cookies beat them at some gateways.
  void forget_cookies();

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace livyd::http
