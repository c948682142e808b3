// Where YARN keeps the log of a driver that runs in the cluster, and what its answers say. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace livyd::livy {

/// The addresses of the last `bytes` bytes of a container's "stdout" or "stderr", the best first:
/// the NodeManager's REST, which answers text, then the page that Livy's driverLogUrl leads to.
/// Throws failure{invalid_input} for a driverLogUrl that is no http(s) URL.
std::vector<http::url> driver_log_addresses(std::string_view driver_log_url,
                                            std::string_view stream, std::size_t bytes);

struct driver_log_page {
  std::vector<std::string> lines;
  bool cut = false;  ///< there is more before these
};
/// The lines of an answer that was asked for `bytes` bytes; nothing when it is no log (a login
/// page, another service). The NodeManager's own words around the log are left out.
std::optional<driver_log_page> read_driver_log(const http::response& answer, std::size_t bytes);

}  // namespace livyd::livy
