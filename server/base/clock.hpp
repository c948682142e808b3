// Time as a thing that can be handed over, so that tests turn three minutes into a loop.
#pragma once

#include <chrono>

#include "base/async.hpp"

namespace livyd {

class clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  virtual ~clock() = default;
  virtual time_point now() const = 0;
  /// Milliseconds since 1970, for what is shown or stored.
  virtual std::int64_t wall_milliseconds() const = 0;
  /// Cancellable: throws failure{cancelled}.
  virtual task<void> sleep_for(duration span) = 0;
};

/// Sleeps until then or until `wake` is notified. Cancellable: throws failure{cancelled}.
task<void> sleep_or_wake(clock& time, duration span, notification& wake);

class system_clock final : public clock {
 public:
  time_point now() const override { return std::chrono::steady_clock::now(); }
  std::int64_t wall_milliseconds() const override;
  task<void> sleep_for(duration span) override;
};

}  // namespace livyd
