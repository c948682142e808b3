#include "livy/log_follower.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "livy/backoff.hpp"
#include "livy/driver_log.hpp"
#include "livy/log_streams.hpp"

namespace livyd::livy {
namespace {

constexpr duration moving_wait = 1s;
constexpr duration still_wait = 5s;
/// How often the session itself is looked at: whether it lives, and where its driver's log is.
constexpr duration session_interval = 10s;
constexpr duration page_deadline = 5s;

class log_watch {
 public:
  log_watch(log_server server, log_pages pages, clock& time, std::string session, log_listener told)
      : server_(std::move(server)),
        time_(time),
        session_(std::move(session)),
        told_(std::move(told)),
        streams_(std::move(pages), time, told_) {}

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
      if (!livy_ || failures_ > 0) livy_ = co_await server_();
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
    auto page = co_await livy_->read_log(session_, 0, -1);
    failures_ = 0;
    bool moved = co_await streams_.take(std::move(page.lines));
    moved |= co_await streams_.look_at_driver(driver_log_url_);
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
    const auto seen = co_await livy_->find_session(session_);
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
    if (!seen->driver_log_url.empty()) driver_log_url_ = seen->driver_log_url;
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

  task<void> tell(std::string notice) {
    followed_lines words;
    words.notice = std::move(notice);
    co_await told_(std::move(words));
  }

  log_server server_;
  std::shared_ptr<client> livy_;
  clock& time_;
  std::string session_;
  log_listener told_;
  log_streams streams_;
  duration wait_ = moving_wait;
  int failures_ = 0;
  std::optional<clock::time_point> looked_;
  std::optional<std::string> name_;
  std::string application_;
  std::string driver_log_url_;
};

}  // namespace

std::string words_of_driver_log(std::string_view url, std::string_view problem) {
  return concat(
      "The driver runs in the cluster, and Livy's own log ends where it was submitted. The "
      "driver's log is at ",
      url, " and cannot be read from here: ", problem);
}

task<driver_log> fetch_driver_log(log_pages pages, std::string driver_log_url, std::string stream,
                                  std::size_t bytes) {
  driver_log out;
  try {
    for (auto& address : driver_log_addresses(driver_log_url, stream, bytes)) {
      const auto host = address.host_and_port();
      auto reading = pages(std::move(address));
      const auto answer = co_await with_deadline(std::move(reading), page_deadline,
                                                 concat(host, " did not answer in time."));
      auto page = read_driver_log(answer, bytes);
      if (page) {
        out.lines = std::move(page->lines);
        out.cut = page->cut;
        out.problem.clear();
        break;
      }
      out.problem = concat(
          host, " answered with ",
          answer.ok() ? std::string("a page that is no log") : concat("status ", answer.status),
          ".");
    }
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    out.problem = reason.message();
  }
  co_return out;
}

task<void> follow_log(log_server server, log_pages driver_log, clock& time, std::string session,
                      log_listener told) {
  log_watch watch(std::move(server), std::move(driver_log), time, std::move(session),
                  std::move(told));
  co_await watch.run();
}

}  // namespace livyd::livy
