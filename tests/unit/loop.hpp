// A loop for tests: runs a coroutine to its end, or the loop until something is true, under a
// deadline, so that what hangs fails.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/async.hpp"

namespace livyd::test {

class loop {
 public:
  static constexpr auto patience = std::chrono::seconds(60);

  asio::io_context io;

  /// Runs handlers until `happened()`.
  void until(const std::function<bool()>& happened) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!happened()) {
      io.restart();
      if (io.run_one_until(end) == 0 && !happened()) {
        throw std::runtime_error("what the test waits for did not happen");
      }
    }
  }

  /// Runs everything that is ready now; afterwards whatever still runs waits for something.
  void settle() {
    io.restart();
    io.poll();
  }

  /// Runs until there is nothing left to do.
  void drain() {
    io.restart();
    io.run_for(patience);
    if (!io.stopped()) throw std::runtime_error("something never ends");
  }

  template <class T>
  T run(task<T> work);
};

/// A coroutine that was started and can be cancelled.
template <class T>
class started {
 public:
  started(loop& on, task<T> work) : loop_(on), state_(std::make_shared<state>()) {
    if constexpr (std::is_void_v<T>) {
      asio::co_spawn(on.io, std::move(work),
                     asio::bind_cancellation_slot(state_->signal.slot(),
                                                  [shared = state_](std::exception_ptr error) {
                                                    shared->error = error;
                                                    shared->finished = true;
                                                  }));
    } else {
      asio::co_spawn(
          on.io, std::move(work),
          asio::bind_cancellation_slot(state_->signal.slot(),
                                       [shared = state_](std::exception_ptr error, T value) {
                                         shared->error = error;
                                         shared->value = std::move(value);
                                         shared->finished = true;
                                       }));
    }
  }

  void cancel() { state_->signal.emit(asio::cancellation_type::terminal); }
  bool finished() const { return state_->finished; }

  T result() {
    loop_.until([this] { return finished(); });
    if (state_->error) std::rethrow_exception(state_->error);
    if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
  }

 private:
  struct state {
    asio::cancellation_signal signal;
    std::exception_ptr error;
    std::optional<std::conditional_t<std::is_void_v<T>, int, T>> value;
    bool finished = false;
  };
  loop& loop_;
  std::shared_ptr<state> state_;  // the completion may outlive us
};

template <class T>
T loop::run(task<T> work) {
  started<T> running(*this, std::move(work));
  return running.result();
}

/// What `work` throws as a failure; a success is an internal failure that says so.
template <class Work>
failure failure_of(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const failure& thrown) {
    return thrown;
  }
  return failure(failure_kind::internal, "nothing was thrown");
}

}  // namespace livyd::test
