#include "local/worker_channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace livyd::local {
namespace {

constexpr const char* gone = "The session's Python process has ended.";

}  // namespace

worker_channel::worker_channel(const asio::any_io_executor& executor, descriptor ours)
    : executor_(executor),
      writing_(executor, duplicate(ours).release()),
      reading_(executor, std::move(ours)),
      something_to_write_(executor) {
  writing_.non_blocking(true);
}

task<ordered_json> worker_channel::ask(ordered_json request, std::function<void()> started) {
  if (closed_) co_return ordered_json{{"failure", gone}};
  auto open = std::make_shared<question>(executor_);
  open->started = std::move(started);
  request["id"] = ++last_id_;
  open_[last_id_] = open;
  outbox_ += request.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
  outbox_ += '\n';
  something_to_write_.notify_all();
  while (!open->answered) co_await open->changed.wait();
  co_return std::move(open->answer);
}

task<void> worker_channel::write() {
  while (!closed_) {
    if (outbox_.empty()) {
      co_await something_to_write_.wait();
      continue;
    }
    const auto piece = std::exchange(outbox_, {});
    auto [error, count] = co_await asio::async_write(writing_, asio::buffer(piece),
                                                     asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
  }
}

task<void> worker_channel::follow() {
  while (true) {
    auto line = co_await reading_.next();
    if (!line) break;
    take(*line);
  }
  close();
}

void worker_channel::take(const std::string& line) {
  auto answer = ordered_json::parse(line, nullptr, false);
  if (answer.is_discarded()) return;
  const auto found = open_.find(answer.value("id", std::int64_t{0}));
  if (found == open_.end()) return;
  const auto open = found->second;
  if (!answer.value("done", false)) {
    if (open->started) open->started();
    return;
  }
  open_.erase(found);
  open->answer = std::move(answer);
  open->answered = true;
  open->changed.notify_all();
}

void worker_channel::close() {
  if (closed_) return;
  closed_ = true;
  reading_.finish();
  something_to_write_.notify_all();
  boost::system::error_code ignored;
  writing_.cancel(ignored);
  for (const auto& [id, open] : std::exchange(open_, {})) {
    open->answer = ordered_json{{"failure", gone}};
    open->answered = true;
    open->changed.notify_all();
  }
}

}  // namespace livyd::local
