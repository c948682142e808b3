// `livyd sessions`: lists the sessions of a server, or kills some of them.
#include <algorithm>
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

using sessions = std::vector<protocol::ListedSession>;

task<void> print_sessions(conversation& here, const sessions& listed) {
  if (here.events().as_json()) {
    for (const auto& session : listed) co_await here.screen().output(json_line(session));
    co_return;
  }
  std::vector<std::vector<std::string>> rows{
      {"ID", "NAME", "STATE", "KIND", "OWNER", "APPLICATION"}};
  for (const auto& session : listed) {
    rows.push_back({session.id, session.name.value_or("-"), session.state,
                    session.kind.value_or("-"), session.owner.value_or("-"),
                    session.application_id.value_or("-")});
  }
  co_await here.screen().output(aligned(rows));
}

task<int> list_sessions(conversation& here, sessions_command asked) {
  auto listed = co_await here.all().session_list({.profile = here.profile()});
  auto& all = listed.sessions;
  if (asked.mine) std::erase_if(all, [](const auto& one) { return !one.mine; });
  if (all.empty() && !here.events().as_json()) {
    here.screen().say(asked.mine ? "You have no sessions on this server."
                                 : "There are no sessions on this server.");
  } else {
    co_await print_sessions(here, all);
  }
  co_return exit_code::ok;
}

/// Those that are meant, and a row that is only a name for each that the server does not list.
sessions chosen(const sessions& all, const sessions_command& asked) {
  sessions out;
  for (const auto& one : all) {
    if (asked.all || (asked.mine && one.mine)) out.push_back(one);
  }
  for (const auto& wanted : asked.kill) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) {
      return one.id == wanted || one.name == wanted;
    });
    protocol::ListedSession unlisted;
    unlisted.id = wanted;
    unlisted.mine = true;  // killing it says that there is no such session
    out.push_back(found == all.end() ? unlisted : *found);
  }
  return out;
}

std::string described(const protocol::ListedSession& session) {
  std::string out = session.id;
  if (session.name) out += concat(" ", *session.name);
  out += concat(" (", session.state);
  if (session.owner) out += concat(", of ", *session.owner);
  if (session.proxy_user) out += concat(", for ", *session.proxy_user);
  return out + ")";
}

/// Sessions that livyd did not create for this user are named before they are killed.
void ask_for_others(conversation& here, const sessions& doomed) {
  std::string names;
  for (const auto& one : doomed) {
    if (!one.mine) names += concat(names.empty() ? "" : ", ", described(one));
  }
  if (names.empty()) return;
  const auto why = concat("These sessions were not started by livyd for you: ", names, ".");
  if (!here.agrees(concat(why, " Kill them?"), why)) {
    throw failure(failure_kind::invalid_input, "Nothing was done.");
  }
}

task<int> kill_sessions(conversation& here, sessions_command asked) {
  auto listed = co_await here.all().session_list({.profile = here.profile()});
  const auto doomed = chosen(listed.sessions, asked);
  if (doomed.empty()) here.screen().say("There is no session to kill.");
  ask_for_others(here, doomed);
  int code = exit_code::ok;
  for (const auto& one : doomed) {
    std::string said;
    try {
      co_await here.all().session_kill({.profile = here.profile(), .session = one.id});
      said =
          concat("Session ", one.name ? concat(one.id, " ", *one.name) : one.id, " was deleted.");
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
      said = reason.message();
      code = exit_code::refused;
    }
    here.screen().say(said);
  }
  co_return code;
}

task<int> work_on_sessions(conversation& here, sessions_command asked) {
  co_await here.initialize("livyd sessions", false);
  if (asked.kills) co_return co_await kill_sessions(here, std::move(asked));
  co_return co_await list_sessions(here, std::move(asked));
}

}  // namespace

int perform(const sessions_command& asked) {
  // Only what is killed must be confirmed.
  auto where = asked.where;
  where.yes = where.yes || !asked.kills;
  conversation here(where, asked.json);
  return here.perform(work_on_sessions(here, asked));
}

}  // namespace livyd
