// TLS towards a server: trust, host check, and a sentence for every way in which it fails.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "base/async.hpp"
#include "http/client.hpp"
#include "http/stream.hpp"
#include "http/url.hpp"

namespace boost::asio::ssl {
class context;
}

namespace livyd::http {

/// Reads the system's roots (about 20 ms: call it off the loop) and the settings' own. Throws
/// failure{tls} when the CA file or folder cannot be used.
std::shared_ptr<asio::ssl::context> make_tls_context(const tls_settings& settings);

/// The handshake on a connected socket. Throws failure{tls} with a sentence,
/// failure{connection_lost} when the peer leaves. `context` lives as long as the stream.
task<std::unique_ptr<stream>> secured(asio::ip::tcp::socket socket,
                                      std::shared_ptr<asio::ssl::context> context, url peer,
                                      bool verify);

}  // namespace livyd::http
