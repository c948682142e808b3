#include "service/room.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "livy/marker.hpp"
#include "service/program.hpp"

namespace livyd {
namespace {

using protocol::RunOutcome;
using protocol::RunState;
using protocol::StopTruth;

constexpr std::size_t records_kept = 300;
/// How long a Stop waits for its effect before it tells that the driver is still busy.
constexpr duration stop_patience = 3s;
/// Between two interrupts: the first may hit a moment in which no user code executes.
constexpr duration interrupt_interval = 200ms;
/// How long a deletion waits for the interrupt of what runs.
constexpr duration interrupt_patience = 1s;
constexpr std::int64_t statements_listed = 100;
constexpr std::int64_t furthest_statement = 5000;

failure unknown_run() {
  return {failure_kind::not_found, "livyd does not know this run (any more). Run the code again."};
}

void add_fact(std::vector<protocol::SessionFact>& facts, std::string_view name,
              const std::string& value, bool is_url = false) {
  if (value.empty()) return;
  protocol::SessionFact fact;
  fact.name = name;
  fact.value = value;
  if (is_url) fact.url = value;
  facts.push_back(std::move(fact));
}

/// A field of the server's own words, as one line; "" when it says nothing.
std::string raw_text(const nlohmann::json& raw, const char* field) {
  const auto found = raw.find(field);
  if (found == raw.end() || found->is_null()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_structured() && found->empty()) return {};
  return found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What is left of a session that failed, when the server has forgotten it.
protocol::SessionDetails details_of(const stored_words& kept) {
  protocol::SessionDetails out;
  out.session.id = kept.id;
  out.session.name = unless_empty(kept.name);
  out.session.state = "failed";
  out.session.mine = true;
  add_fact(out.facts, "Name", kept.name);
  add_fact(out.facts, "Id", kept.id);
  add_fact(out.facts, "State", "failed, and no longer on the server");
  add_fact(out.facts, "Reason", kept.reason);
  add_fact(out.facts, "Last words", std::string(trimmed(kept.text)));
  return out;
}

/// Lets `work` go on for at most that long; what it says in the end does not matter.
task<void> ended_by(task<void> work, duration limit) {
  try {
    co_await with_deadline(std::move(work), limit, "Stop waits no longer.");
  } catch (const failure& reason) {
    if (reason.kind() != failure_kind::timeout) throw;
  }
}

/// Which of the five truths a Stop came to.
protocol::RunStopResult told_truth(const run_record& run, bool withdrawing) {
  constexpr std::string_view busy =
      "Livy was asked to cancel, but the driver is still busy. Keep waiting, or restart the "
      "session.";
  protocol::RunStopResult out;
  if (!run.finished()) {
    const bool sent = run.stored.statement >= 0;
    out.truth = sent ? StopTruth::busy : StopTruth::unknown;
    out.message = sent ? std::string(busy)
                       : "The server does not answer, so it is not known whether the code runs. "
                         "livyd keeps looking and stops it as soon as it can.";
    return out;
  }
  const auto& result = *run.info.result;
  if (result.outcome == RunOutcome::unknown) {
    out.truth = StopTruth::unknown;
    out.message = result.message;
  } else if (result.outcome != RunOutcome::stopped) {
    out.truth = StopTruth::already_finished;
    out.message = "It finished before it could be stopped.";
  } else if (run.never_ran) {
    out.truth = StopTruth::withdrawn;
    out.message = "It was withdrawn and never ran.";
  } else if (withdrawing) {
    out.truth = StopTruth::withdrawn;
    out.message = "It was waiting and has not been sent.";
  } else {
    const bool free = result.message.find("still busy") == std::string::npos;
    out.truth = free ? StopTruth::stopped : StopTruth::busy;
    out.message = free ? "Stopped; the session is free." : std::string(busy);
  }
  return out;
}

}  // namespace

room::room(asio::any_io_executor executor, clock& time, listener& events, store& kept,
           journal& runs, profile where, room_settings settings, std::function<bool()> watched)
    : executor_(executor),
      time_(time),
      journal_(runs),
      profile_(std::move(where)),
      settings_(std::move(settings)),
      connection_(executor, profile_, settings_.server),
      session_(executor, time, events, kept, profile_, connection_),
      project_(executor, time, events, kept, profile_, connection_, session_, settings_.deployment),
      files_(executor, events, connection_),
      log_(executor, time, events, profile_.name, session_, connection_),
      batches_(executor, time, events, profile_, connection_,
               [this](const livy::batch_view& view) { return is_mine(view); }),
      around_{.time = time,
              .events = events,
              .kept = runs,
              .outputs = settings_.outputs,
              .preview_bytes = settings_.preview_bytes,
              .output_file = settings_.output_file},
      tools_{.executor = executor,
             .time = time,
             .session = session_,
             .server = connection_,
             .watched = std::move(watched),
             .prepare = [this](const run_record& run, livy::client& livy,
                               const ready_session& session) {
               return project_.before_run(run, livy, session);
             }} {
  // A keytab gets its tickets by itself: there is nothing to warn of.
  if (connection_.tickets() && profile_.auth.kerberos.keytab.empty()) watch_tickets(events);
}

void room::watch_tickets(listener& events) {
  tickets_ = std::make_shared<ticket_watch>(executor_, time_, events, profile_.name,
                                            connection_.tickets());
  tickets_->on_new_ticket([this] { connection_.credentials_changed(); });
  connection_.on_credentials_used([watch = std::weak_ptr(tickets_)](bool refused) {
    const auto here = watch.lock();
    if (!here) return;
    refused ? here->look_now() : here->use();
  });
}

room::~room() = default;

// ---------------------------------------------------------------- sessions

protocol::ListedSession room::listed(const livy::session_view& view) const {
  protocol::ListedSession row;
  row.id = view.id;
  row.state = view.state;
  row.name = unless_empty(view.name);
  row.kind = unless_empty(view.kind);
  row.application_id = unless_empty(view.application_id);
  row.owner = unless_empty(view.owner);
  row.proxy_user = unless_empty(view.proxy_user);
  row.driver_memory = unless_empty(raw_text(view.raw, "driverMemory"));
  row.executor_memory = unless_empty(raw_text(view.raw, "executorMemory"));
  row.spark_ui_url = unless_empty(view.spark_ui_url);
  row.driver_log_url = unless_empty(view.driver_log_url);
  row.active = session_.info().id == view.id;
  row.mine = is_mine(view);
  return row;
}

bool room::is_me(const std::string& name) const {
  if (name.empty()) return false;
  if (name == user_name() || name == profile_.auth.user) return true;
  const auto principal =
      tickets_ ? tickets_->seen().principal.value_or("") : profile_.auth.kerberos.principal;
  return name == principal || name == principal.substr(0, principal.find_first_of("/@"));
}

/// The prefix alone is not enough: in containers everybody is the same user to the machine, and the
/// server knows who asked.
bool room::is_mine(const std::string& name, const std::string& owner,
                   const std::string& proxy_user) const {
  if (!name.starts_with(livy::session_name_prefix(user_name()))) return false;
  if (owner.empty() && proxy_user.empty()) return true;
  if (is_me(owner) || is_me(proxy_user)) return true;
  const auto& own = session_.info();
  return own.id && own.owner.value_or("") == owner && own.proxy_user.value_or("") == proxy_user;
}

bool room::is_mine(const livy::session_view& view) const {
  return is_mine(view.name, view.owner, view.proxy_user);
}

bool room::is_mine(const livy::batch_view& view) const {
  return is_mine(view.name, view.owner, view.proxy_user);
}

task<protocol::SessionListResult> room::list_sessions() {
  auto livy = co_await connection_.open();
  auto sessions = co_await livy->list_sessions();
  protocol::SessionListResult out;
  const auto rank = [](const protocol::ListedSession& one) {
    return one.active ? 0 : one.mine ? 1 : 2;
  };
  for (const int wanted : {0, 1, 2}) {
    for (const auto& view : sessions) {
      auto row = listed(view);
      if (rank(row) == wanted) out.sessions.push_back(std::move(row));
    }
  }
  co_return out;
}

std::string room::session_or_active(const std::optional<std::string>& id_or_name) const {
  if (id_or_name) return *id_or_name;
  if (session_.info().id) return *session_.info().id;
  throw failure(failure_kind::not_found, "There is no session. Start one, or attach to one.");
}

task<protocol::SessionDetails> room::session_details(std::optional<std::string> id_or_name) {
  const auto kept = session_.last_words();
  if (!id_or_name && session_.has_only_last_words()) co_return details_of(kept);
  const auto wanted = session_or_active(id_or_name);
  auto livy = co_await connection_.open();
  auto found = co_await livy->find_session(wanted);
  if (!found && is_of(kept, wanted)) co_return details_of(kept);
  if (!found) throw no_such_session(wanted);
  protocol::SessionDetails out;
  out.session = listed(*found);
  auto& facts = out.facts;
  add_fact(facts, "Name", found->name);
  add_fact(facts, "Id", found->id);
  add_fact(facts, "State", found->state);
  add_fact(facts, "Kind", found->kind);
  add_fact(facts, "Application", found->application_id);
  add_fact(facts, "Owner", found->owner);
  add_fact(facts, "Proxy user", found->proxy_user);
  add_fact(facts, "Spark UI", found->spark_ui_url, true);
  add_fact(facts, "Driver log", found->driver_log_url, true);
  const std::pair<const char*, const char*> fields[] = {{"Driver memory", "driverMemory"},
                                                        {"Driver cores", "driverCores"},
                                                        {"Executor memory", "executorMemory"},
                                                        {"Executor cores", "executorCores"},
                                                        {"Executors", "numExecutors"},
                                                        {"Queue", "queue"},
                                                        {"Time to live", "ttl"},
                                                        {"Idle timeout", "idleTimeout"},
                                                        {"Jars", "jars"},
                                                        {"Python files", "pyFiles"},
                                                        {"Files", "files"},
                                                        {"Archives", "archives"}};
  for (const auto& [name, field] : fields) {
    const auto value = raw_text(found->raw, field);
    if (value != "0") add_fact(facts, name, value);
  }
  const auto conf = found->raw.find("conf");
  if (conf != found->raw.end() && conf->is_object()) {
    for (const auto& [key, value] : conf->items()) {
      add_fact(facts, key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  co_return out;
}

task<void> room::kill_session(std::optional<std::string> id_or_name) {
  const auto wanted = session_or_active(id_or_name);
  auto livy = co_await connection_.open();
  auto found = co_await livy->find_session(wanted);
  if (!found) throw no_such_session(wanted);
  if (session_.info().id == found->id) {
    co_await stop_session();
  } else {
    co_await livy->delete_session(found->id);
  }
}

task<protocol::SessionKillAllResult> room::kill_all_sessions(bool others) {
  auto all = co_await list_sessions();
  protocol::SessionKillAllResult out;
  for (auto& one : all.sessions) {
    if (!one.mine && !others) continue;
    std::string problem;
    try {
      co_await kill_session(one.id);
      const auto& now = session_.info();
      const bool later = one.active && now.state == protocol::SessionState::removed && now.detail;
      if (later) {
        problem = *now.detail;
      } else {
        out.killed.push_back(one);
      }
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
      problem = reason.message();
    }
    if (!problem.empty()) out.problems.push_back(concat(one.name.value_or(one.id), ": ", problem));
  }
  co_return out;
}

task<void> room::interrupt_current() {
  if (!current_ || queue_.empty()) co_return;
  const auto run = queue_.front();
  const auto under_way = current_;
  if (session_.info().id != run->stored.session) co_return;
  run->stop_asked = true;
  const auto until = time_.now() + interrupt_patience;
  while (!run->finished() && time_.now() < until) {
    auto asked = under_way->ask_to_stop();
    co_await ended_by(std::move(asked), until - time_.now());
    if (!run->finished()) co_await time_.sleep_for(20ms);
  }
}

task<protocol::SessionInfo> room::stop_session() {
  co_await interrupt_current();
  co_return co_await session_.stop();
}

task<protocol::SessionInfo> room::restart_session() {
  co_await interrupt_current();
  co_return co_await session_.restart();
}

// ---------------------------------------------------------------- statements

/// By single reads from the newest known downwards: the list endpoint can end a session.
task<protocol::StatementListResult> room::list_statements(std::optional<std::string> session) {
  const auto wanted = session_or_active(session);
  auto livy = co_await connection_.open();
  livy::no_output nowhere;
  std::vector<livy::statement_view> seen;
  // Old ones are gone and new ones are not there yet, both with the same answer: upwards in steps
  // that cannot pass over the hundred that a server keeps.
  const bool active = session_.info().id == wanted;
  std::int64_t top = active ? session_.last_statement() : -1;
  for (std::int64_t probe = 0; top < 0 && probe < furthest_statement;
       probe += statements_listed / 2) {
    auto there = co_await livy->read_statement(wanted, probe, nowhere);
    if (there) top = probe;
  }
  while (true) {
    auto next = co_await livy->read_statement(wanted, top + 1, nowhere);
    if (!next) break;
    ++top;
  }
  protocol::StatementListResult out;
  for (auto id = top; id >= 0 && top - id < statements_listed; --id) {
    auto view = co_await livy->read_statement(wanted, id, nowhere);
    if (!view) {
      out.detail = concat("The server no longer has statement ", id, " and those before it.");
      break;
    }
    protocol::ListedStatement row;
    row.statement = id;
    row.state = view->state;
    row.code = view->code_head;
    row.progress = view->progress;
    row.started = view->started;
    row.completed = std::max<std::int64_t>(0, view->completed);
    row.status = unless_empty(view->status);
    const auto marked = livy::marked_run(view->code_head, view->code_tail);
    if (marked && has_run(marked->substr(0, marked->find('.')))) {
      row.run = marked->substr(0, marked->find('.'));
    }
    out.statements.push_back(std::move(row));
  }
  co_return out;
}

task<void> room::cancel_statement(std::optional<std::string> session, std::int64_t statement) {
  const auto wanted = session_or_active(session);
  for (const auto& run : queue_) {
    if (run->stored.session == wanted && run->stored.statement == statement) {
      co_await stop(run->id());
      co_return;
    }
  }
  auto livy = co_await connection_.open();
  co_await livy->cancel_statement(wanted, statement);
  co_await interrupt_marked(*livy, wanted, statement);
}

/// Livy's cancel ends Spark's jobs; of a run that another livyd has sent the agent ends the Python,
/// too. Nothing where there is no agent.
task<void> room::interrupt_marked(livy::client& livy, std::string session, std::int64_t statement) {
  livy::no_output nowhere;
  const auto seen = co_await livy.read_statement(session, statement, nowhere);
  if (!seen || seen->terminal() || !seen->code_head.starts_with('#')) co_return;
  const auto run = livy::marked_run(seen->code_head, seen->code_tail);
  const auto there = co_await livy.find_session(session);
  if (!run || !there || !is_python(there->kind)) co_return;
  agent::remote agent(livy, time_, session);
  try {
    co_await agent.interrupt(*run);
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    log::info("runs", concat("no interrupt of statement ", statement, ": ", reason.message()));
  }
}

// ---------------------------------------------------------------- runs

bool room::has_run(const std::string& run) const {
  return std::any_of(records_.begin(), records_.end(),
                     [&](const auto& one) { return one->id() == run; });
}

bool room::is_current(const run_record& run) const {
  return !queue_.empty() && queue_.front().get() == &run;
}

std::shared_ptr<run_record> room::find(const std::string& run) const {
  const auto found = std::find_if(records_.begin(), records_.end(),
                                  [&](const auto& one) { return one->id() == run; });
  if (found == records_.end()) throw unknown_run();
  return *found;
}

std::vector<protocol::RunInfo> room::runs() const {
  std::vector<protocol::RunInfo> out;
  for (const auto& one : records_) out.push_back(one->info);
  return out;
}

void room::adjust(bool stop_on_error, std::filesystem::path output_file,
                  std::filesystem::path workspace) {
  project_.deployed().use_workspace(std::move(workspace));
  settings_.stop_on_error = stop_on_error;
  around_.output_file = std::move(output_file);
}

void room::forget_oldest() {
  if (records_.size() <= records_kept) return;
  const auto oldest = std::find_if(records_.begin(), records_.end(),
                                   [](const auto& one) { return one->finished(); });
  if (oldest != records_.end()) records_.erase(oldest);
}

void room::restore(stored_run left) {
  if (has_run(left.params.run)) return;
  const bool open = left.phase != run_phase::finished;
  if (open) left.params.code = journal_.code(left.params.run);
  auto run = std::make_shared<run_record>(around_, std::move(left));
  records_.push_back(run);
  if (run->may_have_been_sent()) {
    run->may_withdraw = false;
    enqueue(std::move(run));
  } else if (open) {
    run->info.state = RunState::held;
  }
  forget_oldest();
}

task<protocol::RunInfo> room::start(protocol::RunStartParams params) {
  if (has_run(params.run)) co_return find(params.run)->info;
  checked_code(params);
  const auto id = params.run;
  stored_run fresh;
  fresh.params = std::move(params);
  fresh.accepted = time_.wall_milliseconds();
  // Their order is the order of acceptance, also when it is read from the journal.
  if (!records_.empty()) {
    fresh.accepted = std::max(fresh.accepted, records_.back()->stored.accepted + 1);
  }
  const auto run = std::make_shared<run_record>(around_, std::move(fresh));
  records_.push_back(run);
  queue_.push_back(run);
  std::optional<failure> problem;
  try {
    co_await journal_.put_code(id, run->stored.params.code);
    co_await run->keep();
  } catch (const failure& reason) {
    problem = reason;
  }
  if (problem) {
    std::erase(queue_, run);
    std::erase(records_, run);
    throw failure(*problem);
  }
  forget_oldest();
  start_worker();
  co_return run->info;
}

void room::enqueue(std::shared_ptr<run_record> run) {
  queue_.push_back(std::move(run));
  start_worker();
}

void room::start_worker() {
  if (!worker_.running()) worker_.start(executor_, "runs", [this] { return work(); });
}

task<void> room::work() {
  // The reply to run/start goes out before the first event of its run: a timer, even one of no
  // length, comes after what is already queued.
  co_await time_.sleep_for(0s);
  while (!queue_.empty() && !closing_) {
    const auto run = queue_.front();
    std::string trouble;
    try {
      co_await carry_out(*run);
    } catch (const std::exception& error) {
      if (is_cancellation(std::current_exception())) throw;
      trouble = error.what();
    }
    if (!trouble.empty()) {
      // Its output or outcome could not be kept; the queue goes on.
      log::error("runs", concat(run->id(), ": ", trouble));
      run->info.state = RunState::finished;
      co_await around_.events.run_finished(run->info);
    }
    if (is_current(*run)) queue_.pop_front();
    if (closing_) break;
    const auto& result = run->info.result;
    const bool failed =
        result && (result->outcome == RunOutcome::error || result->outcome == RunOutcome::failed);
    if (failed && settings_.stop_on_error) co_await drop_queue();
    if (queue_.empty()) co_await session_.set_working(false);
  }
}

task<void> room::drop_queue() {
  const auto waiting = std::exchange(queue_, {});
  for (const auto& run : waiting) {
    if (run->may_have_been_sent()) queue_.push_back(run);
  }
  for (const auto& run : waiting) {
    if (run->may_have_been_sent()) continue;
    co_await run->finish(RunOutcome::stopped, "not sent: a run before it failed");
  }
}

task<void> room::carry_out(run_record& run) {
  std::optional<failure> problem;
  try {
    current_ = std::make_shared<execution>(tools_, run);
    // A slot of its own: a Stop withdraws this run, not the queue.
    auto work = current_->perform();
    co_await asio::co_spawn(executor_, std::move(work),
                            asio::bind_cancellation_slot(run.withdraw.slot(), asio::use_awaitable));
  } catch (const failure& reason) {
    problem = reason;
  } catch (const std::exception& error) {
    if (is_cancellation(std::current_exception())) {
      problem = failure(failure_kind::cancelled, "cancelled");
    } else {
      log::error("runs", concat(run.id(), ": ", error.what()));
      problem = failure(failure_kind::internal, "livyd has a bug: this run could not be followed.");
    }
  }
  current_.reset();
  if (closing_ || !problem || run.finished()) co_return;
  protocol::RunResult result;
  if (problem->kind() == failure_kind::cancelled && run.stop_asked) {
    run.never_ran = !run.may_have_been_sent();
    result.outcome = RunOutcome::stopped;
    result.message = "stopped before it was sent";
  } else {
    result.outcome = run.may_have_been_sent() ? RunOutcome::unknown : RunOutcome::failed;
    result.failure = protocol::FailureKind{};
    protocol::from_json(nlohmann::json(name_of(problem->kind())), *result.failure);
    result.message = problem->message();
  }
  co_await run.finish(std::move(result));
}

task<protocol::RunInfo> room::attach(std::string name, std::uint64_t from) {
  const auto run = find(name);
  co_await run->send_output(from, run->told_bytes);
  if (run->finished()) co_await around_.events.run_finished(run->info);
  co_return run->info;
}

task<protocol::RunInfo> room::release(std::string name) {
  const auto run = find(name);
  if (run->info.state == RunState::held) {
    run->info.state = RunState::queued;
    enqueue(run);
  }
  co_return run->info;
}

task<void> room::discard(std::string name) {
  const auto run = find(name);
  if (!run->finished() && run->info.state != RunState::held) {
    throw failure(failure_kind::invalid_input, "This run is under way. Stop it first.");
  }
  journal_.remove(name);
  std::erase(records_, run);
  co_return;
}

task<protocol::RunInfo> room::look_again(std::string name) {
  const auto run = find(name);
  const bool unknown = run->finished() && run->info.result &&
                       run->info.result->outcome == RunOutcome::unknown &&
                       !run->stored.session.empty();
  if (unknown) {
    if (run->stored.params.code.empty()) run->stored.params.code = journal_.code(name);
    run->reopen();
    run->look_only = true;
    co_await run->keep();
    enqueue(run);
  }
  co_return run->info;
}

std::string room::code_of(const std::string& run) const {
  const auto& params = find(run)->stored.params;
  return params.code.empty() ? journal_.code(run) : params.code;
}

void room::clear_history() {
  std::erase_if(records_, [&](const auto& one) {
    if (one->finished()) journal_.remove(one->id());
    return one->finished();
  });
}

// ---------------------------------------------------------------- stopping

task<protocol::RunStopResult> room::stop(std::string name) {
  const auto run = find(name);
  protocol::RunStopResult out;
  if (run->finished()) {
    out.truth = StopTruth::already_finished;
    out.message = "It had already finished.";
    co_return out;
  }
  run->stop_asked = true;
  if (!is_current(*run) && !run->may_have_been_sent()) {
    std::erase(queue_, run);
    co_await run->finish(RunOutcome::stopped, "stopped before it was sent");
    out.truth = StopTruth::withdrawn;
    out.message = "It was waiting and has not been sent.";
    co_return out;
  }
  co_return co_await stop_current(run);
}

task<protocol::RunStopResult> room::stop_current(std::shared_ptr<run_record> run) {
  const bool withdrawing = run->may_withdraw;
  if (withdrawing) {
    run->withdraw.emit(asio::cancellation_type::terminal);
  } else {
    co_await run->change(RunState::stopping, {});
  }
  if (current_ && is_current(*run)) current_->forget_stops();
  const auto deadline = time_.now() + stop_patience;
  auto next_interrupt = time_.now();
  while (!run->finished() && time_.now() < deadline) {
    const auto under_way = is_current(*run) ? current_ : nullptr;
    if (!withdrawing && under_way && time_.now() >= next_interrupt) {
      // Native code may hold the interpreter: what is asked then answers late.
      auto asked = under_way->ask_to_stop();
      co_await ended_by(std::move(asked), deadline - time_.now());
      next_interrupt = time_.now() + interrupt_interval;
    }
    if (!run->finished()) co_await time_.sleep_for(10ms);
  }
  co_return told_truth(*run, withdrawing);
}

// ---------------------------------------------------------------- the end

std::string room::state_text() const {
  const auto& info = session_.info();
  std::string out = concat("profile ", profile_.name, ": ",
                           profile_.local() ? "the embedded endpoint" : profile_.url, "\n");
  out += concat("  session ", info.name.value_or("(no name)"), ", id ", info.id.value_or("none"),
                ", ", protocol::name_of(info.state), "\n");
  if (info.detail) out += concat("  ", *info.detail, "\n");
  if (info.application_id) out += concat("  application ", *info.application_id, "\n");
  if (info.server_version) out += concat("  Livy ", *info.server_version, "\n");
  const auto agent = info.agent ? protocol::name_of(*info.agent) : std::string_view("not known");
  out += concat("  agent: ", agent, "\n");
  if (info.agent_detail) out += concat("  ", *info.agent_detail, "\n");
  out += concat("  last statement known: ", session_.last_statement(), "\n");
  out += concat("  runs: ", records_.size(), " known, ", queue_.size(), " under way\n");
  for (const auto& run : queue_) {
    out += concat("    ", run->id(), " ", protocol::name_of(run->info.state), ", statement ",
                  run->stored.statement, ", attempt ", run->stored.attempt, ", ",
                  run->output.text_bytes(), " bytes of output\n");
  }
  return out;
}

void room::leave() {
  closing_ = true;
  session_.abandon();
}

task<void> room::close() {
  leave();
  if (tickets_) tickets_->stop();
  co_await log_.close();
  co_await batches_.close();
  for (const auto& run : queue_) run->withdraw.emit(asio::cancellation_type::terminal);
  worker_.cancel();
  const auto deadline = time_.now() + 2s;
  while (unwinding() && time_.now() < deadline) {
    co_await time_.sleep_for(5ms);
  }
}

bool room::unwinding() const {
  return worker_.running() || session_.unwinding() || log_.unwinding() || batches_.unwinding();
}

}  // namespace livyd
