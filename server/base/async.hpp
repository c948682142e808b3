// How this program waits: the coroutine type, deadlines, a notification, and a shield for clean-up.
// One thread runs one io_context; nothing here needs a mutex.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancel_after.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/failure.hpp"

namespace livyd {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using duration = std::chrono::nanoseconds;

/// A coroutine of this program. Its result type must be default-constructible.
template <class T = void>
using task = asio::awaitable<T>;

constexpr std::size_t operator""_KiB(unsigned long long n) {
  return n * 1024;
}
constexpr std::size_t operator""_MiB(unsigned long long n) {
  return n * 1024 * 1024;
}

/// True when this exception means that the coroutine was cancelled.
bool is_cancellation(const std::exception_ptr& error);

/// Throws failure{cancelled}: the one way in which a cancellation is told.
[[noreturn]] void throw_cancelled();

/// Runs `work`; after `limit` it is cancelled and failure{timeout, message} is thrown.
/// An outer cancellation passes through to the work and out again as failure{cancelled}.
template <class T>
task<T> with_deadline(task<T> work, duration limit, std::string message) {
  auto executor = co_await asio::this_coro::executor;
  const auto started = std::chrono::steady_clock::now();
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await asio::co_spawn(executor, std::move(work),
                              asio::cancel_after(limit, asio::use_awaitable));
      co_return;
    } else {
      co_return co_await asio::co_spawn(executor, std::move(work),
                                        asio::cancel_after(limit, asio::use_awaitable));
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (!is_cancellation(error)) std::rethrow_exception(error);
  auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() == asio::cancellation_type::none &&
      std::chrono::steady_clock::now() - started >= limit) {
    throw failure(failure_kind::timeout, std::move(message));
  }
  throw_cancelled();
}

/// Runs clean-up that a pending cancellation must not cut short: it is not interrupted by a second
/// cancel either, so it gets a deadline of its own. What it throws is dropped (clean-up must not
/// hide the reason for which it runs); the caller rethrows that reason.
/// After a cancel every co_await throws, this one too, before anything has begun: the caller first
/// runs `co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());`.
task<void> shielded(std::function<task<void>()> clean_up, duration limit);

/// Something happened: whoever waits is woken. There is no memory; look at the state, then wait.
class notification {
 public:
  explicit notification(const asio::any_io_executor& executor)
      : timer_(executor, asio::steady_timer::time_point::max()) {}
  void notify_all() { timer_.cancel(); }
  /// Returns after the next notify_all(). Cancellable: throws failure{cancelled}.
  task<void> wait();

 private:
  asio::steady_timer timer_;
};

/// Runs `work` until it ends, or until `cut` is notified: then it is cancelled and nothing comes
/// back. What it throws passes through; so does a cancellation from outside, as
/// failure{cancelled}. A notification that came before this was called is not seen.
template <class T>
task<std::optional<T>> until_notified(task<T> work, notification& cut) {
  auto executor = co_await asio::this_coro::executor;
  auto [order, problem, value, ignored] =
      co_await asio::experimental::make_parallel_group(
          asio::co_spawn(executor, std::move(work), asio::deferred),
          asio::co_spawn(executor, cut.wait(), asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) throw_cancelled();
  if (order[0] != 0) co_return std::nullopt;
  if (problem) std::rethrow_exception(problem);
  co_return std::optional<T>(std::move(value));
}

/// A piece of work that runs beside its owner and is cancelled and forgotten with it.
/// Exceptions that reach the top are logged under `name`: a background coroutine catches its own.
class background {
 public:
  background() = default;
  background(const background&) = delete;
  background& operator=(const background&) = delete;
  ~background() { cancel(); }
  /// Starts `work`; a running one is cancelled first.
  void start(const asio::any_io_executor& executor, std::string name,
             std::function<task<void>()> work);
  void cancel();
  bool running() const;

 private:
  struct state;
  std::shared_ptr<state> state_;  // shared with the completion handler, which may outlive us
};

}  // namespace livyd
