#include "livy/side_channel.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd::livy {
namespace {

/// A look that has less than this to be answered in says nothing, and is not begun.
constexpr duration shortest_look = 50ms;
constexpr auto no_answer_in_time =
    "The session's Python did not answer in time: native code may hold it. Wait, or restart the "
    "session.";

/// Livy's FAILED jobs carry a Java stack around the Python one: the last line of Python's own words
/// says what was raised.
std::string python_words(std::string_view error) {
  std::string words;
  for (const auto line : split(error, '\n')) {
    const auto text = trimmed(line);
    if (text.starts_with("at ") || text.starts_with("Caused by:")) continue;
    if (!text.empty() && !line.starts_with(' ') && !line.starts_with('\t')) words = text;
  }
  return words;
}

std::string decoded(const std::string& result) {
  try {
    return unpickled_text(base64_decoded(base64_decoded(result)));
  } catch (const failure& unread) {
    throw failure(failure_kind::unsupported,
                  "The session's Python gave an answer that livyd does not understand.",
                  unread.message());
  }
}

/// One job, from its start to its answer.
class job_watch {
 public:
  job_watch(client& livy, clock& time, const std::string& session, duration expected,
            duration deadline, duration quiet)
      : livy_(livy),
        time_(time),
        session_(session),
        expected_(expected),
        deadline_(deadline),
        quiet_(quiet),
        asked_(time.now()) {}

  task<std::string> run(std::string job) {
    auto submission = livy_.submit_job(session_, std::move(job));
    const auto id = co_await with_deadline(std::move(submission), left(), no_answer_in_time);
    begun_ = time_.now();
    // Who waits for something has no answer yet.
    if (expected_ > duration::zero()) co_await wait();
    while (true) {
      const auto seen = co_await look(id);
      if (seen && seen->finished()) co_return answer_of(*seen);
      co_await wait();
    }
  }

 private:
  /// Throws when there is no time left: why the last look failed, or that time is up.
  duration left() const {
    const auto rest = deadline_ - (time_.now() - asked_);
    if (rest > duration::zero()) return rest;
    if (trouble_) throw *trouble_;
    throw failure(failure_kind::timeout, no_answer_in_time);
  }

  duration next_wait() const {
    if (failures_ > 0) return failure_wait(failures_, random_jitter());
    return job_wait(time_.now() - begun_, expected_, quiet_);
  }

  /// Until the next look, or until time is up when that could not be answered in time.
  task<void> wait() {
    const auto rest = left();
    const auto span = next_wait();
    co_await time_.sleep_for(rest - span < shortest_look ? rest : span);
  }

  /// One look; nothing when the server gave no answer that says anything about the job.
  task<std::optional<job_view>> look(std::int64_t id) {
    std::optional<job_view> seen;
    try {
      auto reading = livy_.read_job(session_, id);
      seen = co_await with_deadline(std::move(reading), left(), no_answer_in_time);
    } catch (const failure& unread) {
      if (!is_transient(unread.kind()) || unread.kind() == failure_kind::timeout) throw;
      trouble_ = unread;
      ++failures_;
      co_return std::nullopt;
    }
    trouble_.reset();
    failures_ = 0;
    if (!seen) {
      throw failure(failure_kind::connection_lost,
                    "The answer of the session's Python was lost on its way. Ask again.");
    }
    co_return seen;
  }

  static std::string answer_of(const job_view& seen) {
    if (seen.state == "SUCCEEDED") return decoded(seen.result);
    const auto words = python_words(seen.error);
    throw failure(
        failure_kind::unsupported,
        concat("The session's Python could not answer", words.empty() ? "." : concat(": ", words)),
        valid_utf8(seen.error));
  }

  client& livy_;
  clock& time_;
  const std::string& session_;
  duration expected_;
  duration deadline_;
  duration quiet_;
  clock::time_point asked_;
  clock::time_point begun_{};
  std::optional<failure> trouble_;
  int failures_ = 0;
};

}  // namespace

duration job_wait(duration elapsed, duration expected, duration quiet) {
  constexpr duration soon = 15ms;
  constexpr duration latest = 200ms;
  if (elapsed < expected) {
    return elapsed < soon ? soon : std::clamp((quiet + elapsed) / 3, soon, latest);
  }
  const auto late = elapsed - expected;
  if (late < 100ms) return expected > duration::zero() ? 20ms : 5ms;
  if (late < 1s) return 20ms;
  return late < 10s ? 100ms : 300ms;
}

side_channel::side_channel(client& livy, clock& time, std::string session)
    : livy_(livy), time_(time), session_(std::move(session)) {}

task<std::string> side_channel::evaluate(std::string expression, duration expected,
                                         duration deadline, duration quiet) {
  job_watch watch(livy_, time_, session_, expected, deadline, quiet);
  auto job = base64_encoded(pickled_function(expression));
  co_return co_await watch.run(std::move(job));
}

}  // namespace livyd::livy
