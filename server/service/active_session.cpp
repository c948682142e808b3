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
      removal_(executor, time, known_, server),
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
    const bool other = !now || now->removed || now->name != stored->name;
    if (abandoned_ || bringing_up_.running() || other) co_return info();
    if (found && is_alive(found->phase())) {
      const bool known_here = info().id == found->id;
      known_.describe(*found);
      auto version = co_await livy->version();
      known_.set_server_version(version.text);
      if (bringing_up_.running()) co_return info();
      const auto now_state = known_.working() ? SessionState::busy : state_of(found->phase());
      co_await known_.change(now_state, {});
      const bool starts = !known_here || found->phase() == livy::session_phase::starting;
      if (starts && !bringing_up_.running() && !abandoned_) {
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

bool active_session::is_usable() const {
  return info().id && !bringing_up_.running() &&
         (info().state == SessionState::idle || info().state == SessionState::busy ||
          info().state == SessionState::unreachable);
}

task<ready_session> active_session::ensure() {
  if (is_usable() && agent_.worth_a_retry() && !known_.working()) {
    auto livy = co_await connection_.open();
    co_await agent_.equip(*livy);
  }
  for (bool usable = is_usable(); !usable; usable = info().id.has_value()) {
    if (known_.removed()) throw removed_by_user();
    co_await bring_up_and_wait();
    // It may be gone again by the time this goes on; the loop must let others work meanwhile.
    if (!info().id) co_await time_.sleep_for(0s);
  }
  ready_session ready;
  ready.id = *info().id;
  ready.name = info().name.value_or("");
  ready.application_id = info().application_id.value_or("");
  ready.last_statement = known_.last_statement();
  ready.agent = info().agent == protocol::AgentState::installed;
  co_return ready;
}

void active_session::keep_watch() {
  watch_.begin([this]() -> task<void> { co_await look(); });
}

task<void> active_session::bring_up_and_wait() {
  if (!bringing_up_.running()) {
    if (abandoned_) {
      throw failure(failure_kind::session_failed,
                    "The profile was changed meanwhile. Ask again: it is used as it is now.");
    }
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
    if (equip_) {
      co_await equip_(*livy, [this](std::string what) -> task<void> {
        co_await known_.change(SessionState::starting, std::move(what));
      });
    }
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
    const auto kind = problem->kind();
    const auto stored = known_.stored();
    const bool ours = stored && !begin_.begun().empty() && !abandoned_ &&
                      (give_up_ || kind == failure_kind::session_failed);
    if (ours) co_await shielded([&] { return take_back(*stored, *problem); }, 25s);
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

/// What was begun goes; of a session that failed the last words are kept.
task<void> active_session::take_back(stored_session begun, failure problem) {
  auto gone = removal_of(begun);
  // A store that cannot be written must not keep those who wait for the end waiting.
  co_await shielded([&] { return removal_.remember(gone, std::nullopt); }, 5s);
  if (problem.kind() == failure_kind::session_failed) {
    stored_words words{
        .id = begun.id, .name = begun.name, .reason = problem.message(), .text = problem.detail()};
    co_await shielded([&] { return known_.keep_last_words(words); }, 5s);
  }
  co_await removal_.carry_out(std::move(gone));
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
      if (!is_alive(one.phase()) || removal_.is_pending(one)) continue;
      const bool better =
          !found || (!found->name.starts_with(prefix) && one.name.starts_with(prefix));
      if (better) found = one;
    }
    if (!found) {
      throw failure(failure_kind::not_found,
                    "There is no session on this server that could be used. Start one.");
    }
  }
  if (removal_.is_pending(*found)) {
    throw failure(
        failure_kind::session_removed,
        concat("You removed the session \"", found->name.empty() ? found->id : found->name,
               "\", and livyd is deleting it. Attach to another one, or start one."));
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
  // At once: a run that waits must find this one, and begin none of its own.
  loss_.clear();
  known_.begin({});
  known_.forget_statements();
  auto kept = same ? known_.keep(*found) : known_.take_over(*found);
  co_await std::move(kept);
  co_await bring_up_and_wait();
  co_return info();
}

task<void> active_session::rejoin(std::string id, std::string name, std::string application_id) {
  int failures = 0;
  while (true) {
    const auto stored = known_.stored();
    if (known_.removed() || removal_.is_pending(id, name)) throw removed_by_user();
    std::string trouble;
    try {
      auto livy = co_await connection_.open();
      auto found = co_await livy->find_session(id);
      const bool same = found && (name.empty() || found->name == name) &&
                        (application_id.empty() || found->application_id.empty() ||
                         found->application_id == application_id);
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
  const auto stored = known_.stored().value_or(stored_session{});
  const bool known = !stored.id.empty() || !stored.name.empty();
  stored_session nothing;
  nothing.removed = true;
  co_await removal_.remember(removal_of(stored), std::move(nothing));
  removing_ = false;
  loss_.clear();
  known_.forget();
  co_await known_.change(SessionState::removed, {});
  if (known && stored.url == connection_.stored_url()) {
    co_await removal_.carry_out(removal_of(stored));
  }
  co_return info();
}

/// A session of ours that is lost is deleted, because an interpreter that died or a driver that
/// cannot be reached costs memory for hours. Its name is unique, so that nobody else's can be
/// meant.
task<void> active_session::lose(std::string id, std::string reason) {
  const auto stored = known_.stored();
  if (!stored || stored->removed || stored->id != id) co_return;
  loss_ = reason;
  known_.forget();
  auto gone = stored->created ? removal_of(*stored) : stored_removal{};
  gone.failed = true;
  co_await removal_.remember(gone, std::nullopt);
  co_await known_.change(SessionState::lost, std::move(reason));
  if (stored->url != connection_.stored_url() || !is_certain(gone)) co_return;
  try {
    co_await removal_.carry_out(std::move(gone));
  } catch (const failure& refused) {
    if (refused.kind() == failure_kind::cancelled) throw;  // it is remembered
  }
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
  removal_.end();
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
