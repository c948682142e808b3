// Calls that may block for half a minute and cannot be interrupted: each on a thread that nobody
// has to wait for.
#pragma once

#include <atomic>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/async.hpp"

namespace livyd {

namespace detail {

/// What other threads hand over to one loop; nothing more once it is being destroyed.
class letter_box {
 public:
  void post(const asio::any_io_executor& executor, std::function<void()> letter);
  void close();

 private:
  std::mutex mutex_;
  bool open_ = true;
};

class letter_box_of_loop : public asio::execution_context::service {
 public:
  using key_type = letter_box_of_loop;
  static inline asio::execution_context::id id;

  explicit letter_box_of_loop(asio::execution_context& loop) : service(loop) {}
  const std::shared_ptr<letter_box>& box() const { return box_; }

 private:
  void shutdown() override { box_->close(); }

  std::shared_ptr<letter_box> box_ = std::make_shared<letter_box>();  // outlives the loop
};

/// What a call left behind. The thread writes it before its letter, the loop reads it after.
template <class Value>
struct outcome {
  std::optional<Value> value;
  std::exception_ptr error;
  // Of the loop alone:
  bool finished = false;
  notification* waiting = nullptr;
};

/// Says that nobody waits any more, whichever way the coroutine ends.
template <class Value>
class waiting_place {
 public:
  waiting_place(outcome<Value>& at, notification& woken, std::atomic<bool>& abandoned)
      : at_(at), abandoned_(abandoned) {
    at_.waiting = &woken;
  }
  waiting_place(const waiting_place&) = delete;
  waiting_place& operator=(const waiting_place&) = delete;
  ~waiting_place() {
    at_.waiting = nullptr;
    abandoned_ = true;
  }

 private:
  outcome<Value>& at_;
  std::atomic<bool>& abandoned_;
};

}  // namespace detail

/// At most `limit` threads at a time; further calls wait for their turn.
class own_threads {
 public:
  explicit own_threads(std::size_t limit);
  ~own_threads();
  own_threads(const own_threads&) = delete;
  own_threads& operator=(const own_threads&) = delete;

  /// Runs `work` on another thread and resumes here with its result or exception. A cancelled
  /// coroutine leaves at once with failure{cancelled}; a call that has begun goes on by itself, one
  /// that waits for its turn never begins. Neither a loop that is destroyed nor the end of the
  /// program (std::_Exit) waits for it, so `work` must own what it touches. Throws failure{io} when
  /// there can be no other thread.
  template <class Work>
  task<std::invoke_result_t<Work>> run(Work work) {
    using result_type = std::invoke_result_t<Work>;
    static_assert(!std::is_void_v<result_type>, "return something: it says that it is done");
    auto executor = co_await asio::this_coro::executor;
    auto& loop = asio::query(executor, asio::execution::context);
    auto box = asio::use_service<detail::letter_box_of_loop>(loop).box();
    auto left = std::make_shared<detail::outcome<result_type>>();  // shared with the thread
    auto abandoned = std::make_shared<std::atomic<bool>>(false);   // likewise
    notification woken(executor);
    const detail::waiting_place place(*left, woken, *abandoned);
    // A std::function copies what it holds, and the work may be movable only.
    auto kept = std::make_shared<Work>(std::move(work));
    start({[executor, box, left, kept]() mutable {
             perform(executor, *box, std::move(left), std::move(kept));
           },
           abandoned});
    kept.reset();
    while (!left->finished) co_await woken.wait();
    if (left->error) std::rethrow_exception(std::exchange(left->error, nullptr));
    co_return std::move(*left->value);
  }

 private:
  struct call {
    std::function<void()> work;
    std::shared_ptr<std::atomic<bool>> abandoned;
  };
  struct state;

  template <class Value, class Work>
  static void perform(const asio::any_io_executor& executor, detail::letter_box& box,
                      std::shared_ptr<detail::outcome<Value>> left, std::shared_ptr<Work> work) {
    try {
      left->value.emplace((*work)());
    } catch (...) {
      left->error = std::current_exception();
    }
    // Once the coroutine goes on, nothing that belongs to it is left over here.
    work.reset();
    box.post(executor, [left = std::move(left)] {
      left->finished = true;
      if (left->waiting != nullptr) left->waiting->notify_all();
    });
  }

  void start(call next);
  static void serve(const std::shared_ptr<state>& shared);

  std::shared_ptr<state> state_;  // shared with the threads, which may outlive us
};

}  // namespace livyd
