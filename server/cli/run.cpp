// `livyd run`: what is sent, and how the end of the run is told.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/report.hpp"

namespace livyd {
namespace {

using protocol::Language;

std::string standard_input() {
  std::string all;
  std::array<char, 65536> piece{};
  while (true) {
    const auto count = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw failure(
          failure_kind::invalid_input,
          concat("Cannot read standard input: ", std::generic_category().message(errno), "."));
    }
    if (count == 0) return all;
    all.append(piece.data(), static_cast<std::size_t>(count));
  }
}

std::string content_of(const std::string& file) {
  try {
    return read_file(file);
  } catch (const failure& reason) {
    throw failure(failure_kind::invalid_input, reason.message());
  }
}

std::int64_t lines_of(std::string_view code) {
  const auto ends = std::count(code.begin(), code.end(), '\n');
  return std::max<std::int64_t>(1, ends + (code.ends_with('\n') ? 0 : 1));
}

/// What is asked of the service. Throws failure{invalid_input} for a file that cannot be read.
protocol::RunStartParams run_params(const run_command& asked, const std::string& profile) {
  protocol::RunStartParams params{.run = random_uuid(), .profile = profile};
  params.language = asked.language.value_or(language_of(asked.file));
  const bool from_input = asked.file == "-";
  params.code = asked.code ? *asked.code : from_input ? standard_input() : content_of(asked.file);
  if (params.code.starts_with("\xEF\xBB\xBF")) params.code.erase(0, 3);
  if (!asked.code) {
    const auto name = from_input
                          ? "<standard input>"
                          : std::filesystem::absolute(asked.file).lexically_normal().string();
    params.source = {.file = name, .first_line = 1, .last_line = lines_of(params.code)};
  }
  const bool is_program = !asked.code || !asked.arguments.empty();
  if (is_program && (params.language == Language::python || !asked.arguments.empty())) {
    params.program = {.arguments = asked.arguments};
    if (!params.source) params.source = {.file = "-c", .first_line = 1, .last_line = 1};
  }
  return params;
}

task<void> stop_run(conversation& here, std::string run) {
  std::string said;
  try {
    auto stopped = co_await here.all().run_stop({.run = run});
    said = std::move(stopped.message);
  } catch (const failure& reason) {
    said = reason.message();
  }
  here.screen().say(said);
  here.events().give_up();
}

task<void> delete_session(conversation& here) {
  try {
    co_await here.all().session_stop({.profile = here.profile()});
  } catch (const failure& reason) {
    here.screen().say(concat("The session of this run could not be deleted. ", reason.message()));
  }
}

task<int> follow(conversation& here, protocol::RunStartParams params, bool kept) {
  const auto run = params.run;
  co_await here.all().run_start(std::move(params));
  here.on_interrupt([&here, run] { return stop_run(here, run); });
  co_await here.events().wait();
  // Who pressed Ctrl-C is told by stop_run what became of it; the end of the run may come first.
  co_await here.interruption_told();
  if (here.interrupted() || !here.events().finished()) co_return exit_code::interrupted;
  co_return report(here.screen(), *here.events().finished(), kept);
}

task<int> run_code(conversation& here, run_command asked) {
  auto params = run_params(asked, here.profile());
  here.say_when_cancelled("Stopped before the code was sent.");
  // A session of its own is not remembered, so that other commands need not wait for this one.
  const bool kept = !asked.once && asked.session.empty();
  co_await here.initialize("livyd run", kept);
  if (!asked.session.empty()) {
    co_await here.all().session_attach({.profile = here.profile(), .session = asked.session});
  }
  int code = exit_code::refused;
  std::exception_ptr error;
  try {
    code = co_await follow(here, std::move(params), kept);
  } catch (...) {
    error = std::current_exception();
  }
  if (asked.once) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await delete_session(here);
  }
  if (error) std::rethrow_exception(error);
  co_return code;
}

}  // namespace

int perform(const run_command& asked) {
  conversation here(asked.where, asked.json);
  return here.perform(run_code(here, asked));
}

}  // namespace livyd
