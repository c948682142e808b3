#include "cli/cli.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <variant>

#include "base/failure.hpp"
#include "base/log.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/environment_secrets.hpp"
#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"

namespace livyd {
namespace {

void open_log(const command& asked) {
  const bool serves = std::holds_alternative<serve_command>(asked);
  const char* wanted = std::getenv("LIVYD_LOG");
  const auto usual = serves ? log::level::info : log::level::off;
  log::open(log::level_from(wanted != nullptr ? wanted : "", usual));
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  take_environment_secrets();
  try {
    const auto asked = parse_command_line(arguments, ::isatty(STDIN_FILENO) == 1);
    open_log(asked);
    return std::visit([](const auto& one) { return perform(one); }, asked);
  } catch (const usage_problem& problem) {
    terminal().say(problem.what());
    return exit_code::usage;
  } catch (const failure& problem) {
    terminal().say(problem.message());
    return problem.kind() == failure_kind::invalid_input ? exit_code::usage : exit_code::refused;
  } catch (const std::exception& problem) {
    terminal().say(
        "livyd has a bug and had to stop. Run it again with LIVYD_LOG=debug and report "
        "what it says.");
    log::error("cli", problem.what());
    return exit_code::refused;
  }
}

}  // namespace livyd
