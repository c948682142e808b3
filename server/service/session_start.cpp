#include "service/session_start.hpp"

#include <utility>

#include "base/files.hpp"
#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd {
namespace {

using protocol::SessionState;

constexpr int most_posts = 4;

}  // namespace

task<livy::session_view> session_start::create(livy::client& livy, std::string& loss) {
  // Asked first: what fails here (a login page, a wrong port) leaves no doubt about the POST.
  co_await livy.version();
  auto wanted = known_.where().session;
  wanted.name = livy::new_session_name(user_name(), known_.where().name);
  known_.begin(wanted.name);
  co_await known_.change(SessionState::starting, {});
  if (prepare) {
    co_await prepare(wanted, [this](std::string what) -> task<void> {
      co_await known_.change(SessionState::starting, std::move(what));
    });
    co_await known_.change(SessionState::starting, {});
  }
  const auto url = connection_.stored_url();
  known_.forget_statements();
  known_.forget_use();
  stored_session intent;
  intent.url = url;
  intent.name = wanted.name;
  intent.created = true;
  co_await known_.put(std::move(intent));
  std::vector<std::string> left_out;
  begun_ = wanted.name;  // from here on the POST may have arrived
  auto made = co_await post_until_there(livy, std::move(wanted), left_out);
  begun_ = made.id;
  co_await known_.keep(made);
  co_await tell_left_out(std::move(left_out));
  if (!loss.empty()) {
    co_await known_.tell(protocol::Severity::warning,
                         concat("The session was lost (", std::exchange(loss, {}),
                                "). A new one is starting; variables are gone."),
                         {protocol::NoticeAction::show_log});
  }
  co_return made;
}

task<void> session_start::tell_left_out(std::vector<std::string> left_out) {
  if (left_out.empty()) co_return;
  std::string names;
  for (const auto& name : left_out) names += concat(names.empty() ? "" : ", ", name);
  co_await known_.tell(
      protocol::Severity::info,
      concat("This Livy does not know ", names,
             "; the session starts without it. Remove it from the profile to silence this."),
      {protocol::NoticeAction::open_settings});
}

/// POSTs the session and, after an answer that was lost, looks for its name. Only when it is not
/// there it is posted again, under the same name: the server refuses the later of two.
task<livy::session_view> session_start::post_until_there(livy::client& livy,
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
      if (!unknown) co_await known_.put(std::nullopt);
      throw failure(*problem);
    }
  }
}

/// The session of that name, once it is there; nothing when the server says, for a while, that it
/// is not.
task<std::optional<livy::session_view>> session_start::look_for(livy::client& livy,
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
      co_await known_.change(SessionState::starting, trouble->message());
    } else if (time_.now() - absent_since > late_session) {
      co_return std::nullopt;
    }
    co_await time_.sleep_for(livy::failure_wait(++failures, livy::random_jitter()));
  }
}

task<void> session_start::wait_until_ready(livy::client& livy, livy::session_view found) {
  known_.describe(found);
  const auto id = found.id;
  auto version = co_await livy.version();
  known_.set_server_version(version.text);
  const auto phase = found.phase();
  if (phase != livy::session_phase::idle && phase != livy::session_phase::busy) {
    co_await known_.change(SessionState::starting, {});
    auto progress = [this](const livy::session_view& seen, std::string detail) -> task<void> {
      known_.describe(seen);
      co_await known_.change(SessionState::starting, std::move(detail));
    };
    found = co_await livy::wait_until_ready(livy, time_, id, progress);
  }
  known_.describe(found);
  co_await known_.keep(found);
  known_.count_idle();
  if (found.phase() == livy::session_phase::busy) co_await known_.change(SessionState::busy, {});
}

}  // namespace livyd
