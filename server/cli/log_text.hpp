// A followed log as the lines that `livyd logs -f` prints. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "livy/log_join.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

class log_text {
 public:
  /// What was already printed, as log/read showed it: the follower tells the whole log once, and
  /// these lines of it are not repeated.
  void skip(const std::vector<std::string>& page);

  /// The text for standard output: plain lines, a gap as a line with "·", and a section's name
  /// where another section than before goes on.
  std::string of(const protocol::LogLines& lines);

 private:
  std::vector<std::string> new_lines(const protocol::LogLines& lines);

  std::optional<protocol::LogSection> current_;
  /// Without a key: a page of one section does not say which.
  std::map<std::optional<protocol::LogSection>, std::vector<std::string>> printed_;
};

}  // namespace livyd
