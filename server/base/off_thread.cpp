#include "base/off_thread.hpp"

namespace livyd::detail {

asio::thread_pool& blocking_threads() {
  // Never destroyed: a look-up that hangs must not keep the program from ending (main leaves with
  // std::_Exit after its drain).
  static auto* const threads = new asio::thread_pool(4);
  return *threads;
}

void pending_work::begin() {
  const std::lock_guard lock(mutex_);
  ++count_;
}

void pending_work::end() {
  const std::lock_guard lock(mutex_);
  --count_;
  changed_.notify_all();
}

void pending_work::wait_for_all() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return count_ == 0; });
}

}  // namespace livyd::detail
