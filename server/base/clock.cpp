#include "base/clock.hpp"

#include <boost/asio/redirect_error.hpp>

namespace livyd {

namespace {

task<bool> slept(clock& time, duration span) {
  co_await time.sleep_for(span);
  co_return true;
}

}  // namespace

task<void> sleep_or_wake(clock& time, duration span, notification& wake) {
  co_await until_notified(slept(time, span), wake);
}

std::int64_t system_clock::wall_milliseconds() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

task<void> system_clock::sleep_for(duration span) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, span);
  boost::system::error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) throw_cancelled();
}

}  // namespace livyd
