// `livyd serve --stdio`: the service behind JSON-RPC on standard input and output.
#pragma once

#include <string>

namespace livyd {

/// Serves until the end of standard input, SIGTERM, SIGINT or SIGHUP; returns the exit code: 2 when
/// what arrived is not JSON-RPC. What runs on the servers keeps running.
int serve_standard_streams(const std::string& version);

}  // namespace livyd
