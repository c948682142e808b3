// The 50 MiB limit of Livy's connection to its driver, which strict mode has too: an answer beyond
// it never arrives and takes the connection with it.
#pragma once

#include <cstddef>

#include "base/async.hpp"

namespace livyd::local {

class rpc_cliff {
 public:
  static constexpr std::size_t limit = 50_MiB;  ///< livy.rsc.rpc.max.size

  rpc_cliff(const asio::any_io_executor& executor, bool exists)
      : released_(executor), exists_(exists) {}

  /// To be called before each use of the connection; throws refused (500) once it is broken. The
  /// first use after an oversized answer is the one that breaks it.
  void use();
  /// To be awaited with the size of an answer: returns at once below the limit; beyond it hangs
  /// until the next use, then throws refused.
  task<void> carry(std::size_t bytes);

 private:
  enum class state { fine, stuck, closed };
  notification released_;
  bool exists_;
  state state_ = state::fine;
};

}  // namespace livyd::local
