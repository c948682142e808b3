// `livyd deploy`, `reload` and `standalone`: the project of this folder on the cluster.
#include <ctime>
#include <filesystem>
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

constexpr std::size_t hash_width = 12;

std::string bytes_text(std::int64_t bytes) {
  return human_bytes(static_cast<std::uint64_t>(bytes));
}

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

std::string time_text(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  char text[32] = {};
  if (::localtime_r(&seconds, &parts) == nullptr) return "-";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts)};
}

/// Where the search for the project begins.
std::string beginning(const std::string& from) {
  return absolute(from.empty() ? "." : from);
}

// ---------------------------------------------------------------- deploy

task<void> show(conversation& here, const protocol::DeployResult& done, bool dry) {
  if (here.events().as_json()) {
    co_await here.screen().output(json_line(done));
    co_return;
  }
  std::vector<std::vector<std::string>> rows{
      {"BUNDLE", "AS", "FILES", "SIZE", "HASH", "STATE", "TARGET"}};
  for (const auto& one : done.bundles) {
    rows.push_back({one.name, std::string(protocol::name_of(one.kind)), std::to_string(one.files),
                    bytes_text(one.bytes), one.hash.substr(0, hash_width),
                    std::string(protocol::name_of(one.state)), one.target});
  }
  co_await here.screen().output(aligned(rows));
  for (const auto& words : done.remarks) here.screen().say(concat("· ", words));
  here.screen().say(concat("· ", done.reason));
  if (done.bytes == 0) {
    here.screen().say("Nothing is to be sent.");
  } else {
    here.screen().say(concat(bytes_text(done.bytes), dry ? " would be sent." : " sent."));
  }
}

task<void> show_deployed(conversation& here, const protocol::DeployListResult& listed) {
  if (here.events().as_json()) {
    for (const auto& one : listed.deployed) co_await here.screen().output(json_line(one));
    co_return;
  }
  if (listed.deployed.empty()) {
    here.screen().say("Nothing has been deployed from this folder.");
    co_return;
  }
  std::vector<std::vector<std::string>> rows{
      {"BUNDLE", "AS", "HASH", "SENT", "BY", "STATE", "SESSIONS", "TARGET"}};
  for (const auto& one : listed.deployed) {
    rows.push_back({one.bundle, std::string(protocol::name_of(one.kind)),
                    one.hash.substr(0, hash_width), time_text(one.time),
                    std::string(protocol::name_of(one.carrier)), one.stale ? "stale" : "current",
                    one.sessions.empty() ? "-" : one.sessions.front(), one.target});
  }
  co_await here.screen().output(aligned(rows));
}

task<int> work_on_deployment(conversation& here, deploy_command asked) {
  using action = deploy_command::action;
  co_await here.initialize("livyd deploy", true);
  protocol::DeployParams params;
  params.profile = here.profile();
  params.file = beginning(asked.from);
  switch (asked.what) {
    case action::plan: {
      const auto planned = co_await here.all().deploy_plan(std::move(params));
      co_await show(here, planned, true);
      break;
    }
    case action::send: {
      params.transfer = "deploy";
      // Whether the session of this folder is still there decides what it can take.
      co_await here.all().session_get({.profile = here.profile()});
      const auto done = co_await here.all().deploy_run(std::move(params));
      here.screen().erase();
      co_await show(here, done, false);
      break;
    }
    case action::list: {
      const auto listed = co_await here.all().deploy_list(std::move(params));
      co_await show_deployed(here, listed);
      break;
    }
    case action::remove:
      for (const auto& target : asked.targets) {
        co_await here.all().deploy_remove({.profile = here.profile(), .target = target});
        here.screen().say(concat(target, " was removed."));
      }
      break;
  }
  co_return exit_code::ok;
}

// ---------------------------------------------------------------- reload

task<int> work_on_reload(conversation& here, reload_command asked) {
  co_await here.initialize("livyd reload", true);
  protocol::ModuleReloadParams params;
  params.profile = here.profile();
  params.file = asked.push.empty() ? beginning("") : absolute(asked.push);
  params.push = !asked.push.empty();
  params.modules = asked.modules;
  const auto done = co_await here.all().module_reload(std::move(params));
  if (here.events().as_json()) {
    co_await here.screen().output(json_line(done));
  } else {
    here.screen().say(done.detail);
  }
  co_return done.kept.empty() ? exit_code::ok : exit_code::raised;
}

// ---------------------------------------------------------------- standalone

task<int> work_on_standalone(conversation& here, standalone_command asked) {
  co_await here.initialize("livyd standalone", false);
  protocol::StandaloneParams params;
  params.profile = here.profile();
  if (!asked.script.empty()) params.file = absolute(asked.script);
  params.arguments = asked.arguments;
  auto output = asked.output;
  if (output.empty()) {
    const auto stem = std::filesystem::path(asked.script).stem().string();
    output = concat(stem.empty() ? "modules" : stem, "-standalone.py");
  }
  params.output = absolute(output);
  const auto made = co_await here.all().standalone_build(std::move(params));
  if (here.events().as_json()) {
    co_await here.screen().output(json_line(made));
    co_return exit_code::ok;
  }
  for (const auto& words : made.remarks) here.screen().say(concat("· ", words));
  here.screen().say(concat(output, ", ", bytes_text(made.bytes), ", with ", made.files,
                           made.files == 1 ? " file inside." : " files inside."));
  co_return exit_code::ok;
}

}  // namespace

int perform(const deploy_command& asked) {
  auto where = asked.where;
  const bool looks =
      asked.what == deploy_command::action::plan || asked.what == deploy_command::action::list;
  where.yes = where.yes || looks;
  conversation here(where, asked.json);
  here.say_when_cancelled("Stopped; what was begun was cleaned up.");
  return here.perform(work_on_deployment(here, asked));
}

int perform(const reload_command& asked) {
  conversation here(asked.where, asked.json);
  return here.perform(work_on_reload(here, asked));
}

int perform(const standalone_command& asked) {
  auto where = asked.where;
  where.yes = true;  // it changes nothing on a server
  conversation here(where, asked.json);
  return here.perform(work_on_standalone(here, asked));
}

}  // namespace livyd
