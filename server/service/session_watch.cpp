#include "service/session_watch.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace livyd {
namespace {

/// Between two looks at a session on which nothing of ours runs, and between two signs of use while
/// something does: Livy ends a session after an hour, also a busy one.
constexpr duration watch_interval = 20s;
constexpr duration unreachable_interval = 2s;
constexpr std::int64_t longest_unused_milliseconds = 4 * 60 * 1000;

}  // namespace

void session_watch::begin(std::function<task<void>()> look) {
  if (keeping_.running()) return;
  keeping_.start(executor_, "session", [this, look = std::move(look)] { return watch_over(look); });
}

void session_watch::end() {
  ended_ = true;
  keeping_.cancel();
}

task<void> session_watch::keep_alive() {
  if (!known_.info().id) {
    throw failure(failure_kind::not_found, "There is no session to keep. Start one.");
  }
  auto livy = co_await connection_.open();
  co_await livy->connect(*known_.info().id);
  known_.used_now();
  co_await known_.announce();
}

task<void> session_watch::watch_over(std::function<task<void>()> look) {
  while (!ended_) {
    const bool unreachable = known_.info().state == protocol::SessionState::unreachable;
    co_await time_.sleep_for(unreachable ? unreachable_interval : watch_interval);
    const bool starting = known_.info().state == protocol::SessionState::starting;
    if (starting || (!known_.info().id && !unreachable)) continue;
    try {
      const auto limit = known_.idle_limit() > 0
                             ? std::min(longest_unused_milliseconds, known_.idle_limit() / 3)
                             : longest_unused_milliseconds;
      if (!known_.working()) {
        co_await look();
      } else if (known_.unused_milliseconds() >= limit) {
        co_await keep_alive();
      }
    } catch (const std::exception& error) {
      if (is_cancellation(std::current_exception())) throw;
      log::debug("session", error.what());
    }
  }
}

}  // namespace livyd
