// JSON-RPC 2.0: typed dispatch, requests in flight, cancellation, exactly one reply to each.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/async.hpp"
#include "rpc/transport.hpp"

namespace livyd::rpc {

/// JSON-RPC error codes; the one place that maps failures to them is rpc/server.cpp.
namespace code {
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int invalid_params = -32602;
constexpr int internal_error = -32603;
constexpr int request_cancelled = -32800;
/// Every failure that the service explains; `data` is a protocol Failure.
constexpr int failed = -32000;
}  // namespace code

/// The parameters are not what the message says: `run/start: "source.firstLine" is missing`.
class bad_params : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class server {
 public:
  explicit server(std::unique_ptr<transport> peer);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Registers the handler of a request message of protocol.hpp. The coroutine runs on its own;
  /// `$/cancelRequest` cancels it (terminal). Whatever it does, exactly one reply is sent.
  template <class Message, class Handler>
  void on(Handler handler) {
    on_request(std::string(Message::method),
               [handler = std::move(handler)](nlohmann::json params) -> task<nlohmann::json> {
                 auto typed = typed_params<Message>(params);
                 typename Message::result result = co_await handler(std::move(typed));
                 co_return nlohmann::json(result);
               });
  }

  /// Sends a notification message of protocol.hpp; waits while the peer is slow. It is sent also
  /// when this wait is cancelled.
  template <class Message>
  task<void> notify(typename Message::params params) {
    return notify_raw(std::string(Message::method), nlohmann::json(params));
  }

  /// Serves until the end of the input or a broken stream (then throws failure{invalid_input}
  /// after cancelling). Afterwards: every request in flight is cancelled and has up to `drain` to
  /// end, replies are flushed. Cancelling this coroutine ends the service in the same way.
  task<void> serve(duration drain = 2s);
  /// Called once when the input has ended, before the requests in flight are cancelled: an end is
  /// not what a user's cancellation is.
  void on_end(std::function<void()> leaving);
  /// Requests that have no reply yet.
  std::size_t in_flight() const;

 private:
  using raw_handler = std::function<task<nlohmann::json>(nlohmann::json)>;
  void on_request(std::string method, raw_handler handler);
  task<void> notify_raw(std::string method, nlohmann::json params);

  template <class Message>
  static typename Message::params typed_params(const nlohmann::json& params) {
    try {
      return params.get<typename Message::params>();
    } catch (const std::exception& reason) {
      throw bad_params(std::string(Message::method) + ": " + reason.what());
    }
  }

  class implementation;
  std::shared_ptr<implementation> implementation_;  // shared with the requests that unwind after us
};

}  // namespace livyd::rpc
