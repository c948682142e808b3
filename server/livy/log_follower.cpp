#include "livy/log_follower.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd::livy {
namespace {

constexpr duration moving_wait = 1s;
constexpr duration still_wait = 5s;
/// How often the session itself is looked at: whether it lives, and where its driver's log is.
constexpr duration session_interval = 10s;

class log_watch {
 public:
  log_watch(client& livy, clock& time, std::string session, log_listener told)
      : livy_(livy), time_(time), session_(std::move(session)), told_(std::move(told)) {}

  task<void> run() {
    std::string ending;
    while (ending.empty()) {
      ending = co_await turn();
      if (ending.empty()) co_await time_.sleep_for(wait_);
    }
    co_await tell(std::move(ending));
  }

 private:
  /// One look through trouble; a sentence when nothing more will come.
  task<std::string> turn() {
    std::optional<failure> problem;
    try {
      co_return co_await look();
    } catch (const failure& reason) {
      problem = reason;
    }
    if (problem->kind() == failure_kind::session_lost) co_return problem->message();
    if (!is_transient(problem->kind())) throw failure(*problem);
    if (failures_++ == 0) {
      co_await tell(
          concat("The log cannot be read now: ", problem->message(), " livyd keeps trying."));
    }
    wait_ = std::max<duration>(moving_wait, failure_wait(failures_, random_jitter()));
    co_return std::string();
  }

  task<std::string> look() {
    const auto ending = co_await look_at_session();
    if (ending && ending->gone) co_return ending->words;
    auto page = co_await livy_.read_log(session_, 0, -1);
    failures_ = 0;
    const bool moved = co_await tell_new_lines(std::move(page.lines));
    wait_ = moved ? moving_wait : std::min<duration>(wait_ * 3 / 2, still_wait);
    co_return ending ? ending->words : std::string();
  }

  struct session_end {
    std::string words;
    bool gone = false;  ///< its log too
  };

  bool is_session_due() const {
    return !looked_ || failures_ > 0 || time_.now() - *looked_ >= session_interval;
  }

  task<std::optional<session_end>> look_at_session() {
    if (!is_session_due()) co_return std::nullopt;
    const auto seen = co_await livy_.find_session(session_);
    looked_ = time_.now();
    if (!seen) {
      co_return session_end{"The session is gone: nothing more comes.", true};
    }
    if (is_another(*seen)) {
      co_return session_end{"The session is gone (the server restarted): nothing more comes.",
                            true};
    }
    name_ = seen->name;
    if (!seen->application_id.empty()) application_ = seen->application_id;
    co_await tell_driver_log(seen->driver_log_url);
    if (seen->phase() != session_phase::dead) co_return std::nullopt;
    co_return session_end{concat("The session has ended (", seen->state, "): nothing more comes."),
                          false};
  }

  /// A restarted Livy counts from 0 again: the same id is another session.
  bool is_another(const session_view& seen) const {
    if (name_ && *name_ != seen.name) return true;
    return !application_.empty() && !seen.application_id.empty() &&
           application_ != seen.application_id;
  }

  /// Livy knows this address in cluster mode only, where its own log stands still.
  task<void> tell_driver_log(std::string url) {
    if (url.empty() || std::exchange(driver_log_told_, true)) co_return;
    co_await tell(
        concat("The driver runs in the cluster and Livy's log of the session ends where it was "
               "submitted. The driver's own log is at ",
               url));
  }

  task<bool> tell_new_lines(std::vector<std::string> lines) {
    auto sections = split_log(lines);
    bool moved = co_await tell_section(log_section::out, out_, std::move(sections.out));
    moved |= co_await tell_section(log_section::error, error_, std::move(sections.error));
    moved |= co_await tell_section(log_section::yarn, yarn_, std::move(sections.yarn));
    co_return moved;
  }

  struct section_state {
    log_join join;
    bool gap = false;  ///< not told yet: only hidden lines came after it
  };

  task<bool> tell_section(log_section section, section_state& state,
                          std::vector<std::string> page) {
    auto joined = state.join.take(std::move(page));
    const bool moved = !joined.lines.empty();
    // YARN's words are replaced by newer ones; nothing is missing between them.
    state.gap |= joined.gap && section != log_section::yarn;
    std::erase_if(joined.lines, [](const auto& line) { return is_side_channel_line(line); });
    if (joined.lines.empty()) co_return moved;
    followed_lines told;
    told.section = section;
    told.lines = std::move(joined.lines);
    told.gap = std::exchange(state.gap, false);
    co_await told_(std::move(told));
    co_return moved;
  }

  task<void> tell(std::string notice) {
    followed_lines words;
    words.notice = std::move(notice);
    co_await told_(std::move(words));
  }

  client& livy_;
  clock& time_;
  std::string session_;
  log_listener told_;
  section_state out_;
  section_state error_;
  section_state yarn_;
  duration wait_ = moving_wait;
  int failures_ = 0;
  std::optional<clock::time_point> looked_;
  std::optional<std::string> name_;
  std::string application_;
  bool driver_log_told_ = false;
};

}  // namespace

task<void> follow_log(client& livy, clock& time, std::string session, log_listener told) {
  log_watch watch(livy, time, std::move(session), std::move(told));
  co_await watch.run();
}

}  // namespace livyd::livy
