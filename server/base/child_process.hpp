// Processes that this program starts: how they begin, how their end is awaited.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/descriptors.hpp"

namespace livyd {

/// One process and its group.
class child_process {
 public:
  child_process() = default;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  /// Kills the group of one that still runs.
  ~child_process();

  /// Starts arguments[0], looked for on the PATH, in a process group of its own, with no signal
  /// ignored or blocked. Its descriptors 0, 1, 2, … are the given ones, and it has no others. Once
  /// per object. Throws std::system_error.
  void start(std::vector<std::string> arguments, std::vector<std::string> environment,
             const std::vector<descriptor>& inherited);
  /// Returns when it has ended; it is not reaped, so its number is its own. Cancellable.
  task<void> ended() const;
  /// Ends what is left of the group when `with_group`, then gives the number free. Returns the wait
  /// status. Blocks until the process has ended.
  int reap(bool with_group);
  /// To the whole group.
  void send_signal(int number) const;
  bool running() const { return process_ > 0; }
  pid_t number() const { return process_; }

 private:
  pid_t process_ = -1;  ///< until it is reaped
};

/// This process's environment.
std::vector<std::string> own_environment();

}  // namespace livyd
