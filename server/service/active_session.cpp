#include "service/active_session.hpp"

#include <algorithm>
#include <utility>

#include "agent/agent.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "livy/backoff.hpp"
#include "livy/statement.hpp"

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

/// Between two looks at a session on which nothing of ours runs, and between two signs of use while
/// something does: Livy ends a session after an hour, also a busy one.
constexpr duration watch_interval = 20s;
constexpr duration unreachable_interval = 2s;
constexpr std::int64_t longest_unused_milliseconds = 4 * 60 * 1000;
/// How long a session whose POST was not answered must be absent before it is posted again.
constexpr duration late_session = 5s;
constexpr int most_posts = 4;
constexpr std::int64_t last_words_lines = 60;
constexpr duration burial_patience = 15s;
/// A first statement warms a driver up, which takes seconds on a busy machine.
constexpr duration install_patience = 60s;

class collected_text final : public livy::output_sink {
 public:
  task<void> restart() override {
    text.clear();
    co_return;
  }
  task<void> write(std::size_t, std::string_view, std::string_view piece) override {
    if (text.size() < 64_KiB) text.append(piece);
    co_return;
  }
  std::string text;
};

/// "30m", "3600s", "90000" (milliseconds) as Livy writes times; 0 = none or not understood.
std::int64_t milliseconds_of(std::string_view text) {
  std::int64_t number = 0;
  std::size_t at = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    number = number * 10 + (text[at++] - '0');
    if (number > 1'000'000'000'000) return 0;
  }
  const auto unit = text.substr(at);
  if (at == 0) return 0;
  if (unit.empty() || unit == "ms") return number;
  if (unit == "s") return number * 1000;
  if (unit == "m" || unit == "min") return number * 60'000;
  if (unit == "h") return number * 3'600'000;
  if (unit == "d") return number * 86'400'000;
  return 0;
}

bool is_python(std::string_view kind) {
  return kind == "pyspark" || kind == "python" || kind == "pyspark3";
}

}  // namespace

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

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
    // Meanwhile it may have been removed, replaced, or taken up by a run.
    const auto now = store_.session(profile_.name);
    if (bringing_up_.running() || !now || now->removed || now->name != stored->name)
      co_return info_;
    if (found && is_alive(found->phase())) {
      const bool known_here = info_.id == found->id;
      describe(*found);
      auto version = co_await livy->version();
      info_.server_version = version.text;
      if (bringing_up_.running()) co_return info_;
      co_await change(working_ ? SessionState::busy : state_of(found->phase()), {});
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
    co_await change(SessionState::unreachable, trouble->message());
    if (!keeping_.running() && !abandoned_) {
      keeping_.start(executor_, "session", [this] { return watch_over(); });
    }
  }
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
  if (ready && retry_agent_ && !working_) {
    auto livy = co_await connection_.open();
    co_await equip(*livy);
  }
  if (ready && info_.id) co_return *info_.id;
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
      const auto stored = store_.session(profile_.name);
      if (stored && stored->created) co_await discard(*livy, found->id);
      found.reset();
    }
    if (!found) found = co_await create(*livy);
    co_await wait_until_ready(*livy, std::move(*found));
    co_await equip(*livy);
    if (info_.state != SessionState::busy) {
      co_await change(working_ ? SessionState::busy : SessionState::idle, {});
    }
    if (!keeping_.running()) {
      keeping_.start(executor_, "session", [this] { return watch_over(); });
    }
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
    const bool ours = !begun_.empty() && !abandoned_ &&
                      (give_up_ || problem->kind() == failure_kind::session_failed);
    if (ours) {
      co_await shielded([this, id = begun_] { return delete_begun(id); }, 15s);
      co_await tell_of_ghost();
      // A store that cannot be written must not keep those who wait for the end waiting.
      co_await shielded([this] { return store_.put_session(profile_.name, std::nullopt); }, 5s);
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

/// By id, or by name while its POST may still be on its way: then it is waited for.
task<void> active_session::delete_begun(std::string id_or_name) {
  auto livy = co_await connection_.open();
  for (const auto until = time_.now() + late_session; time_.now() < until;) {
    auto found = co_await livy->find_session(id_or_name);
    if (found) {
      co_await livy->delete_session(found->id);
      co_return;
    }
    if (id_or_name != info_.name) co_return;
    co_await time_.sleep_for(200ms);
  }
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
  last_statement_ = -1;
  used_at_ = 0;
  stored_session intent;
  intent.url = url;
  intent.name = wanted.name;
  intent.created = true;
  co_await store_.put_session(profile_.name, std::move(intent));
  std::vector<std::string> left_out;
  begun_ = wanted.name;  // from here on the POST may have arrived
  auto made = co_await post_until_there(livy, std::move(wanted), left_out);
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

/// POSTs the session and, after an answer that was lost, looks for its name. Only when it is not
/// there it is posted again, under the same name: the server refuses the later of two.
task<livy::session_view> active_session::post_until_there(livy::client& livy,
                                                          livy::session_request wanted,
                                                          std::vector<std::string>& left_out) {
  for (int posts = 1;; ++posts) {
    std::optional<failure> problem;
    livy::session_view made;
    try {
      left_out.clear();
      made = co_await livy.create_session(wanted, left_out);
    } catch (const failure& reason) {
      problem = reason;
    }
    if (!problem) co_return made;
    if (problem->kind() == failure_kind::cancelled) throw failure(*problem);
    const bool unknown = leaves_outcome_unknown(problem->kind());
    // "Duplicate session name": the one before was late, and is the one.
    const bool refused_again = posts > 1 && problem->kind() == failure_kind::rejected;
    if (unknown || refused_again) {
      auto found = co_await look_for(livy, wanted.name, *problem);
      if (found) co_return std::move(*found);
    }
    if (!unknown || posts == most_posts) {
      begun_.clear();
      if (!unknown) co_await store_.put_session(profile_.name, std::nullopt);
      throw failure(*problem);
    }
  }
}

/// The session of that name, once it is there; nothing when the server says, for a while, that it
/// is not.
task<std::optional<livy::session_view>> active_session::look_for(livy::client& livy,
                                                                 std::string name, failure reason) {
  int failures = 0;
  auto absent_since = time_.now();
  while (true) {
    std::optional<failure> trouble;
    std::optional<livy::session_view> found;
    try {
      found = co_await livy.find_session(name);
    } catch (const failure& again) {
      if (!is_transient(again.kind())) throw;
      trouble = again;
    }
    // Not an answer that was lost on its way: whoever stands there is no Livy at all.
    const bool no_livy = trouble && trouble->kind() == failure_kind::not_livy &&
                         reason.kind() == failure_kind::not_livy;
    if (no_livy) throw failure(reason);
    if (found) co_return found;
    if (trouble) {
      absent_since = time_.now();
      co_await change(SessionState::starting, trouble->message());
    } else if (time_.now() - absent_since > late_session) {
      co_return std::nullopt;
    }
    co_await time_.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
  }
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
  count_idle();
  if (found.phase() == livy::session_phase::busy) co_await change(SessionState::busy, {});
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
  const auto before = store_.session(profile_.name);
  const bool same = before && before->id == found->id && before->name == found->name;
  if (!same) co_await store_.put_session(profile_.name, std::nullopt);
  last_statement_ = -1;
  co_await keep(*found);
  loss_.clear();
  info_ = protocol::SessionInfo{};
  info_.profile = profile_.name;
  co_await bring_up_and_wait();
  co_return info_;
}

task<void> active_session::rejoin(std::string id, std::string name) {
  int failures = 0;
  while (true) {
    const auto stored = store_.session(profile_.name);
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
      if (active && info_.id != id) co_await bring_up_and_wait();
      co_return;
    } catch (const failure& reason) {
      if (!is_transient(reason.kind())) throw;
      trouble = reason.message();
    }
    co_await change(SessionState::unreachable, std::move(trouble));
    co_await time_.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
  }
}

task<protocol::SessionInfo> active_session::restart() {
  co_await stop();
  co_return co_await start();
}

task<protocol::SessionInfo> active_session::keep_alive() {
  if (!info_.id) {
    throw failure(failure_kind::not_found, "There is no session to keep. Start one.");
  }
  auto livy = co_await connection_.open();
  co_await livy->connect(*info_.id);
  used_at_ = time_.wall_milliseconds();
  update_idle_end();
  co_await events_.session_changed(info_);
  co_return info_;
}

// ---------------------------------------------------------------- the agent

task<protocol::SessionInfo> active_session::use_agent(bool use) {
  auto stored = store_.session(profile_.name);
  if (!info_.id || !stored) {
    throw failure(failure_kind::not_found, "There is no session. Start one, or attach to one.");
  }
  stored->use_agent = use;
  co_await store_.put_session(profile_.name, std::move(stored));
  if (use) {
    auto livy = co_await connection_.open();
    co_await equip(*livy);
  } else {
    co_await set_agent(protocol::AgentState::off, {});
  }
  co_return info_;
}

/// The agent, where it belongs. Whatever goes wrong, the session is used in Livy's plain way.
task<void> active_session::equip(livy::client& livy) {
  if (!profile_.agent) {
    co_await set_agent(protocol::AgentState::off, {});
    co_return;
  }
  if (!is_python(info_.kind.value_or(""))) {
    co_await set_agent(protocol::AgentState::unavailable,
                       "The agent works in PySpark sessions only.");
    co_return;
  }
  std::string trouble;
  retry_agent_ = false;
  try {
    co_await install_agent(livy, info_.state == SessionState::busy || working_);
    co_return;
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled || reason.kind() == failure_kind::session_lost) {
      throw;
    }
    retry_agent_ = is_transient(reason.kind());
    trouble = reason.detail().empty() ? reason.message()
                                      : concat(reason.message(), " (", reason.detail(), ")");
  }
  log::warn("session", concat("no agent: ", trouble));
  co_await set_agent(protocol::AgentState::unavailable, std::move(trouble));
}

task<void> active_session::install_agent(livy::client& livy, bool busy) {
  auto stored = store_.session(profile_.name).value_or(stored_session{});
  agent::remote remote(livy, time_, *info_.id);
  std::optional<agent::greeting> present;
  const bool fresh = stored.created && stored.nonce.empty();
  if (!fresh) present = co_await remote.hello();
  if (!present && !stored.created && !stored.use_agent) {
    co_await set_agent(protocol::AgentState::ask, {});
    co_return;
  }
  if (!present) {
    co_await keep_nonce(random_hex(8));
    stored = store_.session(profile_.name).value_or(stored_session{});
    if (busy) {
      co_await remote.install(stored.nonce);
    } else {
      co_await install_by_statement(livy);
    }
  } else if (present->nonce != stored.nonce) {
    co_await keep_nonce(present->nonce);  // another livyd of ours installed it
  }
  co_await set_agent(protocol::AgentState::installed, {});
}

/// The entry may have changed while the session was asked: only this of it is written.
task<void> active_session::keep_nonce(std::string nonce) {
  auto stored = store_.session(profile_.name);
  if (!stored || stored->removed || stored->id != info_.id) co_return;
  stored->nonce = std::move(nonce);
  co_await store_.put_session(profile_.name, std::move(stored));
}

/// May be repeated: a second installation answers as the first. Its id bounds later searches.
task<void> active_session::install_by_statement(livy::client& livy) {
  const auto stored = store_.session(profile_.name).value_or(stored_session{});
  const auto session = info_.id.value_or("");
  auto install = [&]() -> task<agent::greeting> {
    auto code = agent::install_statement(stored.nonce, stored.created);
    const auto id = co_await livy.submit(session, std::move(code), "pyspark");
    saw_statement(session, id);
    collected_text answer;
    auto observe = [](const livy::statement_progress&) -> task<void> { co_return; };
    const auto seen = co_await livy::follow_statement(livy, time_, session, id, answer, observe);
    if (seen.status != "ok") {
      throw failure(failure_kind::unsupported, "The agent could not be installed.",
                    concat(seen.error_name, ": ", seen.error_value));
    }
    co_return agent::read_greeting(answer.text);
  };
  auto work = install();
  co_await with_deadline(std::move(work), install_patience,
                         "The session took too long to install the agent.");
}

task<void> active_session::set_agent(protocol::AgentState state, std::string detail) {
  const auto told = unless_empty(detail);
  if (info_.agent == state && info_.agent_detail == told) co_return;
  info_.agent = state;
  info_.agent_detail = told;
  if (state == protocol::AgentState::ask) {
    co_await tell(protocol::Severity::info,
                  "Somebody else created this session. With livyd's agent in it output is live and "
                  "Stop works; it changes how the session executes code.",
                  {protocol::NoticeAction::use_agent});
  }
  co_await events_.session_changed(info_);
}

void active_session::saw_statement(const std::string& session, std::int64_t id) {
  if (info_.id != session) return;
  last_statement_ = std::max(last_statement_, id);
  used_at_ = time_.wall_milliseconds();
}

// ---------------------------------------------------------------- keeping it

/// Looks after the session for as long as there is one: signs of use while a run is on it, and a
/// look now and then whether it is still there.
task<void> active_session::watch_over() {
  while (!abandoned_) {
    const bool unreachable = info_.state == SessionState::unreachable;
    co_await time_.sleep_for(unreachable ? unreachable_interval : watch_interval);
    if ((!info_.id && !unreachable) || bringing_up_.running()) continue;
    try {
      const auto unused = time_.wall_milliseconds() - used_at_;
      const auto limit = idle_limit_ > 0 ? std::min(longest_unused_milliseconds, idle_limit_ / 3)
                                         : longest_unused_milliseconds;
      if (!working_) {
        co_await look();
      } else if (unused >= limit) {
        co_await keep_alive();
      }
    } catch (const std::exception& error) {
      if (is_cancellation(std::current_exception())) throw;
      log::debug("session", error.what());
    }
  }
}

void active_session::count_idle() {
  if (used_at_ == 0) used_at_ = time_.wall_milliseconds();
  update_idle_end();
}

void active_session::update_idle_end() {
  if (working_ || idle_limit_ == 0 || used_at_ == 0) {
    info_.idle_at.reset();
  } else {
    info_.idle_at = used_at_ + idle_limit_;
  }
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
  forget_session();
  co_await change(SessionState::removed, {});
  if (known && stored.url == connection_.stored_url()) {
    auto livy = co_await connection_.open();
    auto found = co_await find_stored(*livy);
    if (found) co_await livy->delete_session(found->id);
    if (found && found->phase() == livy::session_phase::starting) co_await tell_of_ghost();
    loss_.clear();
  }
  stored_session gone;
  gone.removed = true;
  co_await store_.put_session(profile_.name, std::move(gone));
  co_return info_;
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
  const auto stored = store_.session(profile_.name);
  if (!stored || stored->removed || stored->id != id) co_return;
  loss_ = reason;
  forget_session();
  co_await store_.put_session(profile_.name, std::nullopt);
  co_await change(SessionState::lost, std::move(reason));
  co_await bury(*stored);
}

task<void> active_session::set_working(bool working) {
  working_ = working;
  if (!working) used_at_ = time_.wall_milliseconds();
  update_idle_end();
  const auto state = info_.state;
  if (state == SessionState::idle || state == SessionState::busy ||
      state == SessionState::unreachable) {
    co_await change(working ? SessionState::busy : SessionState::idle, {});
  }
}

task<void> active_session::set_reachable(std::string reason) {
  if (reason.empty() && info_.state == SessionState::unreachable) {
    co_await change(working_ ? SessionState::busy : SessionState::idle, {});
  } else if (!reason.empty() && info_.id) {
    co_await change(SessionState::unreachable, std::move(reason));
  }
}

void active_session::forget_session() {
  info_.id.reset();
  info_.agent.reset();
  info_.agent_detail.reset();
  info_.idle_at.reset();
  last_statement_ = -1;
}

void active_session::abandon() {
  abandoned_ = true;
  bringing_up_.cancel();
  keeping_.cancel();
}

/// Livy ends what it has started itself; an application that still waits in YARN's queue stays.
task<void> active_session::tell_of_ghost() {
  if (!info_.application_id) co_return;
  co_await tell(protocol::Severity::info,
                concat("Livy deleted the session, but its application ", *info_.application_id,
                       " may stay in YARN's queue for a while. To end it at once: yarn application "
                       "-kill ",
                       *info_.application_id),
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

task<void> active_session::keep(const livy::session_view& view) {
  auto kept = store_.session(profile_.name).value_or(stored_session{});
  last_statement_ = std::max(last_statement_, kept.last_statement);
  kept.url = connection_.stored_url();
  kept.id = view.id;
  kept.name = view.name;
  kept.application_id = view.application_id;
  kept.last_statement = last_statement_;
  kept.removed = false;
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
  const auto told = view.raw.find("idleTimeout");
  const bool says = told != view.raw.end() && told->is_string();
  idle_limit_ = milliseconds_of(says ? told->get<std::string>() : profile_.session.idle_timeout);
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
