#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace livyd::log {
namespace {

spdlog::level::level_enum translated(level at) {
  switch (at) {
    case level::trace:
      return spdlog::level::trace;
    case level::debug:
      return spdlog::level::debug;
    case level::info:
      return spdlog::level::info;
    case level::warn:
      return spdlog::level::warn;
    case level::error:
      return spdlog::level::err;
    case level::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

spdlog::logger& logger() {
  static auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("livyd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%H:%M:%S.%e [%l] %v");
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *instance;
}

}  // namespace

void open(level minimum) {
  logger().set_level(translated(minimum));
}

level level_from(std::string_view name, level fallback) {
  static constexpr std::array<std::pair<std::string_view, level>, 6> names{{{"trace", level::trace},
                                                                            {"debug", level::debug},
                                                                            {"info", level::info},
                                                                            {"warn", level::warn},
                                                                            {"error", level::error},
                                                                            {"off", level::off}}};
  const auto* found = std::find_if(names.begin(), names.end(),
                                   [&](const auto& entry) { return entry.first == name; });
  return found == names.end() ? fallback : found->second;
}

void write(level at, std::string_view component, std::string_view message) {
  logger().log(translated(at), "{}: {}", component, message);
}

void flush() {
  logger().flush();
}

}  // namespace livyd::log
