// The embedded Livy endpoint: Livy's REST on the loopback interface over Python workers.
// A workbench for one person, not a production server.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/async.hpp"

namespace livyd::local {

struct endpoint_settings {
  std::uint16_t port = 0;  ///< 0: any free one
  bool strict = false;     ///< as bad as Livy, for tests
  std::string python;      ///< interpreter; "" = $LIVYD_PYTHON, $PYSPARK_PYTHON, python3
  std::chrono::seconds session_idle_limit{3600};
  std::chrono::seconds endpoint_idle_limit{120};  ///< without sessions; 0 = never
  std::filesystem::path state_file;               ///< "" = none is written
};

/// Serves until SIGTERM, SIGINT, or idle. The first line on standard output is
/// {"url": "http://127.0.0.1:…", "token": "…"}. Returns the process's exit code.
int serve_endpoint(const endpoint_settings& settings);

}  // namespace livyd::local
