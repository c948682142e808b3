// `livyd runs` and `livyd state`: what was run in this folder, and what livyd believes.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "cli/columns.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"
#include "cli/report.hpp"

namespace livyd {
namespace {

using action = runs_command::action;

constexpr std::size_t short_id = 8;
constexpr std::int64_t matches_shown = 1000;

/// "2026-11-21 14:03" on this machine's clock.
std::string moment(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::string out(32, '\0');
  out.resize(std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M", &parts));
  return out;
}

std::string source_of(const protocol::RunInfo& run) {
  if (!run.source) return "-";
  const auto& from = *run.source;
  auto out = std::filesystem::path(from.file).filename().string();
  const bool part = !from.whole.value_or(false) && !run.program.value_or(false);
  if (part) out += concat(":", from.first_line);
  if (part && from.last_line > from.first_line) out += concat("-", from.last_line);
  return out;
}

std::vector<std::string> row_of(const protocol::RunInfo& run) {
  return {run.run.substr(0, short_id),
          moment(run.accepted),
          word_of(run),
          run.result ? human_duration(run.result->milliseconds) : "-",
          human_bytes(static_cast<std::uint64_t>(run.output_bytes)),
          run.profile,
          source_of(run)};
}

task<int> list(conversation& here) {
  auto known = co_await here.all().run_list({});
  std::reverse(known.runs.begin(), known.runs.end());  // the newest first
  if (here.events().as_json()) {
    for (const auto& run : known.runs) co_await here.screen().output(json_line(run));
  } else if (known.runs.empty()) {
    here.screen().say(
        "No runs of this folder are known. Those on a server without a profile are listed with its "
        "--url.");
  } else {
    std::vector<std::vector<std::string>> rows{
        {"RUN", "WHEN", "STATE", "TOOK", "OUTPUT", "PROFILE", "SOURCE"}};
    for (const auto& run : known.runs) rows.push_back(row_of(run));
    co_await here.screen().output(aligned(rows));
  }
  co_return exit_code::ok;
}

/// The run with this id, or the only one whose id begins so.
task<protocol::RunInfo> find(conversation& here, std::string id) {
  auto known = co_await here.all().run_list({});
  auto& runs = known.runs;
  std::erase_if(runs, [&](const auto& run) { return !run.run.starts_with(lower_case(id)); });
  if (runs.empty()) {
    throw failure(failure_kind::not_found,
                  concat("There is no run ", id, " in this folder. livyd runs lists them."));
  }
  if (runs.size() > 1) {
    throw failure(failure_kind::invalid_input,
                  concat(runs.size(), " runs begin with ", id, ". Give more of the id."));
  }
  co_return std::move(runs.front());
}

task<int> show(conversation& here, runs_command asked) {
  auto run = co_await find(here, asked.words);
  if (asked.code) {
    auto told = co_await here.all().run_code({.run = run.run});
    co_await here.screen().output(told.code.ends_with('\n') ? told.code : told.code + "\n");
    co_return exit_code::ok;
  }
  if (asked.json) co_await here.screen().output(json_line(run));
  co_await here.all().run_attach({.run = run.run, .from = 0});
  here.events().rest();
  if (asked.json) co_return exit_code::ok;
  if (run.result) {
    report(here.screen(), run, true);
  } else {
    here.screen().say(concat("· ", word_of(run), run.detail ? concat(": ", *run.detail) : ""));
  }
  co_return exit_code::ok;
}

task<int> search(conversation& here, runs_command asked) {
  auto found = co_await here.all().history_search({.text = asked.words, .limit = matches_shown});
  if (asked.json) {
    for (const auto& match : found.matches) co_await here.screen().output(json_line(match));
  } else {
    std::string text;
    for (const auto& match : found.matches) {
      text += concat(match.run.substr(0, short_id), match.code ? " code: " : ": ",
                     fitted(match.line, 400), "\n");
    }
    co_await here.screen().output(std::move(text));
  }
  // As grep does.
  co_return found.matches.empty() ? exit_code::raised : exit_code::ok;
}

task<int> work_on_runs(conversation& here, runs_command asked) {
  co_await here.initialize("livyd runs", true);
  switch (asked.what) {
    case action::show:
      co_return co_await show(here, std::move(asked));
    case action::search:
      co_return co_await search(here, std::move(asked));
    case action::clear:
      co_await here.all().history_clear({});
      here.screen().say("The history of this folder is cleared.");
      co_return exit_code::ok;
    case action::list:
      break;
  }
  co_return co_await list(here);
}

task<int> show_state(conversation& here) {
  co_await here.initialize("livyd state", true);
  co_await here.all().session_get({.profile = here.profile()});
  auto believed = co_await here.all().state_show({});
  here.events().rest();
  co_await here.screen().output(std::move(believed.text));
  co_return exit_code::ok;
}

}  // namespace

int perform(const runs_command& asked) {
  auto where = asked.where;
  where.yes = true;  // nothing on a server is changed
  conversation here(where, asked.json);
  return here.perform(work_on_runs(here, asked));
}

int perform(const state_command& asked) {
  auto where = asked.where;
  where.yes = true;
  conversation here(where, false);
  return here.perform(show_state(here));
}

}  // namespace livyd
