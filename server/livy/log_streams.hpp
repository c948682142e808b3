// A log that is read again and again, told line by line: Livy's own, and the driver's in a cluster.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "livy/log_follower.hpp"

namespace livyd::livy {

/// Each line that was ever visible is told once and in order per section, without those that
/// livyd's side channel causes. Throws only what `told` throws and failure{cancelled}.
class log_streams {
 public:
  log_streams(log_pages pages, clock& time, log_listener told);

  /// Tells what is new on a page of Livy's own log; false: nothing.
  task<bool> take(std::vector<std::string> lines);
  /// Livy knows this address in cluster mode only ("" elsewhere), where its own log stands still.
  /// Tells what is new there; while it cannot be read a notice says so once, and it is asked less
  /// often. False: nothing new.
  task<bool> look_at_driver(std::string driver_log_url);

 private:
  struct section_state {
    log_join join;
    bool gap = false;  ///< not told yet: only hidden lines came after it
  };
  static section_state new_driver_section() { return {.join = log_join::without_ring()}; }
  task<bool> tell_driver(log_section section, section_state& state, driver_log page);
  task<bool> tell_section(log_section section, section_state& state, std::vector<std::string> page);

  log_pages pages_;
  clock& time_;
  log_listener told_;
  section_state out_;
  section_state error_;
  section_state yarn_;
  std::string driver_log_url_;
  section_state driver_out_ = new_driver_section();
  section_state driver_error_ = new_driver_section();
  bool driver_trouble_ = false;
  clock::time_point driver_asked_;
};

}  // namespace livyd::livy
