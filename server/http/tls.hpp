// TLS towards a server: trust, host check, and a sentence for every way in which it fails.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "http/client.hpp"
#include "http/stream.hpp"
#include "http/url.hpp"

namespace boost::asio::ssl {
class context;
}

namespace livyd::http {

/// What a handshake showed, in words.
struct tls_facts {
  std::string version;             ///< "TLSv1.3"
  std::string cipher;              ///< as OpenSSL calls it
  std::string subject;             ///< of the server's certificate
  std::string issuer;              ///< who vouches for it
  std::vector<std::string> names;  ///< the hosts it is for
  std::int64_t expires = 0;        ///< milliseconds since 1970
  /// Subjects from the server's certificate up: with the root where the chain was verified, as the
  /// server sent them where it was not.
  std::vector<std::string> chain;
  bool asked_for_certificate = false;  ///< the server wanted to see one of ours
};

/// Reads the system's roots (about 20 ms: call it off the loop), the settings' own, and the
/// client's certificate and key. `passphrase` opens an encrypted key; settings.passphrase is not
/// looked at, since it belongs to the loop. Throws failure{tls} when a file cannot be used, and
/// failure{unauthorized} when the passphrase does not open the key.
std::shared_ptr<asio::ssl::context> make_tls_context(const tls_settings& settings,
                                                     const std::string& passphrase = {});

/// The handshake on a connected socket. Throws failure{tls} with a sentence,
/// failure{connection_lost} when the peer leaves. `context` lives as long as the stream.
task<std::unique_ptr<stream>> secured(asio::ip::tcp::socket socket,
                                      std::shared_ptr<asio::ssl::context> context, url peer,
                                      bool verify);

/// Of a stream that secured() made; nothing of any other.
std::optional<tls_facts> facts_of(const stream& connection);

}  // namespace livyd::http
