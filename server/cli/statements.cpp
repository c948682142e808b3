// `livyd statements`: what a session was asked to run, by whomever.
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "cli/columns.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"

namespace livyd {
namespace {

constexpr std::size_t code_width = 60;

/// The first line of the code that says something: livyd's own marker does not.
std::string first_line(std::string_view code) {
  for (const auto line : split(code, '\n')) {
    const auto words = trimmed(line);
    if (words.empty() || words.find("livyd run=") != std::string_view::npos) continue;
    return fitted(words, code_width);
  }
  return "-";
}

std::string duration_of(const protocol::ListedStatement& statement) {
  const bool known = statement.started > 0 && statement.completed >= statement.started;
  return known ? human_duration(statement.completed - statement.started) : "-";
}

std::string state_of(const protocol::ListedStatement& statement) {
  if (statement.state == "running" && statement.progress > 0) {
    return concat("running ", std::lround(statement.progress * 100), " %");
  }
  return statement.status.value_or(statement.state);
}

task<void> print(conversation& here, const protocol::StatementListResult& listed) {
  if (here.events().as_json()) {
    for (const auto& one : listed.statements) co_await here.screen().output(json_line(one));
    co_return;
  }
  if (listed.statements.empty()) {
    here.screen().say("Nothing has run in this session.");
  } else {
    std::vector<std::vector<std::string>> rows{{"N", "STATE", "TOOK", "CODE"}};
    for (const auto& one : listed.statements) {
      rows.push_back(
          {std::to_string(one.statement), state_of(one), duration_of(one), first_line(one.code)});
    }
    co_await here.screen().output(aligned(rows));
  }
  if (listed.detail) here.screen().say(concat("· ", *listed.detail));
}

task<int> work_on_statements(conversation& here, statements_command asked) {
  co_await here.initialize("livyd statements", false);
  const auto session = asked.session.empty() ? here.remembered_session() : asked.session;
  if (asked.cancel) {
    co_await here.all().statement_cancel(
        {.profile = here.profile(), .session = session, .statement = *asked.cancel});
    here.screen().say(concat("Livy was asked to cancel statement ", *asked.cancel, "."));
    co_return exit_code::ok;
  }
  auto listed = co_await here.all().statement_list({.profile = here.profile(), .session = session});
  co_await print(here, listed);
  co_return exit_code::ok;
}

}  // namespace

int perform(const statements_command& asked) {
  auto where = asked.where;
  where.yes = where.yes || !asked.cancel;
  conversation here(where, asked.json);
  return here.perform(work_on_statements(here, asked));
}

}  // namespace livyd
