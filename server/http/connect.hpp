// From a URL to a connected stream: name, address, TCP, TLS, within one deadline.
#pragma once

#include <memory>
#include <string>

#include "base/async.hpp"
#include "http/client.hpp"
#include "http/look_up.hpp"
#include "http/stream.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"

namespace livyd::http {

/// "10 s", "250 ms": a deadline in a sentence.
std::string in_words(duration span);

class connector {
 public:
  connector(tls_settings tls, duration deadline);
  /// Throws failure{name_not_found, connection_refused, connection_lost, tls, timeout, cancelled}.
  /// Nothing of a request has been sent when it throws.
  task<std::unique_ptr<stream>> connect(url target);

 private:
  task<std::unique_ptr<stream>> steps(url target);
  task<std::shared_ptr<asio::ssl::context>> tls_context();

  tls_settings tls_;
  duration deadline_;
  name_service names_;
  // Shared with the streams that were made from it.
  std::shared_ptr<asio::ssl::context> context_;
};

}  // namespace livyd::http
