#include "service/room.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "livy/statement.hpp"
#include "service/program.hpp"
#include "service/table.hpp"
#include "service/traceback.hpp"

namespace livyd {
namespace {

using protocol::RunOutcome;
using protocol::RunState;
using protocol::StopTruth;

constexpr std::size_t piece_limit = 64_KiB;
constexpr std::size_t records_kept = 200;
/// How long a Stop waits for its effect before it tells that the driver is still busy.
constexpr duration stop_patience = 3s;

/// `%json name` of a name that does not exist is answered as a success whose data is the shell's
/// own error reply; this makes it the error that it is.
void unwrap_shell_error(livy::statement_view& seen) {
  const auto inner = std::find_if(seen.parts.begin(), seen.parts.end(), [](const auto& part) {
    return part.mime == "content" && part.structured && part.whole();
  });
  if (seen.status != "ok" || inner == seen.parts.end()) return;
  const auto reply = nlohmann::json::parse(inner->preview, nullptr, false);
  if (!reply.is_object() || reply.value("status", "") != "error") return;
  seen.status = "error";
  seen.error_name = reply.value("ename", "Error");
  seen.error_value = reply.value("evalue", "");
  seen.traceback.clear();
  for (const auto& line : reply.value("traceback", nlohmann::json::array())) {
    if (line.is_string()) seen.traceback.push_back(line.get<std::string>());
  }
}

/// What a new session's notice says after "The session was lost": without the advice to start one.
std::string loss_of(const failure& reason) {
  constexpr std::string_view advice = " Start a new one.";
  auto words = reason.message();
  if (words.ends_with(advice)) words.resize(words.size() - advice.size());
  if (words.ends_with('.')) words.pop_back();
  return words;
}

/// Livy strips the line end of what was printed last.
void end_last_line(spool& output) {
  const auto bytes = output.text_bytes();
  if (bytes > 0 && output.read_text(bytes - 1, 1) != "\n") output.append_text("\n");
}

}  // namespace

struct room::record {
  record(protocol::RunStartParams what, std::string text, const std::filesystem::path& folder)
      : params(std::move(what)), code(std::move(text)), output(folder, params.run) {}

  protocol::RunStartParams params;
  std::string code;  ///< as it is sent; let go of after the POST
  protocol::RunInfo info;
  spool output;
  clock::time_point sent_at;
  std::string session;       ///< Livy's id, once the statement is there
  bool may_withdraw = true;  ///< nothing has been sent
  bool stop_asked = false;
  std::uint64_t told_bytes = 0;  ///< how much of the output went out as events
  asio::cancellation_signal withdraw;

  bool finished() const { return info.state == RunState::finished; }
};

room::room(asio::any_io_executor executor, clock& time, listener& events, store& kept,
           profile where, room_settings settings)
    : executor_(executor),
      time_(time),
      events_(events),
      profile_(std::move(where)),
      settings_(std::move(settings)),
      connection_(executor, profile_, settings_.server),
      session_(executor, time, events, kept, profile_, connection_),
      changed_(executor) {}

room::~room() = default;

task<std::vector<protocol::ListedSession>> room::list_sessions() {
  auto livy = co_await connection_.open();
  auto sessions = co_await livy->list_sessions();
  const auto prefix = concat("livyd-", user_name(), "-");
  std::vector<protocol::ListedSession> out;
  for (const auto& view : sessions) {
    protocol::ListedSession row;
    row.id = view.id;
    row.state = view.state;
    if (!view.name.empty()) row.name = view.name;
    if (!view.kind.empty()) row.kind = view.kind;
    if (!view.application_id.empty()) row.application_id = view.application_id;
    if (!view.owner.empty()) row.owner = view.owner;
    if (!view.proxy_user.empty()) row.proxy_user = view.proxy_user;
    row.mine = view.name.starts_with(prefix);
    row.active = session_.info().id == view.id;
    out.push_back(std::move(row));
  }
  co_return out;
}

task<void> room::kill_session(std::string id_or_name) {
  auto livy = co_await connection_.open();
  auto found = co_await livy->find_session(id_or_name);
  if (!found) throw no_such_session(id_or_name);
  if (session_.info().id == found->id) {
    co_await session_.stop();
  } else {
    co_await livy->delete_session(found->id);
  }
}

bool room::has_run(const std::string& run) const {
  return std::any_of(records_.begin(), records_.end(),
                     [&](const auto& one) { return one->params.run == run; });
}

room::record& room::find(const std::string& run) {
  const auto found = std::find_if(records_.begin(), records_.end(),
                                  [&](const auto& one) { return one->params.run == run; });
  if (found == records_.end()) {
    throw failure(failure_kind::not_found,
                  "livyd does not know this run (any more). Run the code again.");
  }
  return **found;
}

std::vector<protocol::RunInfo> room::runs() const {
  std::vector<protocol::RunInfo> out;
  for (const auto& one : records_) out.push_back(one->info);
  return out;
}

task<protocol::RunInfo> room::start(protocol::RunStartParams params) {
  if (has_run(params.run)) co_return find(params.run).info;
  auto code = code_to_send(params);
  auto made = std::make_unique<record>(std::move(params), std::move(code), settings_.outputs);
  auto& run = *made;
  run.info.run = run.params.run;
  run.info.profile = profile_.name;
  run.info.language = run.params.language;
  run.info.source = run.params.source;
  run.info.accepted = time_.wall_milliseconds();
  run.info.state = RunState::queued;
  records_.push_back(std::move(made));
  if (records_.size() > records_kept && records_.front()->finished()) {
    records_.erase(records_.begin());
  }
  queue_.push_back(&run);
  if (!worker_.running()) worker_.start(executor_, "runs", [this] { return work(); });
  co_return run.info;
}

task<void> room::work() {
  // The reply to run/start goes out before the first event of its run: a timer, even one of no
  // length, comes after what is already queued.
  co_await time_.sleep_for(0s);
  while (!queue_.empty() && !closing_) {
    auto& run = *queue_.front();
    co_await execute(run);
    if (!queue_.empty() && queue_.front() == &run) queue_.pop_front();
  }
}

task<void> room::execute(record& run) {
  std::optional<failure> problem;
  bool withdrawn = false;
  try {
    // A slot of its own: a Stop withdraws this run, not the queue.
    auto work = perform(run);
    co_await asio::co_spawn(executor_, std::move(work),
                            asio::bind_cancellation_slot(run.withdraw.slot(), asio::use_awaitable));
  } catch (const failure& reason) {
    problem = reason;
  } catch (const std::exception& error) {
    if (is_cancellation(std::current_exception())) {
      problem = failure(failure_kind::cancelled, "cancelled");
    } else {
      log::error("runs", concat(run.params.run, ": ", error.what()));
      problem = failure(failure_kind::internal, "livyd has a bug: this run could not be followed.");
    }
  }
  if (closing_ || !problem) co_return;
  withdrawn = problem->kind() == failure_kind::cancelled && run.stop_asked;
  if (withdrawn) {
    co_await finish(run, RunOutcome::stopped, "stopped before it was sent");
  } else {
    co_await finish(run, RunOutcome::failed, problem->message());
  }
}

task<void> room::perform(record& run) {
  std::shared_ptr<livy::client> livy;
  auto session = co_await submit(run, livy);
  if (session.empty()) co_return;
  run.session = session;
  co_await session_.set_working(true);
  if (run.stop_asked) co_await ask_to_cancel(run);
  std::optional<failure> problem;
  try {
    co_await follow(run, *livy, session);
  } catch (const failure& reason) {
    problem = reason;
  }
  if (!problem) {
    if (queue_.size() <= 1) co_await session_.set_working(false);
    co_return;
  }
  if (problem->kind() == failure_kind::session_lost) {
    const bool removed = session_.info().state == protocol::SessionState::removed;
    co_await session_.lose(loss_of(*problem));
    if (removed) {
      co_await finish(run, RunOutcome::stopped, "the session was removed while this ran");
    } else {
      co_await finish(run, RunOutcome::unknown,
                      concat("The session ended while this ran (", loss_of(*problem),
                             "). How far the code came is not known."));
    }
    co_return;
  }
  if (problem->kind() == failure_kind::not_found) {
    co_await finish(run, RunOutcome::unknown,
                    "The server has forgotten this statement; what became of it is not known.");
    co_return;
  }
  throw failure(*problem);
}

/// Returns the id of the session that took the code, or "" when the run has been finished here.
task<std::string> room::submit(record& run, std::shared_ptr<livy::client>& livy) {
  for (int attempt = 0;; ++attempt) {
    co_await change(run, RunState::starting, {});
    auto session = co_await session_.ensure();
    livy = co_await connection_.open();
    if (run.stop_asked) throw_cancelled();
    run.may_withdraw = false;
    run.sent_at = time_.now();
    co_await change(run, RunState::sent, {});
    std::optional<failure> problem;
    try {
      run.info.statement = co_await livy->submit(session, run.code,
                                                 std::string(statement_kind(run.params.language)));
    } catch (const failure& reason) {
      problem = reason;
    }
    if (!problem) {
      run.code = {};
      co_return session;
    }
    if (problem->kind() == failure_kind::session_lost && attempt == 0) {
      // The server refused it: it certainly did not run, so it may be sent to a new session.
      run.may_withdraw = true;
      co_await session_.lose(loss_of(*problem));
      continue;
    }
    if (leaves_outcome_unknown(problem->kind())) {
      co_await finish(run, RunOutcome::unknown,
                      concat("livyd cannot tell whether your code ran: the answer was lost. ",
                             problem->message()));
      co_return std::string();
    }
    throw failure(*problem);
  }
}

task<void> room::follow(record& run, livy::client& livy, const std::string& session) {
  auto observe = [this, &run](const livy::statement_progress& seen) -> task<void> {
    co_await session_.set_reachable(seen.trouble);
    if (seen.state == "running" || seen.progress > 0) run.info.progress = seen.progress;
    auto state = seen.state == "running" ? RunState::running : RunState::sent;
    if (run.stop_asked) state = RunState::stopping;
    if (seen.state.empty()) state = run.info.state;
    co_await change(run, state, seen.trouble);
  };
  auto seen = co_await livy::follow_statement(livy, time_, session, *run.info.statement, run.output,
                                              observe);
  co_await conclude(run, livy, session, std::move(seen));
}

task<void> room::conclude(record& run, livy::client& livy, const std::string& session,
                          livy::statement_view seen) {
  append_tables(run, seen);
  end_last_line(run.output);
  protocol::RunResult result;
  result.parts = run.output.finish();
  unwrap_shell_error(seen);
  std::erase_if(result.parts,
                [](const auto& part) { return part.mime.find('/') == std::string::npos; });
  if (seen.state == "cancelled") {
    result.outcome = RunOutcome::stopped;
    bool busy = false;
    try {
      auto view = co_await livy.find_session(session);
      busy = view && view->phase() == livy::session_phase::busy && queue_.size() <= 1;
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
    }
    result.message =
        busy ? "Livy says cancelled, but the driver is still busy" : "stopped; the session is free";
  } else if (seen.status == "error") {
    result.outcome = RunOutcome::error;
    result.error = editor_error(seen, run.params);
    result.message = result.error->message.empty()
                         ? result.error->name
                         : concat(result.error->name, ": ", result.error->message);
  } else {
    result.outcome = RunOutcome::ok;
    result.message = "ok";
  }
  co_await finish(run, std::move(result));
}

void room::append_tables(record& run, const livy::statement_view& seen) {
  for (const auto& part : seen.parts) {
    if (part.mime != "application/json" || !part.structured || !part.whole()) continue;
    const auto value = nlohmann::json::parse(part.preview, nullptr, false);
    if (is_sql_result(value)) run.output.append_text(table_text(value));
  }
}

task<void> room::finish(record& run, RunOutcome outcome, std::string message) {
  protocol::RunResult result;
  result.outcome = outcome;
  result.message = std::move(message);
  result.parts = run.output.finish();
  return finish(run, std::move(result));
}

task<void> room::finish(record& run, protocol::RunResult result) {
  const auto total = run.output.text_bytes();
  const auto shown = std::min(total, settings_.preview_bytes);
  co_await send_output(run, 0, shown);
  if (run.sent_at != clock::time_point()) {
    result.milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(time_.now() - run.sent_at).count();
  }
  result.output_bytes = static_cast<std::int64_t>(total);
  result.sent_bytes = static_cast<std::int64_t>(run.told_bytes);
  if (const auto file = run.output.text_file()) result.output_file = file->string();
  run.may_withdraw = false;
  run.code = {};
  run.info.output_bytes = static_cast<std::int64_t>(total);
  run.info.state = RunState::finished;
  run.info.detail.reset();
  run.info.result = std::move(result);
  log::info("runs",
            concat(run.params.run, " ended: ", protocol::name_of(run.info.result->outcome)));
  co_await events_.run_finished(run.info);
  changed_.notify_all();
}

task<void> room::send_output(record& run, std::uint64_t from, std::uint64_t to) {
  while (from < to) {
    const auto limit = std::min<std::uint64_t>(piece_limit, to - from);
    auto text = run.output.read_text(from, limit);
    if (text.empty()) break;
    protocol::RunOutput piece;
    piece.run = run.params.run;
    piece.offset = static_cast<std::int64_t>(from);
    from += text.size();
    run.told_bytes = std::max(run.told_bytes, from);
    piece.text = std::move(text);
    co_await events_.run_output(std::move(piece));
  }
}

task<void> room::change(record& run, RunState state, std::string detail) {
  const auto told = detail.empty() ? std::nullopt : std::optional(std::move(detail));
  run.info.state = state;
  run.info.detail = told;
  co_await events_.run_changed(run.info);
  changed_.notify_all();
}

task<protocol::RunStopResult> room::stop(std::string name) {
  auto& run = find(name);
  protocol::RunStopResult out;
  if (run.finished()) {
    out.truth = StopTruth::already_finished;
    out.message = "It had already finished.";
    co_return out;
  }
  run.stop_asked = true;
  if (queue_.front() != &run) {
    queue_.erase(std::find(queue_.begin(), queue_.end(), &run));
    co_await finish(run, RunOutcome::stopped, "stopped before it was sent");
    out.truth = StopTruth::withdrawn;
    out.message = "It was waiting and has not been sent.";
    co_return out;
  }
  const bool withdrawing = run.may_withdraw;
  if (withdrawing) {
    run.withdraw.emit(asio::cancellation_type::terminal);
  } else {
    co_await change(run, RunState::stopping, {});
    co_await ask_to_cancel(run);
  }
  const auto deadline = time_.now() + stop_patience;
  while (!run.finished() && time_.now() < deadline) co_await time_.sleep_for(20ms);
  if (!run.finished()) {
    out.truth = StopTruth::busy;
    out.message =
        "Livy was asked to cancel, but the driver is still busy. Keep waiting, or restart the "
        "session.";
  } else if (run.info.result->outcome != RunOutcome::stopped) {
    out.truth = StopTruth::already_finished;
    out.message = "It finished before it could be stopped.";
  } else if (withdrawing) {
    out.truth = StopTruth::withdrawn;
    out.message = "It was waiting and has not been sent.";
  } else {
    const bool free = run.info.result->message.ends_with("free");
    out.truth = free ? StopTruth::stopped : StopTruth::busy;
    out.message = free ? "Stopped; the session is free."
                       : "Livy says cancelled, but the driver is still busy. Keep waiting, or "
                         "restart the session.";
  }
  co_return out;
}

task<void> room::ask_to_cancel(record& run) {
  if (!run.info.statement || run.session.empty()) co_return;  // asked again after the POST
  auto livy = co_await connection_.open();
  co_await livy->cancel_statement(run.session, *run.info.statement);
}

task<protocol::RunInfo> room::attach(std::string name, std::uint64_t from) {
  auto& run = find(name);
  co_await send_output(run, from, run.told_bytes);
  if (run.finished()) co_await events_.run_finished(run.info);
  co_return run.info;
}

void room::leave() {
  closing_ = true;
  session_.abandon();
}

task<void> room::close() {
  leave();
  for (auto* run : queue_) run->withdraw.emit(asio::cancellation_type::terminal);
  worker_.cancel();
  const auto deadline = time_.now() + 2s;
  while ((worker_.running() || session_.unwinding()) && time_.now() < deadline) {
    co_await time_.sleep_for(5ms);
  }
}

}  // namespace livyd
