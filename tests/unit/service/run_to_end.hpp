// Drives one coroutine to its end on a loop of its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <exception>

#include "base/async.hpp"

namespace livyd {

template <class T>
T run_to_end(asio::io_context& loop, task<T> work) {
  std::exception_ptr error;
  T result{};
  bool done = false;
  asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e, T value) {
    error = e;
    result = std::move(value);
    done = true;
    loop.stop();
  });
  loop.restart();
  loop.run_for(30s);
  if (!done) throw std::runtime_error("the coroutine did not end within 30 s");
  if (error) std::rethrow_exception(error);
  return result;
}

inline void run_to_end(asio::io_context& loop, task<void> work) {
  auto wrapped = [](task<void> inner) -> task<bool> {
    co_await std::move(inner);
    co_return true;
  };
  run_to_end(loop, wrapped(std::move(work)));
}

}  // namespace livyd
