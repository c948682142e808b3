// The daemon's own log: one line per event on standard error, which the editor shows as "Livy Log".
// Never a body, a header, a URL with a query, or a secret.
#pragma once

#include <string>
#include <string_view>

namespace livyd::log {

enum class level { trace, debug, info, warn, error, off };

/// To be called once at start. `minimum` comes from LIVYD_LOG (trace, debug, info, warn, error,
/// off).
void open(level minimum);
level level_from(std::string_view name, level fallback);

void write(level at, std::string_view component, std::string_view message);
inline void trace(std::string_view c, std::string_view m) {
  write(level::trace, c, m);
}
inline void debug(std::string_view c, std::string_view m) {
  write(level::debug, c, m);
}
inline void info(std::string_view c, std::string_view m) {
  write(level::info, c, m);
}
inline void warn(std::string_view c, std::string_view m) {
  write(level::warn, c, m);
}
inline void error(std::string_view c, std::string_view m) {
  write(level::error, c, m);
}

/// Everything written so far is on its way when this returns.
void flush();

}  // namespace livyd::log
