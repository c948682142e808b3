// `livyd logs`: the driver's log of a session, once or as it grows.
#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"
#include "service/log_view.hpp"

namespace livyd {
namespace {

task<void> stop_following(conversation& here) {
  co_await here.all().log_unfollow({.profile = here.profile()});
  here.events().give_up();
}

task<void> print(conversation& here, const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += concat(line, "\n");
  co_await here.screen().output(std::move(text));
}

task<int> read(conversation& here, logs_command asked, std::string session) {
  auto page = co_await here.all().log_read({.profile = here.profile(),
                                            .session = std::move(session),
                                            .from = asked.from,
                                            .size = asked.tail.value_or(-1)});
  here.events().rest();
  if (asked.json) {
    co_await here.screen().output(json_line(page));
  } else if (page.total == 0) {
    here.screen().say("The log is empty.");
  } else {
    co_await print(here, page.lines);
  }
  co_return exit_code::ok;
}

/// What is left of a session that failed, when the server has forgotten it.
task<int> print_kept(conversation& here, logs_command asked, stored_words kept) {
  auto page = log_page_of(lines_of(kept), asked.from, asked.tail.value_or(-1));
  page.session = kept.name;
  here.events().rest();
  if (asked.json) {
    co_await here.screen().output(json_line(page));
  } else {
    co_await print(here, page.lines);
  }
  co_return exit_code::ok;
}

/// The end of what is there already, which the follower then does not tell again.
task<void> print_tail(conversation& here, const logs_command& asked, std::string session) {
  auto page = co_await here.all().log_read(
      {.profile = here.profile(), .session = std::move(session), .size = -1});
  here.events().skip_log(page.lines);
  const auto before = asked.tail ? page.total - *asked.tail : asked.from.value_or(0);
  const auto skipped = std::clamp<std::int64_t>(before, 0, page.total);
  page.lines.erase(page.lines.begin(), page.lines.begin() + skipped);
  co_await print(here, page.lines);
}

task<int> follow(conversation& here, logs_command asked, std::string session) {
  const bool part = asked.tail || asked.from;
  if (part && !asked.json) co_await print_tail(here, asked, session);
  here.on_interrupt([&here] { return stop_following(here); });
  co_await here.all().log_follow({.profile = here.profile(), .session = std::move(session)});
  co_await here.events().wait();
  co_return exit_code::ok;
}

task<int> show_log(conversation& here, logs_command asked) {
  // Without this folder's store: a run that is under way must not be waited for.
  co_await here.initialize("livyd logs", false);
  const auto kept = asked.session.empty() ? here.last_words() : stored_words{};
  if (!is_empty(kept)) {
    here.screen().say("The session failed and is no longer on the server. Its last words:");
    co_return co_await print_kept(here, asked, kept);
  }
  auto session = asked.session.empty() ? here.remembered_session() : asked.session;
  if (asked.follow) co_return co_await follow(here, std::move(asked), std::move(session));
  co_return co_await read(here, std::move(asked), std::move(session));
}

}  // namespace

int perform(const logs_command& asked) {
  auto where = asked.where;
  where.yes = true;  // nothing is changed
  conversation here(where, asked.json);
  return here.perform(show_log(here, asked));
}

}  // namespace livyd
