// Which way a request takes to its host: directly, or through a proxy of the profile or of the
// environment.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/auth/gssapi.hpp"
#include "http/auth/secret.hpp"
#include "http/url.hpp"

namespace livyd::http {

struct proxy_settings {
  enum class choice { environment, direct, own };
  choice from = choice::environment;
  std::string url;                  ///< of the profile's own: "http://proxy.example.com:3128"
  std::vector<std::string> bypass;  ///< as NO_PROXY: names, ".suffix", addresses, CIDR, "*"
  std::string user;                 ///< Basic; "" for none
  std::shared_ptr<secret> password;
  std::shared_ptr<kerberos> tickets;  ///< Negotiate
};

struct proxy {
  url address;
  std::string user;      ///< Basic
  std::string password;  ///< from the environment's URL; else proxy_settings::password
  std::string source;    ///< the variable that names it; "" when the profile does
};

/// What to look at when this proxy does not do: "Check HTTPS_PROXY, or set …".
std::string advice_for(const proxy& through);

using environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The process's own.
environment process_environment();

/// HTTPS_PROXY/https_proxy for https, http_proxy (lower case only, as curl does) for http,
/// ALL_PROXY/all_proxy for both, NO_PROXY/no_proxy; lower case first, and an empty variable is
/// none. The profile's list of hosts to bypass counts for both kinds of proxies. The loopback
/// interface is always reached directly unless the profile names a proxy of its own. Throws
/// failure{invalid_input} for a proxy URL that cannot be used: SOCKS, https://, malformed. Pure but
/// for `variables`.
std::optional<proxy> proxy_for(const proxy_settings& settings, const url& target,
                               const environment& variables);

/// Whether a NO_PROXY list names this host. A name stands for the hosts below it, too; ".suffix"
/// and "*.suffix" are the same; "host:port" is for that port only. Pure.
bool is_bypassed(const std::vector<std::string>& list, const url& target);

}  // namespace livyd::http
