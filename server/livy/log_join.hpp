// Pages of a ring joined to a stream: each line that was ever visible once, gaps known. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace livyd::livy {

enum class log_section { out, error, yarn, driver_out, driver_error };

/// One answer of /log taken apart ("stdout: ", "\nstderr: ", "\nYARN Diagnostics: "); what stands
/// under no heading counts as `error`.
struct log_sections {
  std::vector<std::string> out;
  std::vector<std::string> error;
  std::vector<std::string> yarn;
};
log_sections split_log(const std::vector<std::string>& lines);

struct joined_lines {
  std::vector<std::string> lines;  ///< new since the last page
  /// Lines may be missing before these. True whenever the pages do not overlap (so also for a
  /// first page that fills the ring), and when what overlaps are lines that repeat, so that it may
  /// be chance.
  bool gap = false;
};

/// One section. Repeated lines follow the longest overlap: a line that stands in the stream once is
/// never left out or repeated by it. Keeps the last page only.
class log_join {
 public:
  /// `ring` = how many lines the server keeps (200): a page that is shorter has lost nothing.
  explicit log_join(std::size_t ring = 200) : ring_(ring) {}
  /// How many lines there may be at most is not known; a page says itself whether it was cut.
  static log_join without_ring() { return log_join(static_cast<std::size_t>(-1)); }
  bool is_fresh() const { return last_.empty(); }
  joined_lines take(std::vector<std::string> page);

 private:
  std::size_t ring_;
  std::vector<std::string> last_;
};

/// A line that the side channel causes in the driver's log (hidden from the user).
bool is_side_channel_line(std::string_view line);

}  // namespace livyd::livy
