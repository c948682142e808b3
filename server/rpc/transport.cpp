#include "rpc/transport.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "rpc/framing.hpp"

namespace livyd::rpc {
namespace {

using descriptor = asio::posix::stream_descriptor;

/// One end of a stream; gives the descriptor its own blocking mode back, because O_NONBLOCK belongs
/// to the open file, which a terminal shares with the shell.
class stream_end {
 public:
  stream_end(const asio::any_io_executor& executor, int number) : descriptor_(executor) {
    if (number < 0) return;
    flags_ = ::fcntl(number, F_GETFL);
    boost::system::error_code error;
    descriptor_.assign(number, error);
    if (error) ::close(number);
  }
  stream_end(const stream_end&) = delete;
  stream_end& operator=(const stream_end&) = delete;
  ~stream_end() {
    if (!descriptor_.is_open()) return;
    restore_mode();
    ::close(descriptor_.release());
  }

  void restore_mode() {
    if (descriptor_.is_open()) ::fcntl(descriptor_.native_handle(), F_SETFL, flags_);
  }

  bool is_open() const { return descriptor_.is_open(); }
  descriptor& stream() { return descriptor_; }

 private:
  descriptor descriptor_;
  int flags_ = 0;
};

/// What waits to be written. Shared with the writing coroutine, which is cancelled with the
/// transport but unwinds later.
struct outgoing {
  outgoing(const asio::any_io_executor& executor, int number)
      : end(executor, number), more(executor), less(executor), broken(!end.is_open()) {}

  stream_end end;
  std::deque<std::string> queue;
  std::size_t queued = 0;  // bytes, with the message that is being written
  notification more;
  notification less;
  bool broken;
};

void give_up(outgoing& out) {
  out.broken = true;
  out.queue.clear();
  out.queued = 0;
  out.less.notify_all();
}

/// The only place that writes messages.
task<void> write_queue(std::shared_ptr<outgoing> out, std::function<void()> peer_is_gone) {
  while (!out->broken) {
    if (out->queue.empty()) {
      co_await out->more.wait();
      continue;
    }
    const auto message = std::move(out->queue.front());
    out->queue.pop_front();
    boost::system::error_code error;
    co_await asio::async_write(out->end.stream(), asio::buffer(message),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      if (error != asio::error::operation_aborted) {
        log::info("rpc", concat("the peer stopped reading: ", error.message()));
        peer_is_gone();
      }
      give_up(*out);
      co_return;
    }
    out->queued -= message.size();
    out->less.notify_all();
  }
}

class descriptor_transport final : public transport {
 public:
  descriptor_transport(const asio::any_io_executor& executor, int input, int output)
      : input_(std::make_shared<stream_end>(executor, input)),
        out_(std::make_shared<outgoing>(executor, output)) {
    auto close_input = [weak = std::weak_ptr(input_)] {
      const auto open = weak.lock();
      boost::system::error_code ignored;
      if (open && open->is_open()) open->stream().cancel(ignored);
    };
    writer_.start(executor, "rpc", [out = out_, close_input = std::move(close_input)] {
      return write_queue(out, close_input);
    });
  }

  ~descriptor_transport() override {
    // The writer may hold the descriptors beyond the end of the program's loop.
    input_->restore_mode();
    out_->end.restore_mode();
  }

  task<std::optional<std::string>> receive() override {
    while (true) {
      auto message = decoder_.next();
      if (message) co_return message;
      const auto count = co_await read_some();
      if (count == 0) break;
      decoder_.feed({piece_.data(), count});
    }
    if (!out_->broken && !decoder_.at_boundary()) {
      throw failure(failure_kind::invalid_input,
                    "Standard input ended in the middle of a message.");
    }
    co_return std::nullopt;
  }

  void post(std::string message) override {
    if (out_->broken) return;
    out_->queue.push_back(framed(message));
    out_->queued += out_->queue.back().size();
    out_->more.notify_all();
  }

  task<void> wait_until_queued_at_most(std::size_t bytes) override {
    const auto out = out_;
    while (!out->broken && out->queued > bytes) co_await out->less.wait();
  }

 private:
  /// 0 at the end. Every error is the end: a pty whose other side closed says EIO, a socket
  /// ECONNRESET.
  task<std::size_t> read_some() {
    if (!input_->is_open() || out_->broken) co_return 0;
    boost::system::error_code error;
    const auto count = co_await input_->stream().async_read_some(
        asio::buffer(piece_), asio::redirect_error(asio::use_awaitable, error));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw_cancelled();
    co_return error ? 0 : count;
  }

  std::shared_ptr<stream_end> input_;  // shared with the writer, which ends the reading
  std::shared_ptr<outgoing> out_;
  frame_decoder decoder_;
  std::array<char, 64_KiB> piece_{};
  background writer_;
};

/// -1 when `number` is closed.
int private_copy_of(int number) {
  return ::fcntl(number, F_DUPFD_CLOEXEC, 3);
}

}  // namespace

task<void> transport::send(std::string message) {
  post(std::move(message));
  co_await wait_until_queued_at_most(queue_bound);
}

task<void> transport::flush() {
  return wait_until_queued_at_most(0);
}

std::unique_ptr<transport> standard_streams(asio::any_io_executor executor) {
  const int input = private_copy_of(STDIN_FILENO);
  const int output = private_copy_of(STDOUT_FILENO);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, STDIN_FILENO);
  if (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) ::dup2(nowhere, STDOUT_FILENO);
  if (nowhere > STDERR_FILENO) ::close(nowhere);
  return descriptor_streams(std::move(executor), input, output);
}

std::unique_ptr<transport> descriptor_streams(asio::any_io_executor executor, int input,
                                              int output) {
  ::signal(SIGPIPE, SIG_IGN);
  return std::make_unique<descriptor_transport>(executor, input, output);
}

}  // namespace livyd::rpc
