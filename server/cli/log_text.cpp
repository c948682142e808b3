#include "cli/log_text.hpp"

#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace livyd {
namespace {

using protocol::LogSection;

std::string_view heading_of(LogSection section) {
  switch (section) {
    case LogSection::stdout:
      return "[stdout]";
    case LogSection::yarn:
      return "[YARN]";
    case LogSection::driver_stdout:
      return "[driver stdout]";
    case LogSection::driver_stderr:
      return "[driver stderr]";
    case LogSection::stderr:
      break;
  }
  return "[stderr]";
}

std::optional<LogSection> section_named(std::string_view line) {
  for (const auto section : {LogSection::stdout, LogSection::stderr, LogSection::yarn,
                             LogSection::driver_stdout, LogSection::driver_stderr}) {
    if (line == heading_of(section)) return section;
  }
  return std::nullopt;
}

std::string words_of_gap(std::int64_t lines) {
  if (lines > 0) return concat("· about ", lines, " lines may be missing here\n");
  return "· lines may be missing here\n";
}

}  // namespace

void log_text::skip(const std::vector<std::string>& page) {
  std::optional<LogSection> section;
  for (const auto& line : page) {
    if (const auto named = section_named(line)) {
      section = named;
    } else {
      printed_[section].push_back(line);
    }
  }
  current_ = section;
}

std::vector<std::string> log_text::new_lines(const protocol::LogLines& lines) {
  auto known = printed_.find(lines.section);
  if (known == printed_.end()) known = printed_.find(std::nullopt);
  if (known == printed_.end()) return lines.lines;
  livy::log_join join;
  join.take(std::move(known->second));
  printed_.erase(known);
  return join.take(lines.lines).lines;
}

std::string log_text::of(const protocol::LogLines& lines) {
  if (lines.lines.empty()) return {};
  const bool repeats = !printed_.empty();
  const auto fresh = new_lines(lines);
  std::string out;
  // What was printed before has said so itself, as far as one can say it of a first page.
  if (lines.gap && !repeats) out += words_of_gap(*lines.gap);
  if (fresh.empty()) return out;
  if (current_ && *current_ != lines.section) out += concat(heading_of(lines.section), "\n");
  current_ = lines.section;
  for (const auto& line : fresh) out += concat(line, "\n");
  return out;
}

}  // namespace livyd
