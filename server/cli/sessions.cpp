// `livyd sessions`: lists the sessions of a server, or kills some of them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"

namespace livyd {
namespace {

using nlohmann::json;

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  const auto characters =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      }));
  out.append(width > characters ? width - characters : 0, ' ');
  return out;
}

std::string table_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += padded(row[i], widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

task<void> print_sessions(conversation& here,
                          const std::vector<protocol::ListedSession>& sessions) {
  if (here.events().as_json()) {
    for (const auto& session : sessions) {
      const auto line = json(session).dump(-1, ' ', false, json::error_handler_t::replace);
      co_await here.screen().output(line + "\n");
    }
    co_return;
  }
  if (sessions.empty()) {
    here.screen().say("There are no sessions on this server.");
    co_return;
  }
  std::vector<std::vector<std::string>> rows{
      {"ID", "NAME", "STATE", "KIND", "OWNER", "APPLICATION"}};
  for (const auto& session : sessions) {
    rows.push_back({session.id, session.name.value_or("-"), session.state,
                    session.kind.value_or("-"), session.owner.value_or("-"),
                    session.application_id.value_or("-")});
  }
  co_await here.screen().output(table_of(rows));
}

task<int> work_on_sessions(conversation& here, sessions_command asked) {
  co_await here.initialize("livyd sessions", false);
  for (const auto& session : asked.kill) {
    co_await here.all().session_kill({.profile = here.profile(), .session = session});
    here.screen().say(concat("Session ", session, " was deleted."));
  }
  if (!asked.kill.empty()) co_return exit_code::ok;
  auto listed = co_await here.all().session_list({.profile = here.profile()});
  co_await print_sessions(here, listed.sessions);
  co_return exit_code::ok;
}

}  // namespace

int perform(const sessions_command& asked) {
  // Only what is killed must be confirmed.
  auto where = asked.where;
  where.yes = where.yes || asked.kill.empty();
  conversation here(where, asked.json);
  return here.perform(work_on_sessions(here, asked));
}

}  // namespace livyd
