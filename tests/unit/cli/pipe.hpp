// A pipe to write into, and what has come out of it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace livyd::test {

class pipe {
 public:
  pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("there is no pipe");
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  pipe(const pipe&) = delete;
  pipe& operator=(const pipe&) = delete;
  ~pipe() {
    close_reader();
    ::close(ends_[1]);
  }

  int writer() const { return ends_[1]; }
  int reader() const { return ends_[0]; }
  void close_reader() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }

  /// What was written since the last call.
  std::string taken() {
    std::string all;
    std::array<char, 4096> piece{};
    while (true) {
      const auto count = ::read(ends_[0], piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return all;
      all.append(piece.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace livyd::test
