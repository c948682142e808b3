// How long the Kerberos ticket of a profile is good, told before it ends.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "http/auth/gssapi.hpp"
#include "protocol/protocol.hpp"
#include "service/listener.hpp"

namespace livyd {

/// What a ticket means at this time (milliseconds since 1970). Pure. Within ten minutes of its end
/// it is `expiring`.
protocol::Credentials judged_ticket(const std::string& profile,
                                    const std::optional<http::ticket>& found,
                                    std::int64_t wall_milliseconds);

/// Looks every minute while it is used, every other second while there is no usable ticket. Tells
/// the listener each change, and the user, once for each ticket, that it is about to end or has
/// ended.
class ticket_watch {
 public:
  ticket_watch(asio::any_io_executor executor, clock& time, listener& events, std::string profile,
               std::shared_ptr<http::kerberos> tickets);

  /// The profile is in use: from now on it is watched.
  void use();
  /// Looks at once: a server did not accept what it got.
  void look_now();
  void stop() { watching_.cancel(); }
  /// Called when there is a ticket after there was none, or somebody else's.
  void on_new_ticket(std::function<void()> told) { new_ticket_ = std::move(told); }

  const protocol::Credentials& seen() const { return seen_; }

 private:
  task<void> watch();
  task<void> look();
  task<void> tell(protocol::Credentials now);

  asio::any_io_executor executor_;
  clock& time_;
  listener& events_;
  std::string profile_;
  std::shared_ptr<http::kerberos> tickets_;  // the connection uses it, too
  protocol::Credentials seen_;
  notification hurry_;
  bool look_again_ = false;
  std::function<void()> new_ticket_;
  background watching_;
};

}  // namespace livyd
