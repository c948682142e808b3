// A small HTTP/1.1 server on the loopback interface, for the embedded endpoint and for tests.
#pragma once

#include <memory>

#include "base/async.hpp"
#include "http/message.hpp"

namespace livyd::http {

/// What a handler sees of a request.
struct server_request {
  std::string verb;                                        ///< "GET", …
  std::string path;                                        ///< decoded
  std::string target;                                      ///< as sent
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  fields headers;
  std::string body;

  /// The first value of that query parameter, or nothing.
  std::optional<std::string> parameter(std::string_view name) const;
};

struct server_response {
  int status = 200;
  fields headers;
  std::string content_type = "application/json";
  std::string body;
};

class server {
 public:
  using handler = std::function<task<server_response>(server_request)>;
  struct settings {
    std::uint16_t port = 0;  ///< 0: any free one
    std::size_t body_limit = 256_MiB;
    std::size_t header_limit = 64_KiB;
  };
  /// Listens on 127.0.0.1 at once; throws failure{io} with a sentence when the port is taken.
  /// Requests of one connection are served in order; connections run beside each other.
  /// A handler's failure becomes a 500 with its message as a JSON string. When the peer closes the
  /// connection while the handler runs, the handler is cancelled.
  server(asio::any_io_executor executor, settings options, handler answer);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  std::uint16_t port() const;
  /// Accepts until cancelled (failure{cancelled}) or stopped (returns). Connections stay.
  task<void> serve();
  /// Closes the listener and every connection; handlers that run are cancelled.
  void stop();

 private:
  class implementation;
  // Shared with the connections, which end a moment after stop().
  std::shared_ptr<implementation> implementation_;
};

}  // namespace livyd::http
