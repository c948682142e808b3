// What a session's log says in one line: why the session failed, or what it waits for.
#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "livy/session.hpp"

namespace livyd::livy {
namespace {

constexpr std::size_t reason_limit = 400;
constexpr std::size_t progress_limit = 160;
constexpr auto npos = std::string_view::npos;

struct log_sections {
  std::vector<std::string_view> output;  ///< what the launcher or driver wrote
  std::vector<std::string_view> yarn;    ///< YARN's diagnostics
};

/// Livy joins both streams and YARN's words to one list under headings, with line ends inside.
log_sections sections_of(const std::vector<std::string>& lines) {
  log_sections sections;
  auto* current = &sections.output;
  for (const auto& element : lines) {
    for (const auto line : split(element, '\n')) {
      const auto words = trimmed(line);
      if (words == "YARN Diagnostics:") {
        current = &sections.yarn;
      } else if (words == "stdout:" || words == "stderr:") {
        current = &sections.output;
      } else if (!words.empty()) {
        current->push_back(line);
      }
    }
  }
  return sections;
}

std::string shortened(std::string_view text, std::size_t limit) {
  text = trimmed(text);
  return text.size() <= limit ? std::string(text) : concat(utf8_prefix(text, limit), "…");
}

bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != npos;
}

bool is_frame(std::string_view line) {
  const auto words = trimmed(line);
  return words.starts_with("at ") || words.starts_with("File \"") ||
         (words.starts_with("... ") && words.ends_with(" more"));
}

/// Where the level of "26/11/21 03:49:26 INFO Executor: …" starts, or npos. log4j's own order of
/// date, time, level is Spark's default.
std::size_t level_position(std::string_view line) {
  for (const auto* level : {" TRACE ", " DEBUG ", " INFO ", " WARN ", " ERROR ", " FATAL "}) {
    const auto at = line.find(level);
    if (at != npos && at >= 8 && at <= 30 && line[0] >= '0' && line[0] <= '9') return at + 1;
  }
  return npos;
}

std::string_view without_level(std::string_view line) {
  const auto at = level_position(line);
  if (at == npos) return line;
  const auto rest = line.substr(at);
  return rest.substr(rest.find(' ') + 1);
}

/// "java.io.IOException: …", "ModuleNotFoundError: …".
bool names_an_exception(std::string_view line) {
  const auto end = std::min(line.find(':'), line.size());
  const auto name = line.substr(0, end);
  return name.find(' ') == npos && (name.ends_with("Exception") || name.ends_with("Error")) &&
         name.size() > 5;
}

/// "[Sat Nov 21 04:48:44 +0000 2026] text  Details : …" → "text".
std::string_view without_yarn_dressing(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with('[')) {
    const auto end = line.find("] ");
    if (end != npos) line = trimmed(line.substr(end + 2));
  }
  return trimmed(line.substr(0, line.find(" Details :")));
}

std::string yarn_sentence(std::string_view line) {
  const auto words = without_yarn_dressing(line);
  if (contains(words, "waiting for resources") || contains(words, "resource limit exceeded")) {
    return concat("the YARN queue has no room (", words, ")");
  }
  if (contains(words, "was killed by user livy")) {
    return concat(words,
                  " (Livy gives a driver 90 s to report; perhaps the YARN queue had no room)");
  }
  return std::string(words);
}

/// The line of a failed container's words that names the cause; they start with an essay.
std::string yarn_reason(const std::vector<std::string_view>& lines) {
  for (const auto line : lines) {
    if (contains(line, "Permission denied") || names_an_exception(trimmed(line))) {
      return std::string(trimmed(line));
    }
  }
  for (const auto line : lines) {
    if (!is_frame(line) && !contains(line, "spark-submit start failed")) return yarn_sentence(line);
  }
  return {};
}

/// How much a line of the log looks like the reason; the last one of the highest rank is taken.
enum class rank { nothing, some_line, exception_of_warning, error_line, exception, root_cause };

struct ranking {
  bool in_warning = false;  ///< what follows a WARN line belongs to it

  rank of(std::string_view line) {
    const auto words = trimmed(line);
    if (is_frame(line)) return rank::nothing;
    if (const auto at = level_position(line); at != npos) {
      const auto rest = line.substr(at);
      in_warning = rest.starts_with("WARN") || rest.starts_with("DEBUG");
      const bool bad = rest.starts_with("ERROR") || rest.starts_with("FATAL");
      return bad ? rank::error_line : rank::nothing;
    }
    if (words.starts_with("Traceback (") || words.starts_with("Exception in thread")) {
      in_warning = false;
    }
    if (words.starts_with("Traceback (")) return rank::nothing;
    const bool is_cause = words.starts_with("Caused by:");
    const bool is_exception = words.starts_with("Exception in thread") ||
                              names_an_exception(words) || words.starts_with("Error: ");
    if ((is_cause || is_exception) && in_warning) return rank::exception_of_warning;
    if (is_cause) return rank::root_cause;
    if (is_exception || words.starts_with("Error occurred during init")) return rank::exception;
    return rank::some_line;
  }
};

std::string_view without_thread(std::string_view line) {
  line = trimmed(without_level(line));
  if (line.starts_with("Caused by:")) return trimmed(line.substr(10));
  if (line.starts_with("Exception in thread")) {
    const auto name_end = line.find("\" ");
    if (name_end != npos) return trimmed(line.substr(name_end + 2));
  }
  return line;
}

/// "" when no line is at least that much of a reason; `some_line` takes the last one there is.
std::string output_reason(const std::vector<std::string_view>& lines, rank least) {
  auto best = rank::nothing;
  std::size_t found = 0;
  ranking ranks;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto here = ranks.of(lines[at]);
    if (here == rank::nothing || here < best) continue;
    best = here;
    found = at;
  }
  if (best < least && least > rank::some_line) return {};
  if (best == rank::nothing) {
    return lines.empty() ? std::string() : std::string(trimmed(without_level(lines.back())));
  }
  // The Java machine says what failed on one line and why on the next.
  const bool goes_on = contains(lines[found], "Error occurred during init");
  if (goes_on && found + 1 < lines.size()) {
    return concat(trimmed(lines[found]), ": ", trimmed(lines[found + 1]));
  }
  return std::string(without_thread(lines[found]));
}

}  // namespace

std::string reason_in_log(const std::vector<std::string>& lines) {
  const auto sections = sections_of(lines);
  auto reason = yarn_reason(sections.yarn);
  if (reason.empty()) reason = output_reason(sections.output, rank::some_line);
  return shortened(reason, reason_limit);
}

std::string error_in_log(const std::vector<std::string>& lines) {
  const auto sections = sections_of(lines);
  auto reason = yarn_reason(sections.yarn);
  if (reason.empty()) reason = output_reason(sections.output, rank::exception_of_warning);
  return shortened(reason, reason_limit);
}

std::string progress_in_log(const std::vector<std::string>& lines) {
  const auto sections = sections_of(lines);
  if (!sections.yarn.empty())
    return shortened(yarn_sentence(sections.yarn.front()), progress_limit);
  const auto& output = sections.output;
  const auto last = std::find_if_not(output.rbegin(), output.rend(), is_frame);
  return last == output.rend() ? std::string() : shortened(without_level(*last), progress_limit);
}

}  // namespace livyd::livy
