#include "base/async.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <memory>

#include "base/log.hpp"

namespace livyd {

bool is_cancellation(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const failure& reason) {
    return reason.kind() == failure_kind::cancelled;
  } catch (const boost::system::system_error& reason) {
    return reason.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

void throw_cancelled() {
  throw failure(failure_kind::cancelled, "This was cancelled.");
}

task<void> shielded(std::function<task<void>()> clean_up, duration limit) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  try {
    auto work = clean_up();
    co_await with_deadline(std::move(work), limit, "The clean-up took too long.");
  } catch (const std::exception& error) {
    log::warn("base", std::string("clean-up failed: ") + error.what());
  }
}

task<void> notification::wait() {
  boost::system::error_code error;
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) throw_cancelled();
}

struct background::state {
  asio::cancellation_signal signal;
  asio::any_io_executor executor;
  std::function<task<void>()> work;  // owns the captures for as long as the coroutine runs
  bool running = true;
};

void background::start(const asio::any_io_executor& executor, std::string name,
                       std::function<task<void>()> work) {
  cancel();
  state_ = std::make_shared<state>();
  state_->executor = executor;
  state_->work = std::move(work);
  auto shared = state_;
  asio::co_spawn(executor, shared->work(),
                 asio::bind_cancellation_slot(
                     shared->signal.slot(), [shared, name = std::move(name)](std::exception_ptr e) {
                       shared->running = false;
                       if (!e || is_cancellation(e)) return;
                       try {
                         std::rethrow_exception(e);
                       } catch (const std::exception& error) {
                         log::error(name, std::string("stopped: ") + error.what());
                       } catch (...) {
                         log::error(name, "stopped by an unknown exception");
                       }
                     }));
}

void background::cancel() {
  if (!state_ || !state_->running) return;
  // Posted: the owner may itself run inside this coroutine.
  asio::post(state_->executor, [shared = state_] {
    if (shared->running) shared->signal.emit(asio::cancellation_type::terminal);
  });
}

bool background::running() const {
  return state_ && state_->running;
}

}  // namespace livyd
