#include "livy/statement.hpp"

#include <optional>
#include <utility>

#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd::livy {
namespace {

constexpr duration torn_deadline = 5s;
constexpr duration first_patience = 10s;
constexpr duration hole_patience = 2s;
constexpr duration slow_patience = 30s;

/// Voids what an earlier reading wrote before a new one writes.
class repeated_sink final : public output_sink {
 public:
  explicit repeated_sink(output_sink& real) : real_(real) {}

  task<void> restart() override {
    if (!std::exchange(written_, false)) co_return;
    co_await real_.restart();
  }
  task<void> write(std::size_t part, std::string_view mime, std::string_view text) override {
    written_ = true;
    co_await real_.write(part, mime, text);
  }

 private:
  output_sink& real_;
  bool written_ = false;
};

/// "available" comes before the output does: such a read is torn even where times are not told.
bool is_whole(const statement_view& seen) {
  return seen.complete() && (seen.has_output || seen.state != "available");
}

class statement_watch {
 public:
  statement_watch(client& livy, clock& time, std::string session, std::int64_t statement,
                  output_sink& sink, statement_observer observer, std::function<bool()> watched,
                  look_schedule* schedule)
      : livy_(livy),
        time_(time),
        session_(std::move(session)),
        statement_(statement),
        sink_(sink),
        observer_(std::move(observer)),
        watched_(std::move(watched)),
        schedule_(schedule),
        begun_(time.now()) {}

  task<statement_view> run() {
    while (true) {
      co_await wait();
      const auto seen = co_await look();
      if (!seen) continue;
      if (is_whole(*seen)) co_return *seen;
      if (seen->terminal() && torn_for() >= torn_deadline) co_return *seen;
    }
  }

 private:
  task<void> wait() {
    const auto span = next_wait();
    if (schedule_ == nullptr) {
      co_await time_.sleep_for(span);
      co_return;
    }
    const bool asked = co_await schedule_->wait(time_, span);
    // The end is near, so looks follow closely again.
    if (asked) begun_ = time_.now();
  }

  duration next_wait() const {
    if (failures_ > 0) return failure_wait(failures_, random_jitter());
    // A torn read is whole at the next look: what counts is how long it has been torn.
    const auto begun = torn_since_.value_or(begun_);
    const auto wait = statement_wait(time_.now() - begun, round_trip_, watched_ ? watched_() : true,
                                     random_jitter());
    if (schedule_ == nullptr || torn_since_) return wait;
    return std::max(wait, schedule_->pause());
  }

  /// For the server's first word. Livy needs milliseconds; a network that swallows what is sent is
  /// noticed by silence alone, and its return by a new connection: so looks are short in a hole.
  /// Long ones are for a server that is slow although the network is there.
  duration patience() const {
    if (failures_ == 0) return first_patience;
    return network_there_ ? slow_patience : hole_patience;
  }

  duration torn_for() {
    if (!torn_since_) torn_since_ = time_.now();
    return time_.now() - *torn_since_;
  }

  /// One look; nothing when the server gave no answer that says anything about the statement.
  task<std::optional<statement_view>> look() {
    co_await sink_.restart();
    std::optional<statement_view> seen;
    std::string trouble;
    bool timed_out = false;
    const auto asked = time_.now();
    try {
      seen = co_await livy_.read_statement(session_, statement_, sink_, patience());
    } catch (const failure& unread) {
      if (!is_transient(unread.kind())) throw;
      trouble = unread.message();
      timed_out = unread.kind() == failure_kind::timeout;
    }
    if (trouble.empty() && !seen) throw_forgotten();
    failures_ = trouble.empty() ? 0 : failures_ + 1;
    if (timed_out) network_there_ = co_await livy_.answers(hole_patience);
    if (seen) {
      round_trip_ = time_.now() - asked;
      last_.state = seen->state;
      last_.progress = seen->progress;
    }
    last_.trouble = std::move(trouble);
    co_await observer_(last_);
    co_return seen;
  }

  [[noreturn]] void throw_forgotten() const {
    throw failure(failure_kind::not_found,
                  concat("The server no longer knows statement ", statement_,
                         ", so its result is lost. Run the code again."));
  }

  client& livy_;
  clock& time_;
  std::string session_;
  std::int64_t statement_;
  repeated_sink sink_;
  statement_observer observer_;
  std::function<bool()> watched_;
  look_schedule* schedule_;
  clock::time_point begun_;
  std::optional<clock::time_point> torn_since_;
  duration round_trip_{};
  int failures_ = 0;
  bool network_there_ = false;  // something answered although the last look was not
  statement_progress last_;
};

}  // namespace

task<bool> look_schedule::wait(clock& time, duration span) {
  if (!now_) co_await sleep_or_wake(time, span, asked_);
  co_return std::exchange(now_, false);
}

task<statement_view> follow_statement(client& livy, clock& time, std::string session,
                                      std::int64_t statement, output_sink& sink,
                                      statement_observer observer, std::function<bool()> watched,
                                      look_schedule* schedule) {
  statement_watch watch(livy, time, std::move(session), statement, sink, std::move(observer),
                        std::move(watched), schedule);
  co_return co_await watch.run();
}

}  // namespace livyd::livy
