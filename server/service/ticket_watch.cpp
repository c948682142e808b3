#include "service/ticket_watch.hpp"

#include <ctime>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

using protocol::CredentialsState;

constexpr duration interval = 60s;
/// While there is no usable ticket somebody waits for one.
constexpr duration interval_without = 2s;
constexpr std::int64_t soon_milliseconds = 10 * 60 * 1000;

bool is_usable(CredentialsState state) {
  return state == CredentialsState::ok || state == CredentialsState::expiring;
}

/// "14:00", the local time.
std::string time_of_day(std::int64_t wall_milliseconds) {
  const std::time_t seconds = wall_milliseconds / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::string out(6, '\0');
  out.resize(std::strftime(out.data(), out.size(), "%H:%M", &local));
  return out;
}

std::string words_for(CredentialsState state, std::int64_t expires) {
  switch (state) {
    case CredentialsState::expiring:
      return concat("Your Kerberos ticket ends at ", time_of_day(expires),
                    ". Run kinit in a terminal.");
    case CredentialsState::expired:
      return concat("Your Kerberos ticket expired at ", time_of_day(expires),
                    ". Runs wait until there is a new one. Run kinit in a terminal.");
    case CredentialsState::missing:
      return "There is no Kerberos ticket. Run kinit in a terminal.";
    case CredentialsState::ok:
      break;
  }
  return {};
}

}  // namespace

protocol::Credentials judged_ticket(const std::string& profile,
                                    const std::optional<http::ticket>& found,
                                    std::int64_t wall_milliseconds) {
  protocol::Credentials out;
  out.profile = profile;
  out.state = CredentialsState::missing;
  std::int64_t expires = 0;
  if (found) {
    expires =
        std::chrono::duration_cast<std::chrono::milliseconds>(found->expires.time_since_epoch())
            .count();
    out.principal = found->principal;
    out.expires = expires;
    const auto left = expires - wall_milliseconds;
    out.state = left <= 0                   ? CredentialsState::expired
                : left <= soon_milliseconds ? CredentialsState::expiring
                                            : CredentialsState::ok;
  }
  if (out.state != CredentialsState::ok) out.detail = words_for(out.state, expires);
  return out;
}

ticket_watch::ticket_watch(asio::any_io_executor executor, clock& time, listener& events,
                           std::string profile, std::shared_ptr<http::kerberos> tickets)
    : executor_(std::move(executor)),
      time_(time),
      events_(events),
      profile_(std::move(profile)),
      tickets_(std::move(tickets)),
      hurry_(executor_) {
  seen_.profile = profile_;
  seen_.state = CredentialsState::ok;
}

void ticket_watch::use() {
  if (watching_.running()) return;
  watching_.start(executor_, "tickets", [this] { return watch(); });
}

void ticket_watch::look_now() {
  look_again_ = true;
  hurry_.notify_all();
  use();
}

task<void> ticket_watch::watch() {
  while (true) {
    look_again_ = false;
    co_await look();
    const auto pause = is_usable(seen_.state) ? interval : interval_without;
    if (!look_again_) co_await sleep_or_wake(time_, pause, hurry_);
  }
}

task<void> ticket_watch::look() {
  protocol::Credentials now;
  try {
    const auto found = co_await tickets_->find_ticket();
    now = judged_ticket(profile_, found, time_.wall_milliseconds());
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    now.profile = profile_;
    now.state = CredentialsState::missing;
    now.detail = reason.message();
  }
  co_await tell(std::move(now));
}

/// The same ticket in the same state is told once.
task<void> ticket_watch::tell(protocol::Credentials now) {
  const bool same = now.state == seen_.state && now.expires == seen_.expires &&
                    now.principal == seen_.principal && now.detail == seen_.detail;
  if (same) co_return;
  const bool worse = now.state != CredentialsState::ok && now.state != seen_.state;
  const bool other = seen_.principal && now.principal != seen_.principal;
  if (new_ticket_ && is_usable(now.state) && (!is_usable(seen_.state) || other)) new_ticket_();
  seen_ = now;
  protocol::Notice words;
  words.severity = protocol::Severity::warning;
  words.profile = profile_;
  words.text = now.detail.value_or("");
  words.actions.push_back(protocol::NoticeAction::open_terminal);
  co_await events_.credentials_changed(std::move(now));
  if (worse) co_await events_.notice(std::move(words));
}

}  // namespace livyd
