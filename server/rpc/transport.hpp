// Where messages come from and go to: standard input and output, or any two file descriptors.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/async.hpp"

namespace livyd::rpc {

/// A writer waits while more than this is queued.
inline constexpr std::size_t queue_bound = 1_MiB;

class transport {
 public:
  virtual ~transport() = default;
  /// The next message, or nothing at the end of the stream. Throws failure{invalid_input} when what
  /// arrives is not framed JSON-RPC.
  virtual task<std::optional<std::string>> receive() = 0;
  /// Queues one message at once. Messages keep their order.
  virtual void post(std::string message) = 0;
  /// Returns when at most `bytes` are queued, or when the peer is gone. Cancellable.
  virtual task<void> wait_until_queued_at_most(std::size_t bytes) = 0;

  /// Queues one message; returns when the queue is below its bound (backpressure: a slow editor
  /// slows its caller down). A message is sent also when this wait is cancelled.
  task<void> send(std::string message);
  /// Returns when everything queued has been written.
  task<void> flush();
};

/// Keeps a private dup of fd 1 for the messages and points fd 1 at standard error, so that a stray
/// print cannot break the framing; fd 0 becomes /dev/null, so that no child reads the stream.
/// Restores the blocking mode of both when destroyed. A closed standard input reads as its end.
std::unique_ptr<transport> standard_streams(asio::any_io_executor executor);

/// Reads and writes any two file descriptors (owned from now on; -1 stands for a closed one). From
/// the first call on this process ignores SIGPIPE: a peer that is gone is the end of the stream.
std::unique_ptr<transport> descriptor_streams(asio::any_io_executor executor, int input,
                                              int output);

}  // namespace livyd::rpc
