// A server on the loopback interface that says byte for byte what a test tells it to.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "http/url.hpp"
#include "loop.hpp"

namespace livyd::test {

using tcp = asio::ip::tcp;

/// Sends all of it; false when the peer is gone.
template <class Stream>
task<bool> say(Stream& peer, std::string text) {
  auto [error, bytes] =
      co_await asio::async_write(peer, asio::buffer(text), asio::as_tuple(asio::use_awaitable));
  co_return !error;
}

/// What arrives next, or "" when the peer left.
template <class Stream>
task<std::string> hear_some(Stream& peer) {
  std::string piece(65536, '\0');
  auto [error, bytes] =
      co_await peer.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
  piece.resize(error ? 0 : bytes);
  co_return piece;
}

/// The next request, head and body (which is asked for where the peer waits for that), or "" when
/// the peer left.
template <class Stream>
task<std::string> hear(Stream& peer) {
  std::string heard;
  std::size_t expected = std::string::npos;
  bool asked = false;
  while (heard.size() < expected) {
    const auto piece = co_await hear_some(peer);
    if (piece.empty()) co_return std::string();
    heard += piece;
    const auto head = heard.find("\r\n\r\n");
    const bool waits = heard.substr(0, head).find("Expect: 100-continue") != std::string::npos;
    if (head != std::string::npos && waits && !asked) {
      asked = true;
      co_await say(peer, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (head == std::string::npos) continue;
    const auto length = heard.find("Content-Length: ");
    const auto body = length < head ? std::stoul(heard.substr(length + 16)) : 0;
    expected = head + 4 + body;
  }
  co_return heard;
}

/// Returns when the peer has closed.
template <class Stream>
task<void> farewell(Stream& peer) {
  bool there = true;
  while (there) {
    const auto piece = co_await hear_some(peer);
    there = !piece.empty();
  }
}

class raw_server {
 public:
  /// What it does on its n-th connection, counted from 0; the socket closes when it returns.
  using script = std::function<task<void>(tcp::socket& peer, int connection)>;

  raw_server(loop& on, script what) : state_(std::make_shared<state>(on, std::move(what))) {
    asio::co_spawn(on.io, accept(state_), asio::detached);
  }
  ~raw_server() { state_->acceptor.close(); }
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  int accepted() const { return state_->accepted; }
  /// Connections whose script runs.
  int open() const { return state_->open; }
  http::url at(std::string_view target = "/", std::string_view scheme = "http") const {
    return http::parse_url(concat(scheme, "://", peer(), target));
  }
  std::string peer() const {
    return concat("127.0.0.1:", state_->acceptor.local_endpoint().port());
  }

 private:
  struct state {
    state(loop& on, script what)
        : acceptor(on.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          play(std::move(what)) {}
    tcp::acceptor acceptor;
    script play;
    int accepted = 0;
    int open = 0;
  };

  static task<void> accept(std::shared_ptr<state> shared) {
    while (true) {
      auto [error, socket] =
          co_await shared->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      auto executor = co_await asio::this_coro::executor;
      asio::co_spawn(executor, serve(shared, std::move(socket), shared->accepted++),
                     asio::detached);
    }
  }

  static task<void> serve(std::shared_ptr<state> shared, tcp::socket socket, int connection) {
    ++shared->open;
    socket.set_option(tcp::no_delay(true));
    co_await shared->play(socket, connection);
    socket.close();
    --shared->open;
  }

  std::shared_ptr<state> state_;  // shared with the connections, which outlive a test's server
};

}  // namespace livyd::test
