// Follows a session's log at a calm pace while somebody looks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "livy/client.hpp"
#include "livy/log_join.hpp"

namespace livyd::livy {

struct followed_lines {
  log_section section = log_section::error;
  std::vector<std::string> lines;
  bool gap = false;
  std::string notice;  ///< a sentence of livyd's own ("" = none)
};
using log_server = std::function<task<std::shared_ptr<client>>()>;
/// GETs an address that the server has named; throws what the HTTP client throws.
using log_pages = std::function<task<http::response>(http::url address)>;

struct driver_log {
  std::vector<std::string> lines;
  bool cut = false;     ///< there is more before these
  std::string problem;  ///< why it could not be read, as sentences; "" = it was
};
/// The end of the driver's "stdout" or "stderr", at most so many bytes. Throws only
/// failure{cancelled}.
task<driver_log> fetch_driver_log(log_pages pages, std::string driver_log_url, std::string stream,
                                  std::size_t bytes);

/// The sentence for a log that cannot be read: where it is, and why. Pure.
std::string words_of_driver_log(std::string_view url, std::string_view problem);

using log_listener = std::function<task<void>(followed_lines lines)>;

/// Reads the whole ring once a second while it moves, up to every 5 s while it does not; each line
/// that was ever visible is told once and in order per section, without those that livyd's side
/// channel causes. Transient failures are looked through (told once as a notice each time they
/// begin), and `server` is asked anew for the way to the server, which may have moved. In cluster
/// mode, where Livy's log ends with the submission, the driver's own log is read through
/// `driver_log`; while that fails a notice says why and where it is. Returns, after a last notice
/// that says why, when the session has ended, is gone, or another one has its id. Throws what
/// cannot pass (failure{forbidden}). Cancelling stops it.
task<void> follow_log(log_server server, log_pages driver_log, clock& time, std::string session,
                      log_listener told);

}  // namespace livyd::livy
