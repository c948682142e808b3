// The command line as a whole: the words, the command that they ask for, and how it ends.
#pragma once

#include <string>
#include <vector>

namespace livyd {

/// Parses and performs; returns the exit code.
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace livyd
