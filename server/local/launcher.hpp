// Finds the user's embedded endpoint or starts it, detached, once.
#pragma once

#include <filesystem>
#include <string>

#include "base/async.hpp"

namespace livyd::local {

struct endpoint_address {
  std::string url;
  std::string token;
};

/// Reads the state file (mode 0600) in `state_folder`, checks that the endpoint answers, and that
/// it is of this version (an older one is asked to drain: it takes no new sessions and ends with
/// its last). Otherwise starts `executable local` with setsid under a lock, so that two windows
/// start one. Throws failure{io, unsupported} with a sentence: no Python, cannot bind, ended at
/// once (with its last words).
task<endpoint_address> ensure_endpoint(std::filesystem::path state_folder,
                                       std::filesystem::path executable, std::string python);

}  // namespace livyd::local
