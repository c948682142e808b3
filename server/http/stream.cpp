#include "http/stream.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <utility>

namespace livyd::http {
namespace {

/// `Socket` is a socket or a reference to one.
template <class Socket>
class tcp_stream final : public stream {
 public:
  explicit tcp_stream(Socket socket) : socket_(std::forward<Socket>(socket)) {}

  task<transfer> read_some(asio::mutable_buffer into, duration silence) override {
    auto [error, bytes] = co_await socket_.async_read_some(
        into, asio::cancel_after(silence, asio::as_tuple(asio::use_awaitable)));
    co_return co_await finished(error, bytes);
  }

  task<transfer> write_some(std::array<asio::const_buffer, 2> from, duration silence) override {
    auto [error, bytes] = co_await socket_.async_write_some(
        from, asio::cancel_after(silence, asio::as_tuple(asio::use_awaitable)));
    co_return co_await finished(error, bytes);
  }

  bool is_quiet() override { return http::is_quiet(socket_); }

 private:
  Socket socket_;
};

}  // namespace

std::unique_ptr<stream> plain_stream(asio::ip::tcp::socket socket) {
  return std::make_unique<tcp_stream<asio::ip::tcp::socket>>(std::move(socket));
}

std::unique_ptr<stream> plain_stream_on(asio::ip::tcp::socket& socket) {
  return std::make_unique<tcp_stream<asio::ip::tcp::socket&>>(socket);
}

bool is_quiet(asio::ip::tcp::socket& socket) {
  char byte = 0;
  const auto count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

task<transfer> finished(boost::system::error_code error, std::size_t bytes) {
  if (error != asio::error::operation_aborted) co_return transfer{.bytes = bytes, .error = error};
  auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) throw_cancelled();
  co_return transfer{.bytes = bytes, .error = error, .timed_out = true};
}

bool is_end(const boost::system::error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace livyd::http
