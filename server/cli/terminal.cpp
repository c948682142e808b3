#include "cli/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/off_thread.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

bool is_set_to(const char* variable, std::string_view value) {
  const char* set = std::getenv(variable);
  return set != nullptr && value == set;
}

std::size_t columns_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

/// 0, or the error's number.
int write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(to, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = to, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

terminal_ends standard_ends() {
  terminal_ends ends{.output = STDOUT_FILENO, .status = STDERR_FILENO};
  ends.draws = ::isatty(ends.status) == 1 && !is_set_to("TERM", "dumb");
  ends.colours = ends.draws && std::getenv("NO_COLOR") == nullptr;
  return ends;
}

task<void> terminal::output(std::string text) {
  if (gone_ || text.empty()) co_return;
  erase();
  mid_line_ = text.back() != '\n';
  auto writing = [to = ends_.output, text = std::move(text)] { return write_all(to, text); };
  const int error = co_await off_thread(std::move(writing));
  if (error == 0) co_return;
  gone_ = true;
  if (error != EPIPE) {
    failed_ = true;
    say(concat("Cannot write the output: ", std::generic_category().message(error), "."));
  }
}

void terminal::say(std::string_view line) {
  erase();
  if (ends_.draws && mid_line_ && ::isatty(ends_.output) == 1) write_all(ends_.status, "\n");
  mid_line_ = false;
  write_all(ends_.status, concat(line, "\n"));
}

void terminal::draw(std::string_view status) {
  if (!ends_.draws || mid_line_ || held_) return;
  const auto fitting = utf8_prefix(status, columns_of(ends_.status) - 1);
  write_all(ends_.status, concat("\r", fitting, "\x1b[K"));
  drawn_ = true;
}

void terminal::hold(bool held) {
  erase();
  held_ = held;
}

void terminal::erase() {
  if (std::exchange(drawn_, false)) write_all(ends_.status, "\r\x1b[K");
}

std::string terminal::coloured(std::string_view text, std::string_view code) const {
  return ends_.colours ? concat("\x1b[", code, "m", text, "\x1b[0m") : std::string(text);
}

}  // namespace livyd
