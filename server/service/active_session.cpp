#include "service/active_session.hpp"

#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd {
namespace {

using protocol::SessionState;

SessionState state_of(livy::session_phase phase) {
  switch (phase) {
    case livy::session_phase::starting:
      return SessionState::starting;
    case livy::session_phase::idle:
      return SessionState::idle;
    case livy::session_phase::busy:
      return SessionState::busy;
    default:
      return SessionState::dead;
  }
}

failure removed_by_user() {
  return {failure_kind::session_removed,
          "You removed the session. Start a session to run code again."};
}

constexpr std::int64_t last_words_lines = 60;
constexpr duration burial_patience = 15s;

}  // namespace

failure no_such_session(std::string_view id_or_name) {
  return failure(failure_kind::not_found,
                 concat("There is no session \"", id_or_name,
                        "\" on this server. Look at the list of sessions."));
}

active_session::active_session(asio::any_io_executor executor, clock& time, listener& events,
                               store& kept, const profile& where, connection& server)
    : executor_(executor),
      time_(time),
      connection_(server),
      known_(time, events, kept, where, server),
      begin_(time, known_, server),
      agent_(time, known_),
      watch_(executor, time, known_, server),
      changed_(executor) {}

task<protocol::SessionInfo> active_session::look() {
  const auto stored = known_.stored();
  const bool known = stored && !stored->removed && (!stored->id.empty() || !stored->name.empty());
  if (!known || bringing_up_.running()) co_return info();
  std::optional<failure> trouble;
  try {
    auto livy = co_await connection_.open();
    auto found = co_await find_stored(*livy);
    // Meanwhile it may have been removed, replaced, or taken up by a run.
    const auto now = known_.stored();
    if (bringing_up_.running() || !now || now->removed || now->name != stored->name)
      co_return info();
    if (found && is_alive(found->phase())) {
      const bool known_here = info().id == found->id;
      known_.describe(*found);
      auto version = co_await livy->version();
      known_.set_server_version(version.text);
      if (bringing_up_.running()) co_return info();
      const auto now_state = known_.working() ? SessionState::busy : state_of(found->phase());
      co_await known_.change(now_state, {});
      const bool starts = !known_here || found->phase() == livy::session_phase::starting;
      if (starts && !bringing_up_.running()) {
        ended_.reset();
        bringing_up_.start(executor_, "session", [this] { return bring_up(); });
      }
    } else {
      co_await lose(stored->id,
                    found ? concat("it is ", found->state) : "it is no longer on the server");
    }
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    trouble = reason;
  }
  if (trouble) {
    co_await known_.change(SessionState::unreachable, trouble->message());
    if (!abandoned_) keep_watch();
  }
  co_return info();
}

task<protocol::SessionInfo> active_session::start() {
  auto stored = known_.stored();
  if (stored && stored->removed) {
    stored->removed = false;
    co_await known_.put(std::move(stored));
    known_.clear_state();
  }
  std::exception_ptr error;
  try {
    co_await bring_up_and_wait();
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    if (is_cancellation(error) && !abandoned_) {
      give_up_ = true;
      bringing_up_.cancel();
    }
    std::rethrow_exception(error);
  }
  co_return info();
}

task<std::string> active_session::ensure() {
  const bool ready = info().id && !bringing_up_.running() &&
                     (info().state == SessionState::idle || info().state == SessionState::busy ||
                      info().state == SessionState::unreachable);
  if (ready && agent_.worth_a_retry() && !known_.working()) {
    auto livy = co_await connection_.open();
    co_await agent_.equip(*livy);
  }
  if (ready && info().id) co_return *info().id;
  if (known_.removed()) throw removed_by_user();
  co_await bring_up_and_wait();
  co_return *info().id;
}

void active_session::keep_watch() {
  watch_.begin([this]() -> task<void> { co_await look(); });
}

task<void> active_session::bring_up_and_wait() {
  if (!bringing_up_.running()) {
    ended_.reset();
    bringing_up_.start(executor_, "session", [this] { return bring_up(); });
  }
  while (!ended_) co_await changed_.wait();
  if (!ended_->problem) co_return;
  if (ended_->problem->kind() != failure_kind::cancelled) throw failure(*ended_->problem);
  // Somebody else's cancellation is no cancellation of the caller.
  if (removing_ || known_.removed()) throw removed_by_user();
  throw failure(failure_kind::session_failed,
                "The start of the session was cancelled. Run again to start one.");
}

task<void> active_session::bring_up() {
  std::optional<failure> problem;
  give_up_ = false;
  begin_.forget();
  try {
    auto livy = co_await connection_.open();
    auto found = co_await find_stored(*livy);
    if (found && !is_alive(found->phase())) {
      loss_ = concat("it is ", found->state);
      const auto stored = known_.stored();
      if (stored && stored->created) co_await discard(*livy, found->id);
      found.reset();
    }
    if (!found) found = co_await begin_.create(*livy, loss_);
    co_await begin_.wait_until_ready(*livy, std::move(*found));
    co_await agent_.equip(*livy);
    if (info().state != SessionState::busy) {
      co_await known_.change_to_usable();
    }
    keep_watch();
  } catch (const failure& reason) {
    problem = reason;
  } catch (const std::exception& error) {
    problem =
        is_cancellation(std::current_exception())
            ? failure(failure_kind::cancelled, "The start of the session was cancelled.")
            : failure(failure_kind::internal, "livyd could not start the session.", error.what());
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (problem) {
    if (problem->kind() == failure_kind::session_failed) last_words_ = problem->detail();
    const bool ours = !begin_.begun().empty() && !abandoned_ &&
                      (give_up_ || problem->kind() == failure_kind::session_failed);
    if (ours) {
      co_await shielded([this] { return begin_.delete_begun(); }, 15s);
      co_await tell_of_ghost();
      // A store that cannot be written must not keep those who wait for the end waiting.
      co_await shielded([this] { return known_.put(std::nullopt); }, 5s);
    }
    known_.lose_id();
    const bool cancelled = problem->kind() == failure_kind::cancelled;
    if (cancelled) {
      co_await known_.change(SessionState::none, {});
    } else {
      const bool kept = is_transient(problem->kind());
      co_await known_.change(kept ? SessionState::unreachable : SessionState::dead,
                             problem->message());
    }
  }
  ended_ = ended{std::move(problem)};
  changed_.notify_all();
}

task<std::optional<livy::session_view>> active_session::find_stored(livy::client& livy) {
  const auto stored = known_.stored();
  if (!stored || (stored->id.empty() && stored->name.empty())) co_return std::nullopt;
  if (stored->url != connection_.stored_url()) {
    loss_ = "the profile points to another server now";
    co_return std::nullopt;
  }
  auto found = co_await livy.find_session(stored->id.empty() ? stored->name : stored->id);
  if (!found) {
    // A name without an id is an intent whose POST may never have arrived.
    if (!stored->id.empty()) loss_ = "it is no longer on the server";
    co_return std::nullopt;
  }
  if (!stored->name.empty() && found->name != stored->name) {
    // Livy counts ids from 0 again after a restart: this one is somebody else's.
    loss_ = "the server restarted";
    co_return std::nullopt;
  }
  co_return found;
}

task<protocol::SessionInfo> active_session::attach(std::optional<std::string> id_or_name) {
  auto livy = co_await connection_.open();
  std::optional<livy::session_view> found;
  if (id_or_name) {
    found = co_await livy->find_session(*id_or_name);
    if (!found) throw no_such_session(*id_or_name);
  } else {
    auto all = co_await livy->list_sessions();
    const auto prefix = livy::session_name_prefix(user_name());
    for (const auto& one : all) {
      if (!is_alive(one.phase())) continue;
      const bool better =
          !found || (!found->name.starts_with(prefix) && one.name.starts_with(prefix));
      if (better) found = one;
    }
    if (!found) {
      throw failure(failure_kind::not_found,
                    "There is no session on this server that could be used. Start one.");
    }
  }
  if (!is_alive(found->phase())) {
    throw failure(failure_kind::session_lost,
                  concat("The session \"", found->name.empty() ? found->id : found->name, "\" is ",
                         found->state, ". Attach to another one, or start one."));
  }
  if (bringing_up_.running()) {
    give_up_ = true;  // what it has begun is not wanted any more
    bringing_up_.cancel();
    while (bringing_up_.running() && !ended_) co_await changed_.wait();
  }
  const auto before = known_.stored();
  const bool same = before && before->id == found->id && before->name == found->name;
  if (!same) co_await known_.put(std::nullopt);
  known_.forget_statements();
  co_await known_.keep(*found);
  loss_.clear();
  known_.begin({});
  co_await bring_up_and_wait();
  co_return info();
}

task<void> active_session::rejoin(std::string id, std::string name) {
  int failures = 0;
  while (true) {
    const auto stored = known_.stored();
    if (stored && stored->removed) throw removed_by_user();
    std::string trouble;
    try {
      auto livy = co_await connection_.open();
      auto found = co_await livy->find_session(id);
      const bool same = found && (name.empty() || found->name == name);
      if (!same || !is_alive(found->phase())) {
        throw failure(failure_kind::session_lost, !found  ? "it is no longer on the server"
                                                  : !same ? "the server restarted"
                                                          : concat("it is ", found->state));
      }
      // A run may outlive the choice of its session: another one may be the active one by now.
      const bool active = stored && stored->id == id;
      if (active && info().id != id) co_await bring_up_and_wait();
      co_return;
    } catch (const failure& reason) {
      if (!is_transient(reason.kind())) throw;
      trouble = reason.message();
    }
    co_await known_.change(SessionState::unreachable, std::move(trouble));
    co_await time_.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
  }
}

task<protocol::SessionInfo> active_session::restart() {
  co_await stop();
  co_return co_await start();
}

task<protocol::SessionInfo> active_session::keep_alive() {
  co_await watch_.keep_alive();
  co_return info();
}

// ---------------------------------------------------------------- the agent

task<protocol::SessionInfo> active_session::use_agent(bool use) {
  auto stored = known_.stored();
  if (!info().id || !stored) {
    throw failure(failure_kind::not_found, "There is no session. Start one, or attach to one.");
  }
  stored->use_agent = use;
  co_await known_.put(std::move(stored));
  if (use) {
    auto livy = co_await connection_.open();
    co_await agent_.equip(*livy);
  } else {
    co_await known_.set_agent(protocol::AgentState::off, {});
  }
  co_return info();
}

// ---------------------------------------------------------------- keeping it

task<protocol::SessionInfo> active_session::stop() {
  if (bringing_up_.running()) {
    give_up_ = true;
    removing_ = true;
    bringing_up_.cancel();
    while (!ended_) co_await changed_.wait();
  }
  auto stored = known_.stored().value_or(stored_session{});
  const bool known = !stored.id.empty() || !stored.name.empty();
  stored.removed = true;
  co_await known_.put(stored);
  removing_ = false;
  loss_.clear();
  known_.forget();
  co_await known_.change(SessionState::removed, {});
  if (known && stored.url == connection_.stored_url()) {
    auto livy = co_await connection_.open();
    auto found = co_await find_stored(*livy);
    if (found) co_await livy->delete_session(found->id);
    if (found && found->phase() == livy::session_phase::starting) co_await tell_of_ghost();
    loss_.clear();
  }
  stored_session gone;
  gone.removed = true;
  co_await known_.put(std::move(gone));
  co_return info();
}

/// What is left on the server of a session that livyd created: its last words are kept, and it is
/// deleted, because an interpreter that died or a driver that cannot be reached costs memory for
/// hours. Its name is unique, so that nobody else's can be meant.
task<void> active_session::bury(stored_session gone) {
  if (!gone.created || gone.name.empty() || gone.url != connection_.stored_url()) co_return;
  auto work = [](connection& server, std::string name, std::string& words) -> task<void> {
    auto livy = co_await server.open();
    auto found = co_await livy->find_session(name);
    if (!found) co_return;
    words.clear();
    try {
      auto page = co_await livy->read_log(found->id, -1, last_words_lines);
      for (const auto& line : page.lines) words.append(line).append("\n");
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
    }
    co_await livy->delete_session(found->id);
  };
  try {
    auto burying = work(connection_, gone.name, last_words_);
    co_await with_deadline(std::move(burying), burial_patience, "The session did not end in time.");
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    log::warn("session", concat(gone.name, " could not be deleted: ", reason.message()));
  }
}

task<void> active_session::lose(std::string id, std::string reason) {
  const auto stored = known_.stored();
  if (!stored || stored->removed || stored->id != id) co_return;
  loss_ = reason;
  known_.forget();
  co_await known_.put(std::nullopt);
  co_await known_.change(SessionState::lost, std::move(reason));
  co_await bury(*stored);
}

task<void> active_session::set_working(bool working) {
  known_.set_working(working);
  const auto state = info().state;
  if (state == SessionState::idle || state == SessionState::busy ||
      state == SessionState::unreachable) {
    co_await known_.change_to_usable();
  }
}

task<void> active_session::set_reachable(std::string reason) {
  if (reason.empty() && info().state == SessionState::unreachable) {
    co_await known_.change_to_usable();
  } else if (!reason.empty() && info().id) {
    co_await known_.change(SessionState::unreachable, std::move(reason));
  }
}

void active_session::abandon() {
  abandoned_ = true;
  bringing_up_.cancel();
  watch_.end();
}

/// Livy ends what it has started itself; an application that still waits in YARN's queue stays.
task<void> active_session::tell_of_ghost() {
  if (!info().application_id) co_return;
  co_await known_.tell(
      protocol::Severity::info,
      concat("Livy deleted the session, but its application ", *info().application_id,
             " may stay in YARN's queue for a while. To end it at once: yarn application "
             "-kill ",
             *info().application_id),
      {});
}

task<void> active_session::discard(livy::client& livy, std::string id) {
  std::optional<failure> problem;
  try {
    co_await livy.delete_session(id);
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    problem = reason;
  }
  if (problem) log::warn("session", concat("could not delete ", id, ": ", problem->message()));
}

}  // namespace livyd
