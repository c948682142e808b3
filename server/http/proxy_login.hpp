// How a proxy learns who asks, and what its refusals mean.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/async.hpp"
#include "http/auth/gssapi.hpp"
#include "http/auth/secret.hpp"
#include "http/message.hpp"
#include "http/proxy.hpp"

namespace livyd::http {

class proxy_login {
 public:
  /// Negotiate when the settings have tickets, else Basic when there is a user.
  explicit proxy_login(const proxy_settings& settings);

  /// The Proxy-Authorization for one CONNECT or one request that is handed over; "" when there is
  /// nothing to prove. A Negotiate token is fresh each time. Throws failure{unauthorized} when
  /// there is nothing to prove it with, or when the proxy refused the environment's password
  /// before; what kerberos::begin() throws.
  task<std::string> prove(proxy to);

  /// Throws failure{unauthorized} for a 407: what was refused, what the proxy takes, what to set. A
  /// refused password is marked as such and never sent again. Other answers are fine.
  void judge(const proxy& by, const std::string& sent, const response& answer);

 private:
  [[noreturn]] void refuse_basic(const proxy& by, const std::string& sent,
                                 const std::string& takes);

  std::shared_ptr<secret> password_;
  std::shared_ptr<kerberos> tickets_;
  std::set<std::string> refused_;  ///< "user@proxy:port": its password of the environment is wrong
};

/// What to say when a proxy answers CONNECT with anything but 2xx and 407.
failure refusal_of(const proxy& by, const url& target, const response& answer);

}  // namespace livyd::http
