#include "service/session_removal.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd {
namespace {

constexpr std::int64_t last_words_lines = 60;
constexpr duration removal_patience = 20s;
constexpr std::size_t most_removals = 32;
/// After some ten minutes in which the server was asked every two seconds.
constexpr int failures_until_calm = 300;
constexpr duration calm_wait = 20s;

std::string shown_name(const stored_removal& gone) {
  return gone.name.empty() ? gone.id : gone.name;
}

bool is_same(const stored_removal& a, const stored_removal& b) {
  return a.url == b.url && a.id == b.id && a.name == b.name;
}

/// Livy counts ids from 0 again after a restart, and a name may be used again: that of our number
/// or name may be somebody else's.
bool is_meant(const stored_removal& gone, const livy::session_view& found) {
  const bool other_application = !gone.application_id.empty() && !found.application_id.empty() &&
                                 gone.application_id != found.application_id;
  const bool same_id = gone.id.empty() || gone.id == found.id;
  return gone.name == found.name && same_id && !other_application;
}

}  // namespace

stored_removal removal_of(const stored_session& session) {
  return {.url = session.url,
          .id = session.id,
          .name = session.name,
          .application_id = session.application_id};
}

bool is_certain(const stored_removal& gone) {
  return !gone.name.empty() || (!gone.id.empty() && !gone.application_id.empty());
}

session_removal::session_removal(asio::any_io_executor executor, clock& time, known_session& known,
                                 connection& server)
    : executor_(std::move(executor)), time_(time), known_(known), connection_(server) {}

/// Those of the server that the profile names now.
std::vector<stored_removal> session_removal::left() const {
  auto removals = known_.kept().removals;
  std::erase_if(removals, [&](const auto& one) { return one.url != connection_.stored_url(); });
  return removals;
}

bool session_removal::is_pending(const livy::session_view& view) const {
  return is_pending(view.id, view.name);
}

bool session_removal::is_pending(const std::string& id, const std::string& name) const {
  const auto all = left();
  return std::any_of(all.begin(), all.end(), [&](const auto& one) {
    return one.name == name && (one.id.empty() || one.id == id);
  });
}

task<void> session_removal::remember(stored_removal gone, std::optional<stored_session> instead) {
  const bool here = is_certain(gone) && gone.url == connection_.stored_url();
  return known_.update([=](stored_profile& kept) {
    kept.session = instead;
    kept.last_words = {};
    if (!here) return;
    kept.removals.push_back(gone);
    if (kept.removals.size() > most_removals) kept.removals.erase(kept.removals.begin());
  });
}

task<bool> session_removal::carry_out(stored_removal gone) {
  std::optional<failure> problem;
  try {
    auto work = delete_there(gone);
    co_await with_deadline(std::move(work), removal_patience,
                           "The server took too long to delete the session.");
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    problem = reason;
  }
  if (!problem) {
    co_await forget(std::move(gone));
    co_return true;
  }
  log::warn("session", concat(shown_name(gone), " is not deleted yet: ", problem->message()));
  if (!is_transient(problem->kind()) || !is_certain(gone)) {
    co_await forget(std::move(gone));
    throw failure(*problem);
  }
  if (!gone.failed) {
    auto words = concat("The server was not reached: the session ", shown_name(gone),
                        " is removed as soon as it answers.");
    co_await known_.tell(protocol::Severity::warning, words, {});
    if (known_.removed()) {
      co_await known_.change(protocol::SessionState::removed, std::move(words));
    }
  }
  begin();
  co_return false;
}

void session_removal::begin() {
  if (ended_ || asking_.running() || left().empty()) return;
  asking_.start(executor_, "session", [this] { return ask_on(); });
}

void session_removal::end() {
  ended_ = true;
  asking_.cancel();
}

task<void> session_removal::ask_on() {
  for (int failures = 1; !ended_; ++failures) {
    co_await ask_once();
    if (left().empty()) co_return;
    const auto wait = failures < failures_until_calm
                          ? livy::failure_wait(failures, livy::random_jitter())
                          : calm_wait;
    co_await time_.sleep_for(wait);
  }
}

task<void> session_removal::ask_once() {
  for (const auto& gone : left()) {
    std::optional<failure> problem;
    try {
      co_await finish(gone);
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
      problem = reason;
    }
    if (!problem) continue;
    log::debug("session", concat(shown_name(gone), ": ", problem->message()));
    if (!is_transient(problem->kind())) co_await forget(gone);
  }
}

task<void> session_removal::finish(stored_removal gone) {
  auto work = delete_there(gone);
  co_await with_deadline(std::move(work), removal_patience,
                         "The server took too long to delete the session.");
  co_await forget(gone);
  log::info("session", concat(shown_name(gone), " is removed"));
  if (gone.failed) co_return;
  co_await known_.tell(
      protocol::Severity::info,
      concat("The server answers again: the session ", shown_name(gone), " is removed."), {});
  if (known_.removed()) co_await known_.change(protocol::SessionState::removed, {});
}

task<void> session_removal::delete_there(const stored_removal& gone) {
  auto livy = co_await connection_.open();
  const auto until = time_.now() + late_session;
  while (true) {
    auto found = co_await livy->find_session(gone.name.empty() ? gone.id : gone.name);
    if (found && !is_meant(gone, *found)) co_return;
    if (found) {
      if (gone.failed) co_await keep_last_words(*livy, *found);
      co_await livy->delete_session(found->id);
      if (found->phase() == livy::session_phase::starting) {
        co_await tell_of_ghost(found->application_id);
      }
      co_return;
    }
    // A name without an id: its POST may still be on its way.
    if (!gone.id.empty() || time_.now() >= until) co_return;
    co_await time_.sleep_for(200ms);
  }
}

/// Of a session that failed, before the server forgets it.
task<void> session_removal::keep_last_words(livy::client& livy, const livy::session_view& found) {
  stored_words words{.id = found.id, .name = found.name, .reason = {}, .text = {}};
  try {
    const auto page = co_await livy.read_log(found.id, -1, last_words_lines);
    for (const auto& line : page.lines) words.text.append(line).append("\n");
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    co_return;
  }
  co_await known_.keep_last_words(std::move(words));
}

/// Livy ends what it has started itself; an application that still waits in YARN's queue stays.
task<void> session_removal::tell_of_ghost(std::string application) {
  if (application.empty()) co_return;
  co_await known_.tell(
      protocol::Severity::info,
      concat("Livy deleted the session, but its application ", application,
             " may stay in YARN's queue for a while. To end it at once: yarn application -kill ",
             application),
      {});
}

task<void> session_removal::forget(stored_removal gone) {
  const auto kept = known_.kept();
  const bool known = std::any_of(kept.removals.begin(), kept.removals.end(),
                                 [&](const auto& one) { return is_same(one, gone); });
  if (!known) co_return;
  co_await known_.update([gone = std::move(gone)](stored_profile& now) {
    std::erase_if(now.removals, [&](const auto& one) { return is_same(one, gone); });
  });
}

}  // namespace livyd
