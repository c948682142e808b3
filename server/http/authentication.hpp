// How a request proves who asks. One object per profile and server; it may keep state.
#pragma once

#include <memory>

#include "http/message.hpp"

namespace livyd::http {

/// What becomes of an answer, as far as its authentication goes.
enum class verdict {
  final,                  ///< the caller's
  again,                  ///< prepare once more and send again: the server did nothing yet
  again_without_cookies,  ///< the same, and the cookies of this route are worthless
};

/// Keeps those away that would prove the same at the same time, for as long as it is held.
struct turn {
  bool waited = false;         ///< there may be cookies now that the request does not have
  std::shared_ptr<void> held;  ///< shared only to be of any kind
};

class authentication {
 public:
  virtual ~authentication() = default;
  /// Before prepare(): waits, a little, while another request of the same route proves who asks.
  /// Held until the answer was judged. Cancellable.
  virtual task<turn> wait_for_turn(const request& /*outgoing*/) { co_return turn{}; }
  /// Adds what the request needs before it is sent; the cookies of its route are in it already. May
  /// wait in coroutine fashion (a ticket, a token's command), never for a person. Throws
  /// failure{unauthorized} when there is nothing to offer, failure{invalid_input} when the
  /// credentials may not go there (plain http to another machine).
  virtual task<void> prepare(request& outgoing) = 0;
  /// Looks at the answer, whatever its status. The client sends a request at most three times.
  /// Throws failure{unauthorized} to end with a sentence.
  virtual task<verdict> judge(const request& sent, const response& answer) = 0;
};

/// Throws failure{invalid_input}, with what to do, when `what` ("The password") would go over plain
/// http to another machine and the profile does not say `allowInsecure`.
void require_privacy(const url& target, std::string_view what, bool allow_insecure);

}  // namespace livyd::http
