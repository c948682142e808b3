// One request and its answer on a connected stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/async.hpp"
#include "http/message.hpp"
#include "http/stream.hpp"

namespace livyd::http {

/// The proxy at the other end of the stream, where it is not the server itself.
struct intermediary {
  std::string name;   ///< "proxy.example.com:3128"
  std::string proof;  ///< the Proxy-Authorization; "" for none
};

struct exchange_options {
  duration silence;  ///< the longest without a byte
  std::string user_agent;
  const body_sink* sink = nullptr;  ///< gets the body of a 2xx answer
  /// Send the body only when the server says 100 Continue, or says nothing for so long.
  std::optional<duration> expects = {};
  std::optional<intermediary> proxy = {};
};

/// What is known of an exchange also when it fails.
struct exchange_progress {
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  bool peer_left = false;  ///< the connection died under it
  bool reusable = false;   ///< the answer was read to its end and the peer keeps the connection
  int status = 0;
  bool body_withheld = false;   ///< the head was sent and no byte of the body
  bool expect_ignored = false;  ///< the server said nothing to Expect
};

/// Throws failure{connection_lost, timeout, not_http, too_large, tls, invalid_input, cancelled} and
/// what the sink throws.
task<response> perform_exchange(stream& connection, const request& outgoing,
                                exchange_options options, exchange_progress& progress);

}  // namespace livyd::http
