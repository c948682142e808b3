// Work that blocks for a moment (files, zip, hashing) runs on four threads beside the loop.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "base/async.hpp"

namespace livyd {

namespace detail {

asio::thread_pool& blocking_threads();

/// What other threads still do for one loop.
class pending_work {
 public:
  void begin();
  void end();
  void wait_for_all();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// A loop is destroyed only when no other thread is about to hand something back to it.
class loop_guard : public asio::execution_context::service {
 public:
  using key_type = loop_guard;
  static inline asio::execution_context::id id;

  explicit loop_guard(asio::execution_context& loop) : service(loop) {}
  const std::shared_ptr<pending_work>& work() const { return work_; }

 private:
  void shutdown() override { work_->wait_for_all(); }

  // Shared with the threads: the last one leaves end() while the loop is destroyed already.
  std::shared_ptr<pending_work> work_ = std::make_shared<pending_work>();
};

struct nothing {};

}  // namespace detail

/// Runs `work` on another thread and resumes here with its result or exception. It cannot be
/// interrupted: a cancelled coroutine still waits for it, so keep the work short or give it a flag
/// to look at. `work` must own what it touches. A loop that is destroyed waits for it, too.
template <class Work>
task<std::invoke_result_t<Work>> off_thread(Work work) {
  using result_type = std::invoke_result_t<Work>;
  using stored_type = std::conditional_t<std::is_void_v<result_type>, detail::nothing, result_type>;
  auto executor = co_await asio::this_coro::executor;
  // The coroutine itself never leaves its executor: only `work` runs over there.
  auto initiate = [executor](auto handler, Work blocking) {
    auto guard = asio::make_work_guard(executor);
    auto& loop = asio::query(executor, asio::execution::context);
    auto pending = asio::use_service<detail::loop_guard>(loop).work();
    pending->begin();
    asio::post(detail::blocking_threads(),
               [executor, pending = std::move(pending), guard = std::move(guard),
                handler = std::move(handler),
                blocking = std::optional<Work>(std::move(blocking))]() mutable {
                 std::exception_ptr error;
                 stored_type stored{};
                 try {
                   if constexpr (std::is_void_v<result_type>) {
                     (*blocking)();
                   } else {
                     stored = (*blocking)();
                   }
                 } catch (...) {
                   error = std::current_exception();
                 }
                 // Once the coroutine goes on, nothing that belongs to it is left over here.
                 blocking.reset();
                 asio::post(executor, [guard = std::move(guard), handler = std::move(handler),
                                       error = std::exchange(error, nullptr),
                                       stored = std::move(stored)]() mutable {
                   std::move(handler)(std::move(error), std::move(stored));
                 });
                 pending->end();
               });
  };
  const auto& token = asio::use_awaitable;
  auto pending =
      asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, stored_type)>(
          initiate, token, std::move(work));
  auto stored = co_await std::move(pending);
  if constexpr (!std::is_void_v<result_type>) co_return stored;
}

/// The same for work that may take long: `work` gets a token that says when to stop, and throws
/// failure{cancelled} then.
template <class Work>
task<std::invoke_result_t<Work, std::stop_token>> stoppable_off_thread(Work work) {
  std::stop_source source;
  auto state = co_await asio::this_coro::cancellation_state;
  auto slot = state.slot();
  if (slot.is_connected()) {
    slot.assign([source](asio::cancellation_type) mutable { source.request_stop(); });
  }
  auto running = off_thread([work = std::move(work), token = source.get_token()]() mutable {
    return work(std::move(token));
  });
  co_return co_await std::move(running);
}

}  // namespace livyd
