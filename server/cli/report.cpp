#include "cli/report.hpp"

#include <cstdint>
#include <string_view>

#include "base/text.hpp"
#include "cli/exit_code.hpp"

namespace livyd {
namespace {

void report_parts(terminal& screen, const protocol::RunResult& result, bool kept) {
  for (const auto& part : result.parts) {
    const auto size = human_bytes(static_cast<std::uint64_t>(part.bytes));
    screen.say(concat("· ", part.mime, ", ", size, kept ? concat(": ", part.file) : " (not kept)"));
  }
}

}  // namespace

int report(terminal& screen, const protocol::RunInfo& run, bool kept) {
  const auto result = run.result.value_or(protocol::RunResult{});
  report_parts(screen, result, kept);
  const auto took = human_duration(result.milliseconds);
  switch (result.outcome) {
    case protocol::RunOutcome::ok:
      if (screen.draws()) screen.say(concat(screen.coloured("✓", "32"), " ", took));
      return exit_code::ok;
    case protocol::RunOutcome::error:
      if (result.error) {
        for (const auto& line : result.error->traceback) screen.say(line);
      }
      if (!result.error || result.error->traceback.empty()) screen.say(result.message);
      if (screen.draws() && result.error) {
        screen.say(concat(screen.coloured("✗", "31"), " ", result.error->name, " after ", took));
      }
      return exit_code::raised;
    case protocol::RunOutcome::stopped:
      screen.say(concat("■ ", result.message));
      return exit_code::interrupted;
    case protocol::RunOutcome::failed:
    case protocol::RunOutcome::unknown:
      break;
  }
  screen.say(result.message);
  return exit_code::refused;
}

std::string word_of(const protocol::RunInfo& run) {
  const bool ended = run.state == protocol::RunState::finished && run.result;
  return std::string(ended ? name_of(run.result->outcome) : name_of(run.state));
}

}  // namespace livyd
