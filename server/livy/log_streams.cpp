#include "livy/log_streams.hpp"

#include <utility>

namespace livyd::livy {
namespace {

/// Of each of the driver's streams, each time.
constexpr std::size_t followed_bytes = 64_KiB;
/// Where nobody answers, asking takes seconds.
constexpr duration trouble_interval = 10s;

}  // namespace

log_streams::log_streams(log_pages pages, clock& time, log_listener told)
    : pages_(std::move(pages)), time_(time), told_(std::move(told)) {}

task<bool> log_streams::take(std::vector<std::string> lines) {
  auto sections = split_log(lines);
  bool moved = co_await tell_section(log_section::out, out_, std::move(sections.out));
  moved |= co_await tell_section(log_section::error, error_, std::move(sections.error));
  moved |= co_await tell_section(log_section::yarn, yarn_, std::move(sections.yarn));
  co_return moved;
}

task<bool> log_streams::look_at_driver(std::string driver_log_url) {
  if (driver_log_url.empty()) co_return false;
  if (driver_log_url != driver_log_url_) {
    // A second attempt runs in a container of its own.
    driver_log_url_ = std::move(driver_log_url);
    driver_out_ = new_driver_section();
    driver_error_ = new_driver_section();
    driver_trouble_ = false;
  }
  if (driver_trouble_ && time_.now() - driver_asked_ < trouble_interval) co_return false;
  driver_asked_ = time_.now();
  auto error = co_await fetch_driver_log(pages_, driver_log_url_, "stderr", followed_bytes);
  if (!error.problem.empty()) {
    // The one reason is as good as two, and would be told anew each time they alternate.
    if (!std::exchange(driver_trouble_, true)) {
      followed_lines words;
      words.notice = words_of_driver_log(driver_log_url_, error.problem);
      co_await told_(std::move(words));
    }
    co_return false;
  }
  driver_trouble_ = false;
  bool moved = co_await tell_driver(log_section::driver_error, driver_error_, std::move(error));
  auto out = co_await fetch_driver_log(pages_, driver_log_url_, "stdout", followed_bytes);
  moved |= co_await tell_driver(log_section::driver_out, driver_out_, std::move(out));
  co_return moved;
}

task<bool> log_streams::tell_driver(log_section section, section_state& state, driver_log page) {
  if (page.cut && state.join.is_fresh()) state.gap = true;
  return tell_section(section, state, std::move(page.lines));
}

task<bool> log_streams::tell_section(log_section section, section_state& state,
                                     std::vector<std::string> page) {
  auto joined = state.join.take(std::move(page));
  const bool moved = !joined.lines.empty();
  // YARN's words are replaced by newer ones; nothing is missing between them.
  state.gap |= joined.gap && section != log_section::yarn;
  std::erase_if(joined.lines, [](const auto& line) { return is_side_channel_line(line); });
  if (joined.lines.empty()) co_return moved;
  followed_lines told;
  told.section = section;
  told.lines = std::move(joined.lines);
  told.gap = std::exchange(state.gap, false);
  co_await told_(std::move(told));
  co_return moved;
}

}  // namespace livyd::livy
