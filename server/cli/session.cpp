// `livyd session`: the session that this folder's runs use.
#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/columns.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"

namespace livyd {
namespace {

using action = session_command::action;

task<int> show(conversation& here, session_command asked) {
  // Nothing is changed, so another livyd that works in this folder need not end first.
  co_await here.initialize("livyd session", false);
  const auto session = asked.session.empty() ? here.remembered_session() : asked.session;
  auto details =
      co_await here.all().session_details({.profile = here.profile(), .session = session});
  if (asked.json) {
    co_await here.screen().output(json_line(details));
    co_return exit_code::ok;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& fact : details.facts) rows.push_back({fact.name, fact.value});
  co_await here.screen().output(aligned(rows));
  co_return exit_code::ok;
}

std::string described(const protocol::SessionInfo& session) {
  auto out = concat("Session ", session.name.value_or(session.id.value_or("")), " is ",
                    name_of(session.state));
  if (session.id) out += concat(", id ", *session.id);
  if (session.application_id) out += concat(", ", *session.application_id);
  out += ".";
  if (session.spark_ui_url) out += concat(" Spark UI: ", *session.spark_ui_url);
  return out;
}

task<protocol::SessionInfo> changed(conversation& here, const session_command& asked) {
  const protocol::ProfileParams params{.profile = here.profile()};
  switch (asked.what) {
    case action::attach: {
      protocol::SessionAttachParams wanted{.profile = here.profile()};
      if (!asked.session.empty()) wanted.session = asked.session;
      return here.all().session_attach(std::move(wanted));
    }
    case action::restart:
      return here.all().session_restart(params);
    case action::stop:
      return here.all().session_stop(params);
    case action::keep:
      return here.all().session_keep(params);
    case action::start:
    case action::show:
      break;
  }
  return here.all().session_start(params);
}

task<int> change(conversation& here, session_command asked) {
  here.say_when_cancelled("Stopped.");
  co_await here.initialize("livyd session", true);
  if (asked.what == action::keep) co_await here.all().session_get({.profile = here.profile()});
  auto session = co_await changed(here, asked);
  here.events().rest();
  if (asked.json) co_return exit_code::ok;  // its last event said it
  if (asked.what == action::stop) {
    here.screen().say(
        session.detail ? "livyd does that the next time it works in this folder."
                       : "The session is removed. Start one when you want: livyd session start.");
  } else {
    here.screen().say(described(session));
  }
  co_return exit_code::ok;
}

}  // namespace

int perform(const session_command& asked) {
  const bool looks = asked.what == action::show;
  auto where = asked.where;
  where.yes = where.yes || looks;
  conversation here(where, asked.json);
  return here.perform(looks ? show(here, asked) : change(here, asked));
}

}  // namespace livyd
