#include "service/project.hpp"

#include <utility>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"
#include "deploy/standalone.hpp"

namespace livyd {
namespace {

/// By which what a session has is remembered.
std::string key_of(const std::string& name, const std::string& id) {
  return name.empty() ? id : name;
}

struct packed_program {
  std::string hash;
  std::int64_t bytes = 0;
  std::int64_t files = 0;
};

/// Blocks.
packed_program write_standalone(const std::vector<deploy::bundle>& all,
                                const protocol::StandaloneParams& params, std::stop_token stop) {
  std::optional<deploy::standalone_script> script;
  if (params.file) {
    const std::filesystem::path file(*params.file);
    script = deploy::standalone_script{
        .name = file.filename().string(), .text = read_file(file), .arguments = params.arguments};
  }
  const auto text = deploy::standalone(all, script, std::move(stop));
  replace_file(params.output, text);
  packed_program out;
  out.hash = sha256_of(text);
  out.bytes = static_cast<std::int64_t>(text.size());
  for (const auto& one : all) {
    if (one.kind == deploy::bundle_kind::py_files) {
      out.files += static_cast<std::int64_t>(one.files.size());
    }
  }
  return out;
}

}  // namespace

project::project(asio::any_io_executor executor, clock& time, listener& events, store& kept,
                 const profile& where, connection& server, active_session& session,
                 deployment_settings settings)
    : events_(events),
      profile_(where),
      connection_(server),
      session_(session),
      deployment_(std::move(executor), time, events, kept, where, server, std::move(settings)),
      reload_(time, deployment_, where) {
  deployment_.saw_statement = [this](const std::string& in, std::int64_t id) {
    session_.saw_statement(in, id);
  };
  session_.on_start(
      [this](livy::session_request& wanted, active_session::starting_told tell) {
        return deployment_.before_session(wanted, std::move(tell));
      },
      [this](livy::client& livy, active_session::starting_told tell) {
        const auto& info = session_.info();
        return deployment_.after_session(livy, info.id.value_or(""), info.name.value_or(""),
                                         std::move(tell));
      });
}

task<protocol::DeployResult> project::deploy(protocol::DeployParams params) {
  auto session = session_.info().id.value_or("");
  co_return co_await deployment_.run(std::move(params), std::move(session));
}

task<protocol::ModuleReloadResult> project::reload(protocol::ModuleReloadParams params) {
  co_await session_.look();
  const auto info = session_.info();
  if (!info.id) {
    throw failure(failure_kind::not_found,
                  "There is no session, so nothing is loaded that could be loaded again. Start a "
                  "session: it gets the modules as they are now.");
  }
  auto livy = co_await connection_.open();
  co_return co_await reload_.perform(
      *livy, {.id = *info.id, .name = key_of(info.name.value_or(""), *info.id)}, std::move(params));
}

task<protocol::StandaloneResult> project::standalone(protocol::StandaloneParams params) {
  deployment_.look_from(params.file);
  auto all = co_await deployment_.bundles_of_any_size();
  if (all.empty() && !params.file) {
    throw failure(failure_kind::invalid_input,
                  "There is neither a script nor a package to put into one file.");
  }
  protocol::StandaloneResult out;
  out.output = params.output;
  for (const auto& one : all) {
    if (one.kind == deploy::bundle_kind::py_files) continue;
    out.remarks.push_back(concat(one.name, " (", one.source.filename().string(),
                                 ") is not in it: only Python goes into one file."));
  }
  auto work = [all = std::move(all), params](std::stop_token stop) {
    return write_standalone(all, params, std::move(stop));
  };
  const auto made = co_await stoppable_off_thread(std::move(work));
  out.bytes = made.bytes;
  out.files = made.files;
  out.hash = made.hash;
  co_return out;
}

task<void> project::warn(std::string words) {
  protocol::Notice notice;
  notice.severity = protocol::Severity::warning;
  notice.text = std::move(words);
  notice.profile = profile_.name;
  co_await events_.notice(std::move(notice));
}

task<void> project::before_run(const run_record& run, livy::client& livy,
                               const ready_session& session) {
  const auto& source = run.stored.params.source;
  if (source) deployment_.look_from(source->file);
  if (!profile_.deploy.reloads || run.stored.params.language != protocol::Language::python) {
    co_return;
  }
  std::string trouble;
  try {
    protocol::ModuleReloadParams params;
    params.profile = profile_.name;
    const auto done = co_await reload_.perform(
        livy, {.id = session.id, .name = key_of(session.name, session.id)}, std::move(params));
    if (!done.kept.empty() || done.executors == protocol::ExecutorState::stale) {
      trouble = done.detail;
    }
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled || reason.kind() == failure_kind::session_lost) {
      throw;
    }
    trouble = concat("Changed modules could not be loaded again. ", reason.message());
  }
  if (!trouble.empty()) co_await warn(std::move(trouble));
}

}  // namespace livyd
