// A transport without descriptors: what the peer says is a queue, what it hears is a list.
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rpc/transport.hpp"

namespace livyd::test {

/// The other side's view; shared by the test and the transport.
struct memory_peer {
  explicit memory_peer(const asio::any_io_executor& executor) : arrived(executor) {}

  void says(std::string text) {
    spoken.push_back(std::move(text));
    arrived.notify_all();
  }
  void sends(const nlohmann::json& message) { says(message.dump()); }
  void hangs_up() {
    ended = true;
    arrived.notify_all();
  }

  std::deque<std::string> spoken;
  std::vector<nlohmann::json> heard;
  bool ended = false;
  notification arrived;
};

class memory_transport final : public rpc::transport {
 public:
  explicit memory_transport(std::shared_ptr<memory_peer> peer) : peer_(std::move(peer)) {}

  task<std::optional<std::string>> receive() override {
    const auto peer = peer_;
    while (peer->spoken.empty() && !peer->ended) co_await peer->arrived.wait();
    if (peer->spoken.empty()) co_return std::nullopt;
    auto message = std::move(peer->spoken.front());
    peer->spoken.pop_front();
    co_return message;
  }
  void post(std::string message) override {
    peer_->heard.push_back(nlohmann::json::parse(message));
  }
  task<void> wait_until_queued_at_most(std::size_t) override { co_return; }

 private:
  std::shared_ptr<memory_peer> peer_;
};

}  // namespace livyd::test
