#include "cli/prompt.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "base/text.hpp"

namespace livyd {
namespace {

/// An open file of our own: asio may make it non-blocking without the shell's noticing.
int open_terminal() {
  return ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

/// The terminal shows nothing of what is typed while this lives, but the line's end.
class without_echo {
 public:
  explicit without_echo(int terminal) : terminal_(terminal) {
    known_ = ::tcgetattr(terminal_, &before_) == 0;
    if (!known_) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL | ICANON | ISIG;
    ::tcsetattr(terminal_, TCSAFLUSH, &silent);
  }
  ~without_echo() {
    if (known_) ::tcsetattr(terminal_, TCSANOW, &before_);
  }
  without_echo(const without_echo&) = delete;
  without_echo& operator=(const without_echo&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool known_ = false;
};

void write_to(int terminal, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(terminal, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

failure no_terminal() {
  return {failure_kind::io, "There is no terminal to ask on."};
}

}  // namespace

bool has_terminal() {
  const int terminal = open_terminal();
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

task<std::string> ask_hidden(std::string question) {
  const int terminal = open_terminal();
  if (terminal < 0) throw no_terminal();
  asio::posix::stream_descriptor input(co_await asio::this_coro::executor, terminal);
  std::array<char, 512> piece{};
  std::string line;
  // Declared last: restored first, while the terminal is still open.
  const without_echo hidden(terminal);
  write_to(terminal, concat(question, ": "));
  while (line.find('\n') == std::string::npos) {
    std::size_t count = 0;
    try {
      count = co_await input.async_read_some(asio::buffer(piece), asio::use_awaitable);
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) {
        write_to(terminal, "\n");
        throw_cancelled();
      }
      throw no_terminal();
    }
    line.append(piece.data(), count);
  }
  piece.fill('\0');
  line.erase(line.find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  co_return line;
}

}  // namespace livyd
