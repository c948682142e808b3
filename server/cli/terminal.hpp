// The terminal: standard output for the user's output, standard error for everything that is said
// beside it, a status line and colours where a person looks.
#pragma once

#include <string>
#include <string_view>

#include "base/async.hpp"

namespace livyd {

/// The two ends that a command writes to, and what the second one understands.
struct terminal_ends {
  int output = 1;        ///< descriptor of the user's output
  int status = 2;        ///< descriptor of what is said
  bool draws = false;    ///< a status line can be drawn over itself
  bool colours = false;  ///< and in colour
};

/// Standard output and standard error; TERM and NO_COLOR are respected.
terminal_ends standard_ends();

class terminal {
 public:
  /// SIGPIPE must be ignored.
  explicit terminal(terminal_ends ends = standard_ends()) : ends_(ends) {}

  /// Writes all of it, off the loop, so that Ctrl-C is heard while a pipe is full. A reader that
  /// left is no error; what else goes wrong is told once.
  task<void> output(std::string text);

  /// One line or more on standard error.
  void say(std::string_view line);

  /// The status line: it stands until something else is written, and never beside a half line.
  void draw(std::string_view status);
  void erase();
  /// While held, no status line is drawn: something is being typed.
  void hold(bool held);

  bool draws() const { return ends_.draws; }
  /// Nobody reads the output any more: `| head` has seen enough.
  bool reader_left() const { return gone_ && !failed_; }
  /// Output was lost, and not because its reader left.
  bool failed() const { return failed_; }
  /// `code` as in `ESC [ code m`.
  std::string coloured(std::string_view text, std::string_view code) const;

 private:
  terminal_ends ends_;
  bool drawn_ = false;
  bool held_ = false;
  bool mid_line_ = false;
  bool gone_ = false;
  bool failed_ = false;
};

}  // namespace livyd
