// Drives coroutines in a test: runs the loop until something holds, never for a fixed time.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/async.hpp"

namespace livyd::test {

/// Far beyond what anything here takes; reached only by a test that fails.
inline constexpr auto patience = 20s;

template <class Condition>
bool run_until(asio::io_context& loop, Condition holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.restart();
    loop.run_one_for(50ms);
  }
  return true;
}

/// What became of a coroutine that was started in a test.
struct outcome {
  bool ended = false;
  std::exception_ptr error;

  /// The failure's kind and message, or "" when there was none.
  std::string message() const {
    if (!error) return "";
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& reason) {
      return reason.what();
    }
  }
};

inline std::shared_ptr<outcome> start(asio::io_context& loop, task<void> work) {
  auto result = std::make_shared<outcome>();
  asio::co_spawn(loop, std::move(work), [result](std::exception_ptr error) {
    result->ended = true;
    result->error = error;
  });
  return result;
}

}  // namespace livyd::test
