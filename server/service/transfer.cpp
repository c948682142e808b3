#include "service/transfer.hpp"

#include <utility>

namespace livyd {

struct transfer::state {
  asio::any_io_executor executor;
  listener& events;
  bool wanted = false;
  protocol::TransferProgress now{};
  bool telling = false;
  bool changed = false;
};

namespace {

/// One message at a time: a slow listener gets fewer of them.
template <class State>
task<void> tell(std::shared_ptr<State> all) {
  while (std::exchange(all->changed, false)) co_await all->events.transfer_progress(all->now);
  all->telling = false;
}

template <class State>
void announce(const std::shared_ptr<State>& all) {
  if (!all->wanted) return;
  all->changed = true;
  if (std::exchange(all->telling, true)) return;
  asio::co_spawn(all->executor, tell(all), asio::detached);
}

}  // namespace

transfer::transfer(asio::any_io_executor executor, listener& events,
                   std::optional<std::string> name)
    : state_(std::make_shared<state>(state{.executor = std::move(executor), .events = events})) {
  state_->wanted = name.has_value();
  state_->now.transfer = std::move(name).value_or("");
}

void transfer::begin(std::string text, std::optional<std::int64_t> total) {
  state_->now.text = std::move(text);
  state_->now.total = total;
  at(0);
}

void transfer::at(std::int64_t bytes) {
  state_->now.bytes = bytes;
  announce(state_);
}

void transfer::at(std::int64_t bytes, std::int64_t total) {
  state_->now.total = total;
  at(bytes);
}

const std::string& transfer::text() const {
  static const std::string nothing;
  return state_->now.text ? *state_->now.text : nothing;
}

}  // namespace livyd
