#include "service/execution.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "livy/backoff.hpp"
#include "livy/marker.hpp"
#include "service/display.hpp"
#include "service/program.hpp"
#include "service/table.hpp"
#include "service/traceback.hpp"

namespace livyd {
namespace {

using nlohmann::json;
using protocol::RunOutcome;
using protocol::RunState;

/// One long poll, and what one brings at most.
constexpr duration longest_poll = 10s;
constexpr std::size_t piece_bytes = 512_KiB;
/// Between two polls when nobody looks.
constexpr duration unwatched_pause = 1s;
/// Between two polls of output that never stops: what was printed meanwhile comes in one piece.
constexpr duration gathering = 40ms;
/// Between two looks at a statement whose end the agent will tell: they bring progress only.
constexpr duration told_pause = 2s;
/// How long a lost statement is looked for above the fence, without an agent.
constexpr duration late_delivery = 60s;
/// After the statement's end: how often reading the rest may fail before it counts as lost.
constexpr int failures_at_the_end = 8;
constexpr int most_empty_reads = 100;
/// For telling the agent that a record is no longer needed.
constexpr duration farewell = 2s;
/// How often a run is sent anew to a new session because its session was found gone.
constexpr int most_lost_sessions = 2;

/// True for as long as this lives.
class raised_flag {
 public:
  explicit raised_flag(bool& flag) : flag_(flag) { flag_ = true; }
  ~raised_flag() { flag_ = false; }
  raised_flag(const raised_flag&) = delete;
  raised_flag& operator=(const raised_flag&) = delete;

 private:
  bool& flag_;
};

/// `%json name` of a name that does not exist is answered as a success whose data is the shell's
/// own error reply; this makes it the error that it is.
void unwrap_shell_error(livy::statement_view& seen) {
  const auto inner = std::find_if(seen.parts.begin(), seen.parts.end(), [](const auto& part) {
    return part.mime == "content" && part.structured && part.whole();
  });
  if (seen.status != "ok" || inner == seen.parts.end()) return;
  const auto reply = json::parse(inner->preview, nullptr, false);
  if (!reply.is_object() || reply.value("status", "") != "error") return;
  seen.status = "error";
  seen.error_name = reply.value("ename", "Error");
  seen.error_value = reply.value("evalue", "");
  seen.traceback.clear();
  for (const auto& line : reply.value("traceback", json::array())) {
    if (line.is_string()) seen.traceback.push_back(line.get<std::string>());
  }
}

/// A reply that the agent remembers, in the shape of a statement that Livy has forgotten.
livy::statement_view remembered(const std::string& text) {
  livy::statement_view seen;
  seen.state = "available";
  seen.completed = livy::statement_view::completed_unknown;
  const auto reply = json::parse(text, nullptr, false);
  if (!reply.is_object()) return seen;
  seen.has_output = true;
  seen.status = reply.value("status", "ok");
  seen.error_name = reply.value("ename", "");
  seen.error_value = reply.value("evalue", "");
  for (const auto& line : reply.value("traceback", json::array())) {
    if (line.is_string()) seen.traceback.push_back(line.get<std::string>());
  }
  const auto data = reply.value("data", json::object());
  for (const auto& [mime, value] : data.items()) {
    livy::output_part part;
    part.mime = mime;
    part.structured = value.is_structured();
    part.preview = value.is_string() ? value.get<std::string>() : value.dump();
    part.bytes = part.preview.size();
    seen.parts.push_back(std::move(part));
  }
  return seen;
}

/// Livy strips the line end of what was printed last.
void end_last_line(spool& output) {
  const auto bytes = output.text_bytes();
  if (bytes > 0 && output.read_text(bytes - 1, 1) != "\n") output.append_text("\n");
}

void append_tables(spool& output, const livy::statement_view& seen) {
  for (const auto& part : seen.parts) {
    if (part.mime != "application/json" || !part.structured || !part.whole()) continue;
    const auto value = json::parse(part.preview, nullptr, false);
    if (is_sql_result(value)) output.append_text(table_text(value));
  }
}

/// False when it failed; what that means is told by what becomes of the run.
task<bool> attempted(task<void> work) {
  try {
    co_await std::move(work);
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    log::debug("runs", concat("stop: ", reason.message()));
    co_return false;
  }
  co_return true;
}

task<void> interrupt_or_withdraw(agent::remote& agent, std::string name, bool& interrupted) {
  const auto done = co_await agent.interrupt(name);
  interrupted = done == agent::interruption::interrupted;
  // Not begun: what waits or is still on its way shall not run.
  if (done == agent::interruption::unknown) co_await agent.withdraw(name);
}

/// What a new session's notice says after "The session was lost": without the advice to start one.
std::string reason_of_loss(const failure& reason) {
  constexpr std::string_view advice = " Start a new one.";
  constexpr std::string_view opening = "The session is gone: ";
  auto words = reason.message();
  if (words.starts_with(opening)) words.erase(0, opening.size());
  if (words.ends_with(advice)) words.resize(words.size() - advice.size());
  if (words.ends_with('.')) words.pop_back();
  return words;
}

/// What a POST can answer that leaves no doubt. Everything else may have done its work.
bool certainly_did_not_run(failure_kind kind) {
  switch (kind) {
    case failure_kind::name_not_found:
    case failure_kind::connection_refused:
    case failure_kind::tls:
    case failure_kind::unauthorized:
    case failure_kind::forbidden:
    case failure_kind::not_found:
    case failure_kind::rejected:
    case failure_kind::session_lost:
    case failure_kind::invalid_input:
    case failure_kind::unsupported:
      return true;
    default:
      return false;
  }
}

/// For the drills only: with it, livyd behaves as clients do that send a lost POST again.
bool adoption_is_off() {
  return std::getenv("LIVYD_TEST_NO_ADOPTION") != nullptr;  // NOLINT(concurrency-mt-unsafe)
}

std::string_view kind_of(const run_record& run) {
  return statement_kind(run.stored.params.language);
}

}  // namespace

execution::execution(const execution_tools& tools, run_record& run)
    : tools_(tools), run_(run), ended_here_(tools.executor), looks_(tools.executor) {
  looks_.pause = [this] { return streaming_ && !run_.stop_asked ? told_pause : duration::zero(); };
}

task<void> execution::open() {
  livy_ = co_await tools_.server.open();
}

livy::marker execution::mark() const {
  livy::marker mark;
  mark.run = run_.stored.marked_name();
  const auto& params = run_.stored.params;
  if (params.source) {
    mark.file = params.source->file;
    mark.line = params.source->first_line;
  }
  if (run_.stored.agent && params.program) mark.program = params.program->arguments;
  return mark;
}

std::string execution::code_to_post() const {
  const auto& params = run_.stored.params;
  const auto code = run_.stored.agent ? checked_code(params) : code_to_send(params);
  return livy::marked(code, kind_of(run_), mark());
}

task<void> execution::perform() {
  std::optional<failure> problem;
  try {
    bool there = false;
    if (run_.may_have_been_sent()) {
      co_await rejoin();
      there = run_.stored.statement >= 0;
      if (!there) there = co_await find_out();
    }
    if (!there && !run_.finished()) there = co_await submit();
    if (there) co_await follow();
  } catch (const failure& reason) {
    problem = reason;
  }
  if (!problem) co_return;
  if (problem->kind() == failure_kind::session_lost && run_.may_have_been_sent()) {
    co_await end_with_session(*problem);
    co_return;
  }
  throw failure(*problem);
}

// ---------------------------------------------------------------- sending

/// True when the server has the statement, false when the run has been finished here.
task<bool> execution::submit() {
  int failures = 0;
  for (int lost = 0;;) {
    if (run_.stop_asked) throw_cancelled();
    co_await run_.change(RunState::starting, {});
    auto session = co_await tools_.session.ensure();
    co_await open();
    if (run_.stop_asked) throw_cancelled();
    const auto asked = session.id;
    std::optional<failure> problem;
    try {
      if (tools_.prepare) co_await tools_.prepare(run_, *livy_, session);
      co_await submit_once(std::move(session));
    } catch (const failure& reason) {
      problem = reason;
    }
    // Once the server has named the statement it is there, whatever happened to the journal.
    if (run_.stored.statement >= 0) co_return true;
    const auto kind = problem->kind();
    if (kind == failure_kind::cancelled) throw failure(*problem);
    const bool unknown = run_.stored.phase == run_phase::sending && !certainly_did_not_run(kind);
    if (unknown && !adoption_is_off()) {
      const bool found = co_await find_out();
      if (found || run_.finished()) co_return found;
      continue;
    }
    // The server refused it or was not reached: it certainly did not run.
    run_.stored.phase = run_phase::accepted;
    run_.may_withdraw = true;
    co_await run_.keep();
    if (kind == failure_kind::session_lost && ++lost <= most_lost_sessions) {
      co_await tools_.session.lose(asked, reason_of_loss(*problem));
    } else if (is_transient(kind)) {
      co_await tools_.session.set_reachable(problem->message());
      co_await run_.change(RunState::starting, problem->message());
      co_await tools_.time.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
    } else {
      throw failure(*problem);
    }
  }
}

task<bool> execution::submit_once(ready_session to) {
  auto& stored = run_.stored;
  stored.server = tools_.server.stored_url();
  stored.session = std::move(to.id);
  stored.session_name = std::move(to.name);
  stored.application_id = std::move(to.application_id);
  stored.last_known = to.last_statement;
  stored.agent = to.agent && stored.params.language == protocol::Language::python;
  stored.statement = -1;
  stored.phase = run_phase::sending;
  stored.sent = tools_.time.wall_milliseconds();
  co_await run_.keep();
  run_.may_withdraw = false;
  run_.sent_at = tools_.time.now();
  co_await run_.change(RunState::sent, {});
  auto code = code_to_post();
  const std::string kind(kind_of(run_));
  stored.statement = co_await livy_->submit(stored.session, std::move(code), kind);
  stored.phase = run_phase::sent;
  run_.info.statement = stored.statement;
  tools_.session.saw_statement(stored.session, stored.statement);
  co_await tools_.session.set_reachable({});
  co_await run_.keep();
  co_return true;
}

// ---------------------------------------------------------------- finding out

/// For a run that an earlier process has sent: its session, when it is still there.
task<void> execution::rejoin() {
  co_await run_.change(RunState::sent, "livyd was restarted and looks for this run");
  const auto& stored = run_.stored;
  if (stored.server != tools_.server.stored_url()) {
    throw failure(failure_kind::session_lost, "the profile points to another server now");
  }
  co_await tools_.session.rejoin(stored.session, stored.session_name, stored.application_id);
  co_await open();
  if (stored.statement >= 0) co_await expect_own_statement();
  // Without an agent the whole output comes with the result.
  if (!run_.stored.agent) {
    run_.output.forget();
    run_.told_bytes = 0;
  }
  co_await tools_.session.set_working(true);
  run_.info.adopted = true;
}

/// Livy counts from 0 again after a restart, and a session may have no name: the statement of our
/// number must be the one that was sent. What fails on the way is met again while it is followed.
task<void> execution::expect_own_statement() {
  livy::no_output nowhere;
  std::optional<livy::statement_view> seen;
  try {
    seen = co_await livy_->read_statement(run_.stored.session, run_.stored.statement, nowhere);
  } catch (const failure& reason) {
    if (!is_transient(reason.kind())) throw;
  }
  if (!seen) co_return;
  if (livy::marked_run(seen->code_head, seen->code_tail) == run_.stored.marked_name()) co_return;
  throw failure(failure_kind::session_lost,
                "its number belongs to another session now, so the server restarted");
}

/// After an answer that was lost. True: the server has the statement. False: the run has been
/// finished here, or it certainly never ran and may be sent (again).
task<bool> execution::find_out() {
  lost_post lost;
  lost.facts.last_known = run_.stored.last_known;
  lost.has_agent = run_.stored.agent;
  co_await run_.change(RunState::sent,
                       "the server's answer was lost; livyd finds out whether the code runs");
  for (int failures = 0;;) {
    std::optional<failure> problem;
    try {
      const auto answer = co_await look_for(lost);
      if (answer) co_return *answer;
      failures = 0;
    } catch (const failure& reason) {
      problem = reason;
    }
    if (!problem) continue;
    if (problem->kind() == failure_kind::unsupported && lost.has_agent) {
      lost.has_agent = false;
      continue;
    }
    if (!is_transient(problem->kind())) throw failure(*problem);
    co_await tools_.session.set_reachable(problem->message());
    co_await run_.change(run_.stop_asked ? RunState::stopping : RunState::sent, problem->message());
    co_await tools_.time.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
    co_await open();
  }
}

/// One step of finding out; the answer, as find_out gives it, when that was the last one.
task<std::optional<bool>> execution::look_for(lost_post& lost) {
  const auto next = livy::next_adoption_step(lost.facts, lost.has_agent);
  std::optional<bool> answer;
  switch (next.step) {
    using step = livy::adoption_step;
    case step::post_fence:
      lost.facts.fence = co_await post_fence();
      break;
    case step::read:
      lost.facts.seen[next.statement] = co_await whose(next.statement);
      break;
    case step::withdraw: {
      const bool withdrawn = co_await withdraw_for_good();
      lost.facts.agent_saw_it = !withdrawn;
      break;
    }
    case step::adopt:
      co_await adopt(next.statement);
      answer = true;
      break;
    case step::adopt_by_agent:
      co_await take_agents_word();
      answer = false;
      break;
    case step::never_ran:
      co_await settle_never_ran();
      answer = false;
      break;
    case step::watch:
      answer = co_await watch_for_late(next, *lost.facts.fence);
      break;
  }
  co_return answer;
}

task<livy::seen_statement> execution::whose(std::int64_t statement) {
  livy::no_output nowhere;
  const auto seen = co_await livy_->read_statement(run_.stored.session, statement, nowhere);
  if (!seen) co_return livy::seen_statement::absent;
  const bool ours = livy::marked_run(seen->code_head, seen->code_tail) == run_.stored.marked_name();
  co_return ours ? livy::seen_statement::ours : livy::seen_statement::other;
}

task<void> execution::adopt(std::int64_t statement) {
  run_.stored.statement = statement;
  run_.stored.phase = run_phase::sent;
  run_.info.statement = statement;
  co_await run_.keep();
  log::info("runs", concat(run_.id(), " was found as statement ", statement));
  co_await tools_.session.set_reachable({});
}

/// It ran and the server has forgotten it: output and outcome come from the agent.
task<void> execution::take_agents_word() {
  co_await stream_output();
  const bool recalled = co_await recall_outcome();
  if (recalled) {
    co_await conclude();
  } else {
    co_await end_as_unknown("the server has forgotten its statement");
  }
}

task<void> execution::settle_never_ran() {
  auto& stored = run_.stored;
  log::info("runs", concat(run_.id(), " never ran (attempt ", stored.attempt, ")"));
  stored.phase = run_phase::accepted;
  ++stored.attempt;
  run_.may_withdraw = true;
  co_await run_.keep();
  co_await tools_.session.set_reachable({});
  if (run_.stop_asked) {
    run_.never_ran = true;
    co_await run_.finish(RunOutcome::stopped, "withdrawn; it never ran");
  } else if (run_.look_only) {
    co_await run_.finish(RunOutcome::failed, "It never ran. Run it again if you want it.");
  }
}

task<std::int64_t> execution::post_fence() {
  const std::string kind(kind_of(run_));
  auto code = livy::fence(kind, random_hex(4));
  const auto id = co_await livy_->submit(run_.stored.session, std::move(code), kind);
  tools_.session.saw_statement(run_.stored.session, id);
  co_return id;
}

/// True: it has not run and never will.
task<bool> execution::withdraw_for_good() {
  agent::remote agent(*livy_, tools_.time, run_.stored.session);
  co_return co_await agent.withdraw(run_.stored.marked_name());
}

/// Without an agent nobody can refuse a late delivery: ids above the fence are looked at for a
/// while. True when it came; otherwise the run ends as unknown.
task<bool> execution::watch_for_late(livy::adoption_decision next, std::int64_t fence) {
  const auto until = tools_.time.now() + late_delivery;
  for (auto id = fence + 1; !next.evicted && tools_.time.now() < until;) {
    auto seen = livy::seen_statement::absent;
    std::string trouble;
    try {
      seen = co_await whose(id);
    } catch (const failure& reason) {
      if (!is_transient(reason.kind())) throw;
      trouble = reason.message();
    }
    co_await tools_.session.set_reachable(trouble);
    if (seen == livy::seen_statement::ours) {
      co_await adopt(id);
      co_return true;
    }
    if (seen == livy::seen_statement::other) {
      ++id;
    } else {
      co_await tools_.time.sleep_for(1s);
    }
  }
  co_await end_as_unknown(next.evicted ? "the server has forgotten statements since"
                                       : std::string());
  co_return false;
}

task<void> execution::end_as_unknown(std::string why) {
  const auto now = static_cast<std::time_t>(tools_.time.wall_milliseconds() / 1000);
  std::tm local{};
  ::localtime_r(&now, &local);
  char clock_time[8];
  std::strftime(clock_time, sizeof clock_time, "%H:%M", &local);
  auto words = concat("livyd cannot tell whether your code ran: it was not seen by ",
                      static_cast<const char*>(clock_time));
  if (!why.empty()) words += concat(" (", why, ")");
  co_await run_.finish(RunOutcome::unknown, words + ". Look again, or run it again.");
}

task<void> execution::end_with_session(const failure& reason) {
  const bool removed = tools_.session.info().state == protocol::SessionState::removed;
  const auto why = reason_of_loss(reason);
  if (!removed) co_await tools_.session.lose(run_.stored.session, why);
  if (run_.output.reply_bytes() == 0 && run_.stored.agent) end_last_line(run_.output);
  if (removed) {
    co_await run_.finish(RunOutcome::stopped, "the session was removed while this ran");
  } else {
    co_await run_.finish(RunOutcome::unknown, concat("The session ended while this ran (", why,
                                                     "). How far the code came is not known."));
  }
}

// ---------------------------------------------------------------- following

task<void> execution::follow() {
  using asio::experimental::awaitable_operators::operator&&;
  co_await tools_.session.set_working(true);
  if (run_.stop_asked) co_await ask_to_stop();
  std::exception_ptr cut;
  try {
    // Neither throws but when it is cancelled.
    co_await (watch_statement() && stream_output());
  } catch (...) {
    cut = std::current_exception();
  }
  if (cut) throw_cancelled();
  if (problem_ && problem_->kind() == failure_kind::not_found) {
    const bool recalled = co_await recall_outcome();
    if (!recalled) {
      co_await run_.finish(
          RunOutcome::unknown,
          "The server has forgotten this statement; what became of it is not known.");
      co_return;
    }
    problem_.reset();
  }
  if (problem_) throw failure(*problem_);
  co_await conclude();
}

/// Polls the statement until it is complete: `seen_`, or `problem_`.
task<bool> execution::watch_statement() {
  auto observe = [this](const livy::statement_progress& seen) -> task<void> {
    co_await tools_.session.set_reachable(seen.trouble);
    if (!seen.trouble.empty()) co_await expect_same_server();
    if (run_.stop_asked && !stop_accepted_) co_await ask_to_stop();
    const auto progress = run_.info.progress;
    if (seen.state == "running" || seen.progress > 0) run_.info.progress = seen.progress;
    auto state = seen.state == "running" ? RunState::running : RunState::sent;
    if (seen.state.empty() || run_.info.state == RunState::running) state = run_.info.state;
    if (run_.stop_asked) state = RunState::stopping;
    const bool news = state != run_.info.state || progress != run_.info.progress ||
                      seen.trouble != run_.info.detail.value_or("");
    if (news) co_await run_.change(state, seen.trouble);
  };
  try {
    seen_ = co_await livy::follow_statement(*livy_, tools_.time, run_.stored.session,
                                            run_.stored.statement, run_.output, observe,
                                            tools_.watched, &looks_);
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    problem_ = reason;
  }
  result_read_ = true;
  ended_here_.notify_all();
  co_return true;
}

/// An embedded endpoint that was started anew has none of the old one's sessions. (Another client
/// of a server that stays where it is means other credentials only.)
task<void> execution::expect_same_server() {
  if (!run_.stored.server.empty()) co_return;
  auto now = co_await tools_.server.open();
  if (now == livy_) co_return;
  throw failure(failure_kind::session_lost, "the server was started anew");
}

/// Brings the run's output while it is printed, until the record has ended.
task<bool> execution::stream_output() {
  if (!run_.stored.agent) co_return true;
  agent::remote agent(*livy_, tools_.time, run_.stored.session);
  last_piece_ = tools_.time.now() - gathering;
  while (!output_complete_) {
    bool useful = false;
    try {
      useful = co_await take_piece(agent);
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
      // A full disk: the code runs on, and its outcome is still told.
      log::error("runs", concat(run_.id(), ": ", reason.message()));
      ++stream_failures_;
    }
    if (!useful) break;
    if (!tools_.watched() && !result_read_ && !output_complete_) {
      co_await sleep_or_wake(tools_.time, unwatched_pause, ended_here_);
    }
  }
  streaming_ = false;
  looks_.look_now();
  co_return true;
}

/// One long poll. False when asking again is of no use.
task<bool> execution::take_piece(agent::remote& agent) {
  const bool at_the_end = result_read_;
  std::optional<agent::piece> piece;
  std::optional<failure> problem;
  try {
    piece = co_await next_piece(agent, at_the_end);
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    problem = reason;
  }
  if (problem) co_return co_await try_again(*problem, at_the_end);
  if (!piece) co_return true;  // the statement has ended: what is left is read at once
  stream_failures_ = 0;
  streaming_ = piece->known;
  if (!piece->known) co_return !at_the_end && !piece->refused && !piece->ran;
  co_await keep_piece(*piece);
  if (at_the_end && !output_complete_ && piece->bytes.empty()) {
    // Livy has given up on code that runs on, or the end is a moment away.
    if ((seen_ && seen_->state == "cancelled") || ++empty_reads_ > most_empty_reads)
      co_return false;
    co_await tools_.time.sleep_for(20ms);
  }
  if (run_.info.state == RunState::sent && !run_.stop_asked) {
    co_await run_.change(RunState::running, {});
  }
  co_return true;
}

/// Nothing when the statement's result was read meanwhile.
task<std::optional<agent::piece>> execution::next_piece(agent::remote& agent, bool at_the_end) {
  const auto quiet = tools_.time.now() - last_piece_;
  const bool at_once = at_the_end || more_is_there_;
  auto asked = agent.read(run_.stored.marked_name(), record_offset(), piece_bytes,
                          at_once ? duration(0s) : longest_poll, quiet);
  std::optional<agent::piece> piece;
  if (at_the_end) {
    piece = co_await std::move(asked);
  } else {
    piece = co_await until_notified(std::move(asked), ended_here_);
  }
  co_return piece;
}

/// After a poll that failed. False when asking again is of no use.
task<bool> execution::try_again(failure problem, bool at_the_end) {
  log::debug("runs", concat(run_.id(), " live output: ", problem.message()));
  ++stream_failures_;
  if (std::exchange(streaming_, false)) looks_.look_now();
  const bool gone =
      problem.kind() == failure_kind::unsupported || problem.kind() == failure_kind::session_lost;
  if (gone || (at_the_end && stream_failures_ > failures_at_the_end)) co_return false;
  co_await sleep_or_wake(tools_.time, livy::failure_wait(stream_failures_, livy::random_jitter()),
                         ended_here_);
  co_return true;
}

/// Where the run's text ends in the agent's record: livyd's own lines are not in there.
std::uint64_t execution::record_offset() const {
  return run_.output.text_bytes() + static_cast<std::uint64_t>(run_.stored.record_shift);
}

task<void> execution::keep_piece(const agent::piece& piece) {
  const auto have = record_offset();
  if (piece.offset > have) {
    const auto words =
        concat("\n· ", human_bytes(piece.offset - have), " of output are missing here\n");
    run_.output.append_text(words);
    run_.stored.record_shift += static_cast<std::int64_t>(piece.offset - have - words.size());
    co_await run_.keep();
  }
  run_.output.append_text(piece.bytes);
  const auto end = piece.offset + piece.bytes.size();
  more_is_there_ = end < piece.size;
  output_complete_ = piece.ended && !more_is_there_;
  co_await run_.send_new_output();
  if (!piece.bytes.empty()) co_await gather();
}

/// Output that never stops is asked for calmly; an end of silence and large amounts at once.
task<void> execution::gather() {
  const auto pause = gathering - (tools_.time.now() - last_piece_);
  if (pause > 0s && !more_is_there_ && !output_complete_ && !result_read_) {
    co_await sleep_or_wake(tools_.time, pause, ended_here_);
  }
  last_piece_ = tools_.time.now();
}

/// What the agent remembers of a run whose statement Livy has forgotten.
task<bool> execution::recall_outcome() {
  if (!run_.stored.agent) co_return false;
  for (int failures = 0; failures < failures_at_the_end;) {
    try {
      agent::remote agent(*livy_, tools_.time, run_.stored.session);
      auto outcome = co_await agent.result(run_.stored.marked_name());
      if (!outcome.known) co_return false;
      seen_ = remembered(outcome.reply);
      std::size_t number = 0;
      for (const auto& part : seen_->parts) {
        co_await run_.output.write(number++, part.mime, part.preview);
      }
      co_return true;
    } catch (const failure& reason) {
      if (!is_transient(reason.kind())) throw;
    }
    co_await tools_.time.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
  }
  co_return false;
}

task<void> execution::conclude() {
  auto seen = std::move(*seen_);
  // Livy goes on to take statements for an interpreter that is gone, and answers each with this.
  const bool died = seen.error_value.starts_with("Interpreter died");
  const auto told = account_of(seen);
  close_account(seen, told);
  append_tables(run_.output, seen);
  if (told) co_await complete(*told);
  auto result = co_await judge(std::move(seen));
  result.parts = run_.output.finish();
  std::erase_if(result.parts,
                [](const auto& part) { return part.mime.find('/') == std::string::npos; });
  co_await run_.finish(std::move(result));
  if (died) co_await tools_.session.lose(run_.stored.session, "its interpreter died");
  if (died || !run_.stored.agent) co_return;
  try {
    agent::remote agent(*livy_, tools_.time, run_.stored.session);
    auto dropped = agent.drop(run_.stored.marked_name());
    co_await with_deadline(std::move(dropped), farewell, "The agent is busy.");
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
  }
}

/// The values that the reply does not hold.
task<void> execution::complete(const run_account& told) {
  if (!run_.stored.agent) {
    name_large_values(told, run_.output);
    co_return;
  }
  agent::remote agent(*livy_, tools_.time, run_.stored.session);
  auto enough = [this] { return run_.stop_asked; };
  co_await complete_display(agent, tools_.time, told, run_.output, enough);
}

/// What was streamed and what the result says must agree: nothing twice, nothing missing.
void execution::close_account(const livy::statement_view& seen,
                              const std::optional<run_account>& told) {
  auto& output = run_.output;
  if (!run_.stored.agent) {
    output.take_reply(0);
    end_last_line(output);
    if (told && !told->whole) {
      output.append_text(
          concat("· ", human_bytes(told->bytes),
                 " were printed; livyd was not asked to fetch them from the agent\n"));
    }
    return;
  }
  if (output_complete_ && (!told || record_offset() >= told->bytes)) return;
  if (!told) {
    // An error's reply holds no output, and neither does a statement that never ran.
    const bool ran = seen.has_output && seen.error_name != "LivydWithdrawn";
    if (seen.status == "ok" && output.text_bytes() == 0) {
      output.take_reply(0);  // not served by the agent
    } else if (ran && stream_failures_ > 0) {
      output.append_text("· output may be missing here: the session did not give it\n");
    }
    return;
  }
  if (told->whole && output.reply_bytes() > 0) {
    output.take_reply(record_offset());
    if (record_offset() < told->bytes) output.append_text("\n");  // stripped by Livy
    return;
  }
  if (record_offset() < told->bytes) {
    output.append_text(concat("· ", human_bytes(told->bytes - record_offset()),
                              " of output are missing here: the session did not give them\n"));
  }
}

task<protocol::RunResult> execution::judge(livy::statement_view seen) {
  unwrap_shell_error(seen);
  protocol::RunResult result;
  const bool withdrawn = seen.error_name == "LivydWithdrawn";
  const bool interrupted = run_.stop_asked && seen.error_name == "KeyboardInterrupt";
  if (withdrawn) {
    run_.never_ran = true;
    result.outcome = RunOutcome::stopped;
    result.message = "withdrawn; it never ran";
  } else if (seen.state == "cancelled" || interrupted) {
    result.outcome = RunOutcome::stopped;
    const bool free = co_await session_is_free();
    result.message =
        free ? "stopped; the session is free" : "Livy says cancelled, but the driver is still busy";
  } else if (seen.status == "error") {
    result.outcome = RunOutcome::error;
    result.error = editor_error(seen, run_.stored.params, run_.stored.agent);
    result.message = result.error->message.empty()
                         ? result.error->name
                         : concat(result.error->name, ": ", result.error->message);
  } else {
    result.outcome = RunOutcome::ok;
    result.message = "ok";
  }
  co_return result;
}

// ---------------------------------------------------------------- stopping

void execution::forget_stops() {
  stop_accepted_ = false;
  interrupted_ = false;
}

task<void> execution::ask_to_stop() {
  // One at a time: what the server has not answered yet must not be asked twice.
  if (!livy_ || run_.finished() || asking_to_stop_) co_return;
  const raised_flag here(asking_to_stop_);
  using asio::experimental::awaitable_operators::operator&&;
  const auto server = livy_;
  const auto session = run_.stored.session;
  const auto name = run_.stored.marked_name();
  const auto statement = run_.stored.statement;
  agent::remote agent(*server, tools_.time, session);
  // Side by side: the interrupt of a JVM call may take seconds, and the cancel is what ends that.
  auto cancel = [&]() -> task<bool> {
    if (statement < 0 || stop_accepted_) co_return true;
    auto work = server->cancel_statement(session, statement);
    stop_accepted_ = co_await attempted(std::move(work));
    if (stop_accepted_) looks_.look_now();
    co_return true;
  };
  auto interrupt = [&]() -> task<bool> {
    // Once is enough: a second one would hit the code that cleans up after the first.
    if (!run_.stored.agent || interrupted_) co_return true;
    auto work = interrupt_or_withdraw(agent, name, interrupted_);
    co_return co_await attempted(std::move(work));
  };
  auto cancelled = cancel();
  auto interrupted = interrupt();
  std::exception_ptr cut;
  try {
    co_await (std::move(cancelled) && std::move(interrupted));
  } catch (...) {
    cut = std::current_exception();
  }
  if (cut) throw_cancelled();
}

task<bool> execution::session_is_free() {
  if (output_complete_) co_return true;  // the agent has seen its end
  const auto until = tools_.time.now() + 2s;
  while (true) {
    try {
      auto view = co_await livy_->find_session(run_.stored.session);
      if (!view || view->phase() != livy::session_phase::busy) co_return view.has_value();
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
    }
    if (tools_.time.now() >= until) co_return false;
    co_await tools_.time.sleep_for(50ms);
  }
}

}  // namespace livyd
