#include "livy/batch_follower.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "livy/backoff.hpp"
#include "livy/log_streams.hpp"

namespace livyd::livy {
namespace {

constexpr duration still_wait = 3s;
/// The launcher's last words may be read a moment after its end is known.
constexpr duration settle_wait = 300ms;
constexpr int most_settle_reads = 10;
constexpr std::size_t reason_bytes = 64_KiB;
constexpr std::int64_t whole_log = -1;

class batch_watch {
 public:
  batch_watch(log_server server, log_pages pages, clock& time, batch_view begun,
              batch_listener changed, log_listener told)
      : server_(std::move(server)),
        pages_(std::move(pages)),
        time_(time),
        seen_(std::move(begun)),
        changed_(std::move(changed)),
        streams_(pages_, time, std::move(told)) {}

  task<void> run() {
    const auto begun = time_.now();
    while (true) {
      const auto answered = co_await turn();
      if (answered && seen_.finished()) break;
      co_await time_.sleep_for(wait_after(answered, time_.now() - begun));
    }
    co_await settle();
    co_await tell(co_await read_words_of_batch(*livy_, pages_, seen_));
  }

 private:
  duration wait_after(bool answered, duration elapsed) {
    if (!answered) return std::max<duration>(1s, failure_wait(failures_, random_jitter()));
    const auto shortest = session_wait(elapsed, random_jitter());
    still_ = moved_ ? shortest : std::min<duration>(std::max(still_, shortest) * 3 / 2, still_wait);
    return still_;
  }

  /// One look through trouble; false: the server said nothing.
  task<bool> turn() {
    std::optional<failure> problem;
    try {
      if (!livy_ || failures_ > 0) livy_ = co_await server_();
      co_await look();
    } catch (const failure& reason) {
      problem = reason;
    }
    if (!problem) {
      failures_ = 0;
      co_return true;
    }
    if (!is_transient(problem->kind())) throw failure(*problem);
    // The one reason is as good as the next, and would be told anew each time they alternate.
    if (failures_++ == 0) co_await tell(concat(problem->message(), " livyd keeps looking."));
    co_return false;
  }

  task<void> look() {
    auto found = co_await livy_->find_batch(seen_.id);
    if (!found || is_another(*found)) {
      throw failure(failure_kind::not_found,
                    "The batch is gone: it was deleted, it expired, or the server restarted.");
    }
    const bool new_state = found->state != seen_.state;
    seen_ = std::move(*found);
    const auto lines = co_await read_log();
    moved_ = new_state || new_lines_;
    if (!seen_.finished()) co_await tell(words_of_batch(seen_, lines));
  }

  /// Tells the new lines and returns all.
  task<std::vector<std::string>> read_log() {
    auto page = co_await livy_->read_batch_log(seen_.id, 0, whole_log);
    new_lines_ = co_await streams_.take(page.lines);
    new_lines_ |= co_await streams_.look_at_driver(seen_.driver_log_url);
    co_return std::move(page.lines);
  }

  /// Reads until nothing new comes.
  task<void> settle() {
    try {
      for (int reads = 0; reads < most_settle_reads; ++reads) {
        co_await time_.sleep_for(settle_wait);
        co_await read_log();
        if (!new_lines_) co_return;
      }
    } catch (const failure& reason) {
      // What has been read is told; the state is known.
      if (!is_transient(reason.kind()) && reason.kind() != failure_kind::not_found) throw;
    }
  }

  bool is_another(const batch_view& found) const {
    if (found.name != seen_.name) return true;
    return !seen_.application_id.empty() && !found.application_id.empty() &&
           found.application_id != seen_.application_id;
  }

  task<void> tell(std::string detail) {
    const bool known = told_ && told_->state == seen_.state && detail == told_detail_ &&
                       told_->application_id == seen_.application_id &&
                       told_->spark_ui_url == seen_.spark_ui_url &&
                       told_->driver_log_url == seen_.driver_log_url;
    if (known) co_return;
    told_ = seen_;
    told_detail_ = detail;
    co_await changed_(seen_, std::move(detail));
  }

  log_server server_;
  log_pages pages_;
  std::shared_ptr<client> livy_;
  clock& time_;
  batch_view seen_;
  batch_listener changed_;
  log_streams streams_;
  std::optional<batch_view> told_;
  std::string told_detail_;
  duration still_{};
  bool moved_ = false;
  bool new_lines_ = false;
  int failures_ = 0;
};

}  // namespace

task<void> follow_batch(log_server server, log_pages driver_log, clock& time, batch_view begun,
                        batch_listener changed, log_listener told) {
  batch_watch watch(std::move(server), std::move(driver_log), time, std::move(begun),
                    std::move(changed), std::move(told));
  co_await watch.run();
}

task<std::string> read_words_of_batch(client& livy, log_pages driver_log, batch_view seen) {
  auto lines = seen.log;
  try {
    auto page = co_await livy.read_batch_log(seen.id, 0, whole_log);
    lines = std::move(page.lines);
  } catch (const failure& unread) {
    if (unread.kind() == failure_kind::cancelled) throw;
  }
  const bool in_cluster = seen.finished() && !seen.driver_log_url.empty();
  if (!in_cluster) co_return words_of_batch(seen, lines);
  // In the cluster Python's traceback is in the container's standard output.
  std::vector<std::string> driver;
  for (const auto* stream : {"stderr", "stdout"}) {
    auto part = co_await fetch_driver_log(driver_log, seen.driver_log_url, stream, reason_bytes);
    std::move(part.lines.begin(), part.lines.end(), std::back_inserter(driver));
  }
  co_return words_of_batch(seen, lines, driver);
}

}  // namespace livyd::livy
