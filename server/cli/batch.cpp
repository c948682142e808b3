// `livyd batch`: files that run on the cluster by themselves: submitted, listed, followed, ended.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "cli/columns.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"
#include "cli/target.hpp"

namespace livyd {
namespace {

using action = batch_command::action;
using protocol::BatchInfo;

bool changes(action what) {
  return what == action::submit || what == action::kill;
}

/// An address is the server's; everything else is a path on this machine.
std::string file_to_submit(const std::string& named) {
  const auto colon = named.find(':');
  const auto slash = named.find('/');
  const bool address = colon != std::string::npos && colon > 1 && colon < slash;
  return address ? named : std::filesystem::absolute(named).lexically_normal().string();
}

/// One command at one server's batches.
class batches_at_work {
 public:
  batches_at_work(conversation& here, batch_command asked)
      : here_(here), asked_(std::move(asked)) {}

  task<int> perform() {
    co_await here_.initialize("livyd batch", false);
    switch (asked_.what) {
      case action::submit:
        return_code_ = co_await submit();
        break;
      case action::show:
        co_await show();
        break;
      case action::log:
        return_code_ = co_await log();
        break;
      case action::kill:
        return_code_ = co_await kill();
        break;
      case action::list:
        co_await list();
        break;
    }
    co_return return_code_;
  }

 private:
  std::string profile() const { return here_.profile(); }

  /// The words that lead another command to the same server.
  std::string where() const {
    if (!asked_.where.url.empty()) return concat(" --url ", shown_url(asked_.where.url));
    return concat(" --profile ", profile());
  }

  // -------------------------------------------------------------------------------------
  // submitting

  task<int> submit() {
    here_.say_when_cancelled(
        concat("Stopped. If the server has taken the batch already, it goes on: livyd batch list",
               where(), " shows it."));
    protocol::BatchSubmitParams params;
    params.profile = profile();
    params.file = file_to_submit(asked_.file);
    params.arguments = asked_.arguments;
    params.standalone = asked_.standalone;
    params.transfer = "batch";
    auto made = co_await here_.all().batch_submit(std::move(params));
    if (!asked_.waits) {
      here_.events().rest();
      if (!asked_.json) co_await here_.screen().output(concat(made.batch, "\n"));
      co_return exit_code::ok;
    }
    const bool ended = co_await follow(made.batch);
    co_return ended ? code_of_end(made.batch) : exit_code::ok;
  }

  /// Until it ends, Ctrl-C or nobody reads any more; false in the last two cases.
  task<bool> follow(std::string batch) {
    here_.on_interrupt([this, batch] { return leave(batch); });
    co_await here_.all().batch_follow({.profile = profile(), .batch = batch});
    co_await here_.events().wait();
    here_.events().rest();
    if (!here_.interrupted()) co_return !here_.screen().reader_left();
    co_await here_.interruption_told();
    co_return false;
  }

  task<void> leave(std::string batch) {
    co_await here_.all().batch_unfollow({.profile = profile(), .batch = batch});
    here_.screen().say(concat("Batch ", batch, " goes on. See it: livyd batch log -f ", batch,
                              where(), ". End it: livyd batch kill ", batch, where(), "."));
    here_.events().give_up();
  }

  int code_of_end(const std::string& batch) {
    const auto& seen = here_.events().batch();
    if (!seen || !seen->finished || seen->state == "gone") {
      here_.screen().say(concat("What became of batch ", batch, " is not known. Look again: livyd ",
                                "batch show ", batch, where(), "."));
      return exit_code::refused;
    }
    return seen->state == "success" ? exit_code::ok : exit_code::raised;
  }

  // ----------------------------------------------------------------------------------------
  // looking

  task<void> list() {
    auto listed = co_await here_.all().batch_list({.profile = profile()});
    here_.events().rest();
    if (asked_.json) {
      for (const auto& one : listed.batches) co_await here_.screen().output(json_line(one));
      co_return;
    }
    if (listed.batches.empty()) {
      here_.screen().say("There are no batches on this server.");
      co_return;
    }
    std::vector<std::vector<std::string>> rows{{"ID", "NAME", "STATE", "OWNER", "APPLICATION"}};
    for (const auto& one : listed.batches) {
      rows.push_back({one.batch, one.name.value_or("-"), one.state, one.owner.value_or("-"),
                      one.application_id.value_or("-")});
    }
    co_await here_.screen().output(aligned(rows));
  }

  task<void> show() {
    const auto seen =
        co_await here_.all().batch_get({.profile = profile(), .batch = asked_.ids[0]});
    here_.events().rest();
    if (asked_.json) {
      co_await here_.screen().output(json_line(seen));
      co_return;
    }
    std::vector<std::vector<std::string>> rows;
    const auto add = [&rows](const char* name, const std::optional<std::string>& value) {
      if (value) rows.push_back({name, *value});
    };
    add("Id", seen.batch);
    add("Name", seen.name);
    add("State", seen.state);
    add("Detail", seen.detail);
    add("Application", seen.application_id);
    add("Owner", seen.owner);
    add("Proxy user", seen.proxy_user);
    add("Spark UI", seen.spark_ui_url);
    add("Driver log", seen.driver_log_url);
    co_await here_.screen().output(aligned(rows));
  }

  task<void> print(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += concat(line, "\n");
    co_await here_.screen().output(std::move(text));
  }

  task<int> log() {
    if (asked_.follows) co_return co_await follow_log();
    auto page = co_await here_.all().batch_log({.profile = profile(),
                                                .batch = asked_.ids[0],
                                                .from = asked_.from,
                                                .size = asked_.tail.value_or(-1)});
    here_.events().rest();
    if (asked_.json) {
      co_await here_.screen().output(json_line(page));
    } else if (page.total == 0) {
      here_.screen().say("The log is empty.");
    } else {
      co_await print(page.lines);
    }
    co_return exit_code::ok;
  }

  task<int> follow_log() {
    const auto seen =
        co_await here_.all().batch_get({.profile = profile(), .batch = asked_.ids[0]});
    if ((asked_.tail || asked_.from) && !asked_.json) co_await print_part(seen.batch);
    co_await follow(seen.batch);
    co_return exit_code::ok;
  }

  /// What is there already, which the follower then does not tell again.
  task<void> print_part(std::string batch) {
    auto page = co_await here_.all().batch_log(
        {.profile = profile(), .batch = std::move(batch), .size = -1});
    here_.events().rest();
    here_.events().skip_log(page.lines);
    const auto before = asked_.tail ? page.total - *asked_.tail : asked_.from.value_or(0);
    const auto skipped = std::clamp<std::int64_t>(before, 0, page.total);
    page.lines.erase(page.lines.begin(), page.lines.begin() + skipped);
    co_await print(page.lines);
  }

  // ---------------------------------------------------------------------------------------- ending

  static std::string described(const BatchInfo& one) {
    auto out = one.name ? concat(one.batch, " ", *one.name) : one.batch;
    out += concat(" (", one.state);
    if (one.owner) out += concat(", of ", *one.owner);
    if (one.proxy_user) out += concat(", for ", *one.proxy_user);
    return out + ")";
  }

  /// Looks at all before it asks, so that none is ended when one of them is not there.
  task<std::vector<BatchInfo>> doomed() {
    std::vector<BatchInfo> out;
    std::string others;
    for (const auto& id : asked_.ids) {
      auto one = co_await here_.all().batch_get({.profile = profile(), .batch = id});
      if (!one.mine) others += concat(others.empty() ? "" : ", ", described(one));
      out.push_back(std::move(one));
    }
    if (others.empty()) co_return out;
    const auto why = concat("These batches were not submitted by livyd for you: ", others, ".");
    if (!here_.agrees(concat(why, " Kill them?"), why)) {
      throw failure(failure_kind::invalid_input, "Nothing was done.");
    }
    co_return out;
  }

  task<int> kill() {
    const auto chosen = co_await doomed();
    int code = exit_code::ok;
    for (const auto& one : chosen) {
      std::string said;
      try {
        co_await here_.all().batch_kill({.profile = profile(), .batch = one.batch});
        // What was killed is told as its new state.
        if (one.finished) said = concat("Batch ", described(one), " was removed.");
      } catch (const failure& reason) {
        if (reason.kind() == failure_kind::cancelled) throw;
        said = reason.message();
        code = exit_code::refused;
      }
      here_.events().rest();
      if (!said.empty()) here_.screen().say(said);
    }
    co_return code;
  }

  conversation& here_;
  batch_command asked_;
  int return_code_ = exit_code::ok;
};

task<int> work_on_batches(conversation& here, batch_command asked) {
  batches_at_work work(here, std::move(asked));
  co_return co_await work.perform();
}

}  // namespace

int perform(const batch_command& asked) {
  // Only what changes something must be confirmed.
  auto where = asked.where;
  where.yes = where.yes || !changes(asked.what);
  const bool rows = asked.json && (asked.what == action::list || asked.what == action::show ||
                                   (asked.what == action::log && !asked.follows));
  conversation here(where, asked.json && !rows);
  return here.perform(work_on_batches(here, asked));
}

}  // namespace livyd
