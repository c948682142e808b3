// How a request proves who asks. One object per profile; it may keep state (a cookie, a token).
#pragma once

#include <memory>
#include <string>

#include "http/message.hpp"

namespace livyd::http {

class authentication {
 public:
  virtual ~authentication() = default;
  /// Adds what the request needs before it is sent. May block in coroutine fashion (a ticket, a
  /// prompt). Throws failure{unauthorized} when there is nothing to offer.
  virtual task<void> prepare(request& outgoing) = 0;
  /// Looks at the answer. True: prepare again and send once more (a fresh challenge). The client
  /// asks at most twice per request. Throws to end with a sentence.
  virtual task<bool> wants_retry(const request& sent, const response& answer) = 0;
};

/// Adds nothing, retries nothing.
std::unique_ptr<authentication> no_authentication();
/// `Authorization: Bearer <token>`. Refuses to send it over plain http to a host that is not
/// loopback (failure{invalid_input}).
std::unique_ptr<authentication> bearer_authentication(std::string token);

}  // namespace livyd::http
