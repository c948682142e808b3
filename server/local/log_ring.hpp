// A session's log as Livy keeps it: the last lines of standard output and of standard error, each
// under its title, and pages of the whole.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace livyd::local {

class log_ring {
 public:
  static constexpr std::size_t default_limit = 200;    ///< livy.cache-log.size
  static constexpr std::size_t line_limit = 8 * 1024;  ///< bytes; the rest of a longer line is cut

  explicit log_ring(std::size_t limit = default_limit) : limit_(limit) {}
  void add_output(std::string_view line) { add(output_, line); }
  void add_error(std::string_view line) { add(error_, line); }
  /// "stdout: ", its lines, "\nstderr: ", its lines.
  std::vector<std::string> lines() const;

 private:
  void add(std::deque<std::string>& section, std::string_view line);

  std::size_t limit_;
  std::deque<std::string> output_;
  std::deque<std::string> error_;
};

struct log_page {
  std::int64_t from = 0;  ///< the effective one
  std::int64_t total = 0;
  std::vector<std::string> lines;
};

/// Livy's paging: 100 lines when no size is given, all for a negative one; the tail when `from` is
/// absent or negative; nothing past the end.
log_page page_of(std::vector<std::string> lines, std::optional<std::int64_t> from,
                 std::optional<std::int64_t> size);

}  // namespace livyd::local
