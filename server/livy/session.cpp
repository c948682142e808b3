#include "livy/session.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd::livy {
namespace {

constexpr std::int64_t whole_log = -1;
constexpr std::size_t tail_lines = 60;
constexpr std::size_t name_part_limit = 32;
/// Some servers show no log in the session itself.
constexpr duration between_log_reads = 2s;

std::string tail_of(const std::vector<std::string>& lines) {
  std::string tail;
  const auto first = lines.size() - std::min(lines.size(), tail_lines);
  for (auto at = first; at < lines.size(); ++at) tail.append(lines[at]).append("\n");
  return tail;
}

/// The whole log, or what the session itself showed of it when it cannot be read.
task<std::vector<std::string>> last_words(client& livy, session_view session) {
  try {
    auto page = co_await livy.read_log(session.id, 0, whole_log);
    if (!page.lines.empty()) co_return page.lines;
  } catch (const failure& unread) {
    if (unread.kind() == failure_kind::cancelled) throw;
  }
  co_return session.log;
}

/// `queue_words`: what YARN said while the session waited. Livy gives up after 90 s, and then its
/// own kill is the only reason that is left.
task<void> tell_why_it_failed(client& livy, session_view session, std::string queue_words) {
  const auto log = co_await last_words(livy, session);
  auto reason = reason_in_log(log);
  const bool killed = reason.find("was killed by user") != std::string::npos ||
                      reason.find("90 s") != std::string::npos;
  if (killed && !queue_words.empty()) reason = concat(queue_words, "; ", reason);
  while (reason.ends_with('.')) reason.pop_back();
  if (reason.empty())
    reason = concat("the server says \"", session.state, "\" and gives no reason");
  throw failure(failure_kind::session_failed, concat("The session could not start: ", reason, "."),
                tail_of(log));
}

/// Watches one session start.
class start_watch {
 public:
  start_watch(client& livy, clock& time, std::string id, session_progress progress,
              std::string expected_name)
      : livy_(livy),
        time_(time),
        id_(std::move(id)),
        progress_(std::move(progress)),
        expected_name_(std::move(expected_name)) {
    last_.id = id_;
    last_.name = expected_name_;
    last_.state = "starting";
  }

  task<session_view> run() {
    const auto begun = time_.now();
    while (true) {
      const auto answered = co_await look();
      if (answered && is_ready()) co_return last_;
      const auto wait = answered ? session_wait(time_.now() - begun, random_jitter())
                                 : failure_wait(failures_, random_jitter());
      co_await time_.sleep_for(wait);
    }
  }

 private:
  bool is_ready() const {
    return last_.phase() == session_phase::idle || last_.phase() == session_phase::busy;
  }

  /// One look: false when the server gave no answer that says anything about the session.
  task<bool> look() {
    std::string trouble;
    try {
      const auto found = co_await livy_.find_session(id_);
      if (!found) throw_lost("it was deleted, it expired, or the server restarted");
      last_ = *found;
    } catch (const failure& unread) {
      if (!is_transient(unread.kind())) throw;
      trouble = unread.message();
    }
    if (!trouble.empty()) {
      ++failures_;
      co_await progress_(last_, std::move(trouble));
      co_return false;
    }
    failures_ = 0;
    co_await judge();
    co_return true;
  }

  task<void> judge() {
    if (!expected_name_.empty() && !last_.name.empty() && last_.name != expected_name_) {
      throw_lost("its number belongs to another session now, so the server restarted");
    }
    const auto phase = last_.phase();
    if (phase == session_phase::dead || phase == session_phase::failed ||
        phase == session_phase::ending) {
      co_await tell_why_it_failed(livy_, last_, queue_words_);
    }
    auto detail = co_await waiting_for();
    if (detail.find("YARN queue") != std::string::npos) queue_words_ = detail;
    co_await progress_(last_, std::move(detail));
  }

  [[noreturn]] static void throw_lost(std::string_view why) {
    throw failure(failure_kind::session_lost,
                  concat("The session is gone: ", why, ". Start a new one."));
  }

  task<std::string> waiting_for() {
    auto detail = progress_in_log(last_.log);
    const bool asked_lately = log_read_ && time_.now() - *log_read_ < between_log_reads;
    if (!detail.empty() || is_ready()) co_return detail;
    if (asked_lately) co_return last_detail_;
    log_read_ = time_.now();
    try {
      const auto page = co_await livy_.read_log(id_, 0, whole_log);
      last_detail_ = progress_in_log(page.lines);
    } catch (const failure& unread) {
      if (unread.kind() == failure_kind::cancelled) throw;
    }
    co_return last_detail_;
  }

  client& livy_;
  clock& time_;
  std::string id_;
  session_progress progress_;
  std::string expected_name_;
  session_view last_;
  std::string last_detail_;
  std::string queue_words_;
  std::optional<clock::time_point> log_read_;
  int failures_ = 0;
};

/// Letters, digits, '_' and '-' of a name, for a part of a session's name.
std::string name_part(std::string_view text) {
  std::string part;
  for (const char c : utf8_prefix(text, name_part_limit)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '.';
    part.push_back(plain ? c : '_');
  }
  return part;
}

}  // namespace

task<session_view> wait_until_ready(client& livy, clock& time, std::string session,
                                    session_progress progress, std::string expected_name) {
  start_watch watch(livy, time, std::move(session), std::move(progress), std::move(expected_name));
  co_return co_await watch.run();
}

std::string session_name_prefix(std::string_view user) {
  return concat("livyd-", name_part(user), "-");
}

std::string new_session_name(std::string_view user, std::string_view profile) {
  return concat(session_name_prefix(user), name_part(profile), "-", random_hex(4));
}

}  // namespace livyd::livy
