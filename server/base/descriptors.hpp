// File descriptors between this program and the processes it starts: owned, paired, never inherited
// by accident.
#pragma once

#include <utility>

namespace livyd {

/// Owns one file descriptor.
class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor();
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

struct descriptor_pair {
  descriptor ours;
  descriptor theirs;  ///< numbered 10 or higher, so that it can be moved to a low number in a child
};

/// All close-on-exec; throw failure{io}.
descriptor_pair socket_pair();
descriptor_pair pipe_to_child();    ///< we write
descriptor_pair pipe_from_child();  ///< we read
descriptor opened_null_device();
/// The same open file under a new number; throws failure{io}.
descriptor duplicate(const descriptor& of);

/// Sets close-on-exec on everything beyond standard error: libraries open sockets without it, and a
/// child must inherit neither the editor's pipes nor our listener.
void keep_descriptors_private();

}  // namespace livyd
