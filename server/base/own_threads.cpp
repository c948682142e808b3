#include "base/own_threads.hpp"

#include <pthread.h>
#include <csignal>

#include <deque>
#include <system_error>
#include <thread>

namespace livyd {
namespace detail {

void letter_box::post(const asio::any_io_executor& executor, std::function<void()> letter) {
  const std::lock_guard lock(mutex_);
  if (open_) asio::post(executor, std::move(letter));
}

void letter_box::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

}  // namespace detail

namespace {

/// Signals are the loop's: a thread that is started meanwhile blocks them all.
class without_signals {
 public:
  without_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  without_signals(const without_signals&) = delete;
  without_signals& operator=(const without_signals&) = delete;
  ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

struct own_threads::state {
  explicit state(std::size_t most) : limit(most) {}

  /// The next call that somebody still waits for; when there is none, this thread counts no more.
  std::optional<call> next() {
    const std::lock_guard lock(mutex);
    while (!waiting.empty()) {
      auto first = std::move(waiting.front());
      waiting.pop_front();
      if (!*first.abandoned) return first;
    }
    --running;
    return std::nullopt;
  }

  const std::size_t limit;
  std::mutex mutex;
  std::deque<call> waiting;
  std::size_t running = 0;
};

own_threads::own_threads(std::size_t limit) : state_(std::make_shared<state>(limit)) {}

own_threads::~own_threads() = default;

void own_threads::start(call next) {
  {
    const std::lock_guard lock(state_->mutex);
    std::erase_if(state_->waiting, [](const call& one) { return one.abandoned->load(); });
    state_->waiting.push_back(std::move(next));
    if (state_->running == state_->limit) return;
    ++state_->running;
  }
  try {
    const without_signals quiet;
    std::thread([shared = state_] { serve(shared); }).detach();
  } catch (const std::system_error& error) {
    const std::lock_guard lock(state_->mutex);
    --state_->running;
    if (state_->running > 0) return;  // another one will take it
    state_->waiting.clear();
    throw failure(failure_kind::io,
                  "This machine cannot start another thread. Close something and try again.",
                  error.what());
  }
}

void own_threads::serve(const std::shared_ptr<state>& shared) {
  while (auto turn = shared->next()) turn->work();
}

}  // namespace livyd
