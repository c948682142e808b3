// Which server a command means: the profile's name, and the configuration in which it exists.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command_line.hpp"
#include "cli/terminal.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

struct target {
  std::string profile;
  protocol::Configuration configuration;
  std::filesystem::path workspace;
  std::string origin;  ///< where the profile is written; "" for the built-in one
};

/// Reads the profiles of the user and of the workspace around the current folder; what of them is
/// not used is said on `screen`. Throws failure{invalid_input} for a file that cannot be read.
target target_of(const destination& where, terminal& screen);

/// What the user called the server, without credentials that were typed into it.
std::string shown_url(const std::string& url);

}  // namespace livyd
