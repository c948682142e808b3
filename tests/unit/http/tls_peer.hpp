// A TLS server for tests, spoken over a raw_server's sockets.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/certificates.hpp"
#include "raw_server.hpp"

namespace livyd::test {

using tls_peer = asio::ssl::stream<tcp::socket&>;

/// A server's context that shows this certificate.
inline std::shared_ptr<asio::ssl::context> tls_server_context(const certificate& shown) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->use_certificate_chain(asio::buffer(shown.pem()));
  context->use_private_key(asio::buffer(shown.key_pem()), asio::ssl::context::pem);
  return context;
}

/// A server that wants a certificate from one of `authorities` (a PEM file).
inline void want_certificate(asio::ssl::context& context, const std::string& authorities) {
  context.load_verify_file(authorities);
  SSL_CTX_set_verify(context.native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
}

/// Shakes hands, then answers every request with "ok"; keeps what it heard.
inline task<void> answer_in_tls(tcp::socket& socket, std::shared_ptr<asio::ssl::context> context,
                                std::vector<std::string>& heard) {
  tls_peer peer(socket, *context);
  auto [error] = co_await peer.async_handshake(asio::ssl::stream_base::server,
                                               asio::as_tuple(asio::use_awaitable));
  while (!error) {
    auto request = co_await hear(peer);
    if (request.empty()) break;
    heard.push_back(std::move(request));
    co_await say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
  // Unread bytes would make a reset of what we said last.
  if (error) co_await farewell(socket);
}

}  // namespace livyd::test
