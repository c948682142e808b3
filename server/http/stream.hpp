// A connected byte stream, plain TCP or TLS, behind one type, so that HTTP is compiled once.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <memory>

#include "base/async.hpp"

namespace livyd::http {

struct transfer {
  std::size_t bytes = 0;
  boost::system::error_code error;
  bool timed_out = false;
};

class stream {
 public:
  virtual ~stream() = default;
  /// Some bytes, or an error (end of file too). After `silence` without either: timed_out.
  /// Cancellation throws failure{cancelled}; the stream is then good for nothing.
  virtual task<transfer> read_some(asio::mutable_buffer into, duration silence) = 0;
  virtual task<transfer> write_some(std::array<asio::const_buffer, 2> from, duration silence) = 0;
  /// The peer neither closed the connection nor sent anything: it may be used again.
  virtual bool is_quiet() = 0;
  /// Throws the sentence for an error of this stream where it knows better than its caller, such as
  /// a server that refuses a client certificate only after the handshake.
  virtual void explain(const boost::system::error_code& /*error*/) const {}
};

std::unique_ptr<stream> plain_stream(asio::ip::tcp::socket socket);
/// On a socket that stays the caller's and outlives the stream.
std::unique_ptr<stream> plain_stream_on(asio::ip::tcp::socket& socket);

/// Whether nothing waits to be read on this socket, not even its end.
bool is_quiet(asio::ip::tcp::socket& socket);

/// Turns what an operation under cancel_after said into a transfer.
task<transfer> finished(boost::system::error_code error, std::size_t bytes);

/// The peer ended the stream, with or without a TLS farewell.
bool is_end(const boost::system::error_code& error);

}  // namespace livyd::http
