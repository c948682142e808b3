// A question on the terminal whose answer is not shown.
#pragma once

#include <string>

#include "base/async.hpp"

namespace livyd {

/// Whether there is a terminal to ask on, whatever standard input and output are.
bool has_terminal();

/// Asks on /dev/tty and reads one line without showing it; the terminal is as before whenever this
/// ends. Throws failure{io} without a terminal or when it ends before the line does. Cancellable:
/// throws failure{cancelled}.
task<std::string> ask_hidden(std::string question);

}  // namespace livyd
