#include "local/rpc_cliff.hpp"

#include "local/livy_answer.hpp"

namespace livyd::local {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw refused(bare_string(500, text));
}

}  // namespace

void rpc_cliff::use() {
  if (state_ == state::closed) refuse("java.lang.IllegalStateException: RPC channel is closed.");
  if (state_ == state::fine) return;
  state_ = state::closed;
  released_.notify_all();
  refuse("java.util.concurrent.CancellationException");
}

task<void> rpc_cliff::carry(std::size_t bytes) {
  if (!exists_ || bytes <= limit) co_return;
  state_ = state::stuck;
  while (state_ == state::stuck) co_await released_.wait();
  refuse("java.util.concurrent.CancellationException");
}

}  // namespace livyd::local
