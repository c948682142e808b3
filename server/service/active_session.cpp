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

bool is_alive(livy::session_phase phase) {
  return phase == livy::session_phase::starting || phase == livy::session_phase::idle ||
         phase == livy::session_phase::busy;
}

failure removed_by_user() {
  return {failure_kind::session_removed,
          "You removed the session. Start a session to run code again."};
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
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
      events_(events),
      store_(kept),
      profile_(where),
      connection_(server),
      changed_(executor) {
  info_.profile = where.name;
  info_.since = time.wall_milliseconds();
  const auto stored = store_.session(where.name);
  info_.state = stored && stored->removed ? SessionState::removed : SessionState::none;
}

task<protocol::SessionInfo> active_session::look() {
  const auto stored = store_.session(profile_.name);
  const bool known = stored && !stored->removed && (!stored->id.empty() || !stored->name.empty());
  if (!known || bringing_up_.running()) co_return info_;
  std::optional<failure> trouble;
  try {
    auto livy = co_await connection_.open();
    auto found = co_await find_stored(*livy);
    if (found && is_alive(found->phase())) {
      describe(*found);
      auto version = co_await livy->version();
      info_.server_version = version.text;
      co_await change(state_of(found->phase()), {});
      if (found->phase() == livy::session_phase::starting) {
        ended_.reset();
        bringing_up_.start(executor_, "session", [this] { return bring_up(); });
      }
    } else {
      co_await lose(found ? concat("it is ", found->state) : "it is no longer on the server");
    }
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    trouble = reason;
  }
  if (trouble) co_await change(SessionState::unreachable, trouble->message());
  co_return info_;
}

task<protocol::SessionInfo> active_session::start() {
  auto stored = store_.session(profile_.name);
  if (stored && stored->removed) {
    stored->removed = false;
    co_await store_.put_session(profile_.name, std::move(stored));
    info_.state = SessionState::none;
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
  co_return info_;
}

task<std::string> active_session::ensure() {
  const bool ready = info_.id && !bringing_up_.running() &&
                     (info_.state == SessionState::idle || info_.state == SessionState::busy ||
                      info_.state == SessionState::unreachable);
  if (ready) co_return *info_.id;
  const auto stored = store_.session(profile_.name);
  if (stored && stored->removed) throw removed_by_user();
  co_await bring_up_and_wait();
  co_return *info_.id;
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
  const auto stored = store_.session(profile_.name);
  if (removing_ || (stored && stored->removed)) throw removed_by_user();
  throw failure(failure_kind::session_failed,
                "The start of the session was cancelled. Run again to start one.");
}

task<void> active_session::bring_up() {
  std::optional<failure> problem;
  give_up_ = false;
  begun_.clear();
  try {
    auto livy = co_await connection_.open();
    auto found = co_await find_stored(*livy);
    if (found && !is_alive(found->phase())) {
      loss_ = concat("it is ", found->state);
      co_await discard(*livy, found->id);
      found.reset();
    }
    if (!found) found = co_await create(*livy);
    co_await wait_until_ready(*livy, std::move(*found));
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
    const bool ours = !begun_.empty() && !abandoned_ &&
                      (give_up_ || problem->kind() == failure_kind::session_failed);
    if (ours) {
      const auto id = begun_;
      co_await shielded(
          [this, id]() -> task<void> {
            auto livy = co_await connection_.open();
            co_await livy->delete_session(id);
          },
          15s);
      co_await store_.put_session(profile_.name, std::nullopt);
    }
    info_.id.reset();
    const bool cancelled = problem->kind() == failure_kind::cancelled;
    if (cancelled) {
      co_await change(SessionState::none, {});
    } else {
      const bool kept = is_transient(problem->kind());
      co_await change(kept ? SessionState::unreachable : SessionState::dead, problem->message());
    }
  }
  ended_ = ended{std::move(problem)};
  changed_.notify_all();
}

task<std::optional<livy::session_view>> active_session::find_stored(livy::client& livy) {
  const auto stored = store_.session(profile_.name);
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

task<livy::session_view> active_session::create(livy::client& livy) {
  // Asked first: what fails here (a login page, a wrong port) leaves no doubt about the POST.
  co_await livy.version();
  auto wanted = profile_.session;
  wanted.name = livy::new_session_name(user_name(), profile_.name);
  info_ = protocol::SessionInfo{};
  info_.profile = profile_.name;
  info_.name = wanted.name;
  co_await change(SessionState::starting, {});
  const auto url = connection_.stored_url();
  stored_session intent{
      .url = url, .id = {}, .name = wanted.name, .application_id = {}, .removed = false};
  co_await store_.put_session(profile_.name, std::move(intent));
  std::vector<std::string> left_out;
  std::optional<failure> problem;
  livy::session_view made;
  try {
    made = co_await livy.create_session(wanted, left_out);
  } catch (const failure& reason) {
    problem = reason;
  }
  if (problem && leaves_outcome_unknown(problem->kind())) {
    made = co_await recover(livy, wanted.name, *problem);
    problem.reset();
  }
  if (problem) {
    if (problem->kind() == failure_kind::cancelled) {
      begun_ = wanted.name;  // the POST may have arrived
    } else {
      co_await store_.put_session(profile_.name, std::nullopt);
    }
    throw failure(*problem);
  }
  begun_ = made.id;
  co_await keep(made);
  if (!left_out.empty()) {
    std::string names;
    for (const auto& name : left_out) names += concat(names.empty() ? "" : ", ", name);
    co_await tell(protocol::Severity::info,
                  concat("This Livy does not know ", names,
                         "; the session starts without it. Remove it from the profile to silence "
                         "this."),
                  {protocol::NoticeAction::open_settings});
  }
  if (!loss_.empty()) {
    co_await tell(protocol::Severity::warning,
                  concat("The session was lost (", std::exchange(loss_, {}),
                         "). A new one is starting; variables are gone."),
                  {protocol::NoticeAction::show_log});
  }
  co_return made;
}

task<livy::session_view> active_session::recover(livy::client& livy, std::string name,
                                                 failure reason) {
  const auto started = time_.now();
  int failures = 0;
  while (true) {
    std::optional<failure> trouble;
    std::optional<livy::session_view> found;
    try {
      found = co_await livy.find_session(name);
    } catch (const failure& again) {
      if (again.kind() == failure_kind::cancelled) throw;
      trouble = again;
    }
    // Not an answer that was lost on its way: whoever stands there is no Livy at all.
    const bool no_livy = trouble && trouble->kind() == failure_kind::not_livy &&
                         reason.kind() == failure_kind::not_livy;
    if (no_livy) throw failure(reason);
    if (found) co_return std::move(*found);
    const auto waited = time_.now() - started;
    if (waited > (trouble ? duration(60s) : duration(5s))) break;
    co_await time_.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
  }
  throw failure(reason.kind(),
                concat("The server's answer was lost, and no session ", name,
                       " has appeared there. Try again: if it appears late, it will be used."),
                reason.message());
}

task<void> active_session::wait_until_ready(livy::client& livy, livy::session_view found) {
  describe(found);
  const auto id = found.id;
  auto version = co_await livy.version();
  info_.server_version = version.text;
  if (found.phase() == livy::session_phase::starting) {
    co_await change(SessionState::starting, {});
    auto progress = [this](const livy::session_view& seen, std::string detail) -> task<void> {
      describe(seen);
      co_await change(SessionState::starting, std::move(detail));
    };
    found = co_await livy::wait_until_ready(livy, time_, id, progress);
  }
  describe(found);
  co_await keep(found);
  co_await change(state_of(found.phase()), {});
}

task<protocol::SessionInfo> active_session::attach(std::string id_or_name) {
  auto livy = co_await connection_.open();
  auto found = co_await livy->find_session(id_or_name);
  if (!found) throw no_such_session(id_or_name);
  if (!is_alive(found->phase())) {
    throw failure(failure_kind::session_lost,
                  concat("The session \"", id_or_name, "\" is ", found->state,
                         ". Attach to another one, or start one."));
  }
  bringing_up_.cancel();
  co_await keep(*found);
  loss_.clear();
  info_.id.reset();
  co_await bring_up_and_wait();
  co_return info_;
}

task<protocol::SessionInfo> active_session::stop() {
  if (bringing_up_.running()) {
    give_up_ = true;
    removing_ = true;
    bringing_up_.cancel();
    while (!ended_) co_await changed_.wait();
  }
  auto stored = store_.session(profile_.name).value_or(stored_session{});
  const bool known = !stored.id.empty() || !stored.name.empty();
  stored.removed = true;
  co_await store_.put_session(profile_.name, stored);
  removing_ = false;
  loss_.clear();
  info_.id.reset();
  co_await change(SessionState::removed, {});
  if (known && stored.url == connection_.stored_url()) {
    auto livy = co_await connection_.open();
    auto found = co_await find_stored(*livy);
    if (found) co_await livy->delete_session(found->id);
    loss_.clear();
  }
  stored_session gone;
  gone.removed = true;
  co_await store_.put_session(profile_.name, std::move(gone));
  co_return info_;
}

task<void> active_session::lose(std::string reason) {
  loss_ = reason;
  info_.id.reset();
  const auto stored = store_.session(profile_.name);
  if (stored && !stored->removed) {
    co_await store_.put_session(profile_.name, std::nullopt);
    co_await change(SessionState::lost, std::move(reason));
  }
}

task<void> active_session::set_working(bool working) {
  const auto state = info_.state;
  if (state == SessionState::idle || state == SessionState::busy ||
      state == SessionState::unreachable) {
    co_await change(working ? SessionState::busy : SessionState::idle, {});
  }
}

task<void> active_session::set_reachable(std::string reason) {
  if (reason.empty() && info_.state == SessionState::unreachable) {
    co_await change(SessionState::busy, {});
  } else if (!reason.empty() && info_.id) {
    co_await change(SessionState::unreachable, std::move(reason));
  }
}

void active_session::abandon() {
  abandoned_ = true;
  bringing_up_.cancel();
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

task<void> active_session::keep(const livy::session_view& view) {
  stored_session kept{.url = connection_.stored_url(),
                      .id = view.id,
                      .name = view.name,
                      .application_id = view.application_id,
                      .removed = false};
  return store_.put_session(profile_.name, std::move(kept));
}

void active_session::describe(const livy::session_view& view) {
  info_.id = view.id;
  info_.name = unless_empty(view.name);
  info_.kind = unless_empty(view.kind);
  info_.application_id = unless_empty(view.application_id);
  info_.owner = unless_empty(view.owner);
  info_.proxy_user = unless_empty(view.proxy_user);
  info_.spark_ui_url = unless_empty(view.spark_ui_url);
  info_.driver_log_url = unless_empty(view.driver_log_url);
}

task<void> active_session::change(protocol::SessionState state, std::string detail) {
  const auto told = unless_empty(detail);
  if (info_.state == state && info_.detail == told) co_return;
  if (info_.state != state) info_.since = time_.wall_milliseconds();
  info_.state = state;
  info_.detail = told;
  co_await events_.session_changed(info_);
}

task<void> active_session::tell(protocol::Severity severity, std::string text,
                                std::vector<protocol::NoticeAction> actions) {
  protocol::Notice words;
  words.severity = severity;
  words.text = std::move(text);
  words.profile = profile_.name;
  words.actions = std::move(actions);
  return events_.notice(std::move(words));
}

}  // namespace livyd
