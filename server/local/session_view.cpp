#include "local/session_view.hpp"

namespace livyd::local {
namespace {

ordered_json or_null(const std::optional<std::string>& text) {
  return text ? ordered_json(*text) : ordered_json(nullptr);
}

}  // namespace

ordered_json view_of(const session& one) {
  const auto& request = one.request();
  return {{"id", one.id()},
          {"name", or_null(request.name)},
          {"appId", nullptr},
          {"owner", nullptr},
          {"proxyUser", or_null(request.proxy_user)},
          {"state", name_of(one.state())},
          {"kind", request.kind},
          {"appInfo",
           {{"driverLogUrl", nullptr}, {"sparkUiUrl", nullptr}, {"executorLogUrls", nullptr}}},
          {"log", page_of(one.log_lines(), std::nullopt, 10).lines},
          {"ttl", or_null(request.ttl)},
          {"idleTimeout", or_null(request.idle_timeout)},
          {"driverMemory", or_null(request.driver_memory)},
          {"driverCores", request.driver_cores},
          {"executorMemory", or_null(request.executor_memory)},
          {"executorCores", request.executor_cores},
          {"conf", request.conf},
          {"archives", request.archives},
          {"files", request.files},
          {"heartbeatTimeoutInSecond", request.heartbeat_seconds},
          {"jars", request.jars},
          {"numExecutors", request.executor_count},
          {"pyFiles", request.py_files},
          {"queue", or_null(request.queue)}};
}

}  // namespace livyd::local
