// The completion scripts of the shells: the words of the command line, told to bash, zsh and fish.
#pragma once

#include <string>
#include <string_view>

namespace livyd {

/// The script for `bash`, `zsh` or `fish`.
std::string_view completion_script(const std::string& shell);

}  // namespace livyd
