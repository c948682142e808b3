// Keeps the session while there is one: signs of use while a run is on it, else a look now and
// then.
#pragma once

#include <functional>

#include "service/known_session.hpp"

namespace livyd {

class session_watch {
 public:
  session_watch(asio::any_io_executor executor, clock& time, known_session& known,
                connection& server)
      : executor_(std::move(executor)), time_(time), known_(known), connection_(server) {}

  /// From now on, until end(); a second call changes nothing. `look`: finds out whether the session
  /// is still there, when it may be asked.
  void begin(std::function<task<void>()> look);
  void end();
  bool running() const { return keeping_.running(); }

  /// The one cheap request that the server counts as use. Throws failure{not_found} without a
  /// session.
  task<void> keep_alive();

 private:
  task<void> watch_over(std::function<task<void>()> look);

  asio::any_io_executor executor_;
  clock& time_;
  known_session& known_;
  connection& connection_;
  background keeping_;
  bool ended_ = false;
};

}  // namespace livyd
