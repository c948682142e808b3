// How far a transfer has come, told to whoever asked for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/async.hpp"
#include "service/listener.hpp"

namespace livyd {

class transfer {
 public:
  /// Without a name nothing is told.
  transfer(asio::any_io_executor executor, listener& events, std::optional<std::string> name);

  /// Another step begins: "Sending modules"; `total` in bytes, where it is known.
  void begin(std::string text, std::optional<std::int64_t> total);
  /// May be called from anywhere on the loop; what is not told yet is replaced.
  void at(std::int64_t bytes);
  void at(std::int64_t bytes, std::int64_t total);
  const std::string& text() const;

 private:
  struct state;
  std::shared_ptr<state> state_;  // shared with what is on its way to the listener
};

}  // namespace livyd
