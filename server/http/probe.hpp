// The links of the chain to a server, tried one by one for the doctor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "http/client.hpp"
#include "http/proxy.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"

namespace livyd::http {

/// Every probe throws the failure that the client would throw at this link, and failure{timeout}
/// after `deadline`. Cancellable. Nothing is kept: each makes and closes its own connection.

/// The host's addresses as text, in the system's order.
task<std::vector<std::string>> probe_name(std::string host, duration deadline);

struct tcp_facts {
  std::string address;  ///< the one that answered: "10.0.0.7:8443"
  std::int64_t milliseconds = 0;
};

/// Connects without a proxy, to the URL's host and port: the server's, or a proxy's address.
task<tcp_facts> probe_tcp(url target, duration deadline);

struct proxy_facts {
  bool direct = true;   ///< no proxy: nothing was tried
  std::string proxy;    ///< "proxy.example.com:3128"
  std::string source;   ///< the variable that names it; "" when the profile does
  bool tunnel = false;  ///< by CONNECT; false: it is handed whole requests
};

/// Asks the proxy for the way to `target`: a tunnel for https; for http a HEAD, whose answer may be
/// anything but a 407, since a proxy's refusals look like a server's answers there.
task<proxy_facts> probe_proxy(url target, proxy_settings settings, duration deadline,
                              environment variables = process_environment());

/// The handshake with an https server, through the proxy if there is one. When the server asks for
/// our certificate, a HEAD follows, since its refusal comes only then. Throws failure{tls}, which
/// with `verify` on names the missing authority.
task<tls_facts> probe_tls(url target, tls_settings tls, proxy_settings settings, duration deadline,
                          environment variables = process_environment());

}  // namespace livyd::http
