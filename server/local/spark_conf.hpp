// What Spark is told when a session starts: a properties file for spark-submit, readable only by
// the user, so that nothing of it stands on a command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "local/requests.hpp"

namespace livyd::local {

/// Our settings, then the request's fields, then its conf, which wins.
std::map<std::string, std::string> spark_conf(const session_request& request, std::int64_t session,
                                              const std::filesystem::path& scratch);

/// In Java's format for properties, UTF-8.
std::string properties_text(const std::map<std::string, std::string>& conf);

}  // namespace livyd::local
