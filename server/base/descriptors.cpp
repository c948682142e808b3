#include "base/descriptors.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

constexpr int lowest_for_child = 10;

[[noreturn]] void throw_io(std::string_view what, int error) {
  throw failure(failure_kind::io,
                concat("Cannot ", what, ": ", std::generic_category().message(error), "."));
}

descriptor moved_high(descriptor low) {
  const int high = ::fcntl(low.number(), F_DUPFD_CLOEXEC, lowest_for_child);
  if (high < 0) throw_io("open a pipe", errno);
  return descriptor(high);
}

std::array<descriptor, 2> opened_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_io("open a pipe", errno);
  return {descriptor(ends[0]), descriptor(ends[1])};
}

}  // namespace

descriptor::~descriptor() {
  if (number_ >= 0) ::close(number_);
}

descriptor_pair socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw_io("open a socket pair", errno);
  }
  descriptor ours(ends[0]);
  return {std::move(ours), moved_high(descriptor(ends[1]))};
}

descriptor_pair pipe_to_child() {
  auto ends = opened_pipe();
  return {std::move(ends[1]), moved_high(std::move(ends[0]))};
}

descriptor_pair pipe_from_child() {
  auto ends = opened_pipe();
  return {std::move(ends[0]), moved_high(std::move(ends[1]))};
}

descriptor opened_null_device() {
  descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null.number() < 0) throw_io("open /dev/null", errno);
  return moved_high(std::move(null));
}

descriptor duplicate(const descriptor& of) {
  descriptor copy(::fcntl(of.number(), F_DUPFD_CLOEXEC, 3));
  if (copy.number() < 0) throw_io("duplicate a descriptor", errno);
  return copy;
}

void keep_descriptors_private() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return;
  while (const dirent* entry = ::readdir(folder)) {
    const int number = std::atoi(entry->d_name);
    if (number > STDERR_FILENO) ::fcntl(number, F_SETFD, FD_CLOEXEC);
  }
  ::closedir(folder);
}

}  // namespace livyd
