#include "cli/printer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/text.hpp"

namespace livyd {

using nlohmann::json;

namespace {

std::string bytes_text(std::int64_t bytes) {
  return human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(0, bytes)));
}

}  // namespace

printer::printer(const asio::any_io_executor& executor, clock& time, terminal& screen, bool as_json)
    : changed_(executor), time_(time), screen_(screen), json_(as_json), began_(time.now()) {
  if (screen.draws()) spinner_.start(executor, "spinner", [this] { return spin(); });
}

task<void> printer::session_changed(protocol::SessionInfo session) {
  if (session.state == protocol::SessionState::starting) {
    status_ = concat(session.profile, ": starting");
    detail_ = session.detail.value_or("");
  }
  return event("session/changed", json(session));
}

task<void> printer::run_changed(protocol::RunInfo run) {
  status_ = concat(run.profile, ": ", protocol::name_of(run.state));
  if (run.progress && *run.progress > 0) {
    status_ += concat(" ", static_cast<int>(*run.progress * 100), " %");
  }
  if (run.detail) detail_ = *run.detail;
  return event("run/changed", json(run));
}

task<void> printer::run_output(protocol::RunOutput piece) {
  if (json_) {
    co_await event("run/output", json(piece));
  } else {
    co_await screen_.output(std::move(piece.text));
  }
}

task<void> printer::run_finished(protocol::RunInfo run) {
  spinner_.cancel();
  co_await event("run/finished", json(run));
  screen_.erase();
  finished_ = std::move(run);
  changed_.notify_all();
}

task<void> printer::log_lines(protocol::LogLines lines) {
  rest();
  const bool ended = lines.ended.value_or(false);
  if (json_) {
    co_await event("log/lines", json(lines));
  } else {
    co_await screen_.output(log_.of(lines));
    if (lines.notice) screen_.say(concat("· ", *lines.notice));
  }
  if (ended || screen_.reader_left()) give_up();
}

task<void> printer::notice(protocol::Notice words) {
  if (!json_) screen_.say(concat("· ", words.text));
  return event("notice", json(words));
}

task<void> printer::secret_needed(protocol::SecretNeeded what) {
  if (answer_) answer_(std::move(what));
  co_return;
}

/// No event of a run, and no row of a list: what a command needs to say of a ticket is a notice.
task<void> printer::credentials_changed(protocol::Credentials /*credentials*/) {
  co_return;
}

task<void> printer::transfer_progress(protocol::TransferProgress progress) {
  if (json_) co_return co_await event("transfer/progress", json(progress));
  const auto of = progress.total ? concat(" of ", bytes_text(*progress.total)) : std::string();
  screen_.draw(
      concat(progress.text.value_or(progress.transfer), ": ", bytes_text(progress.bytes), of));
}

/// The command that caused it says so itself.
task<void> printer::deploy_changed(protocol::ProfileParams /*where*/) {
  co_return;
}

/// A link that becomes known is an event and no news for a person.
task<void> printer::batch_changed(protocol::BatchInfo batch) {
  const bool known = batch_ && batch_->batch == batch.batch && batch_->state == batch.state &&
                     batch_->detail == batch.detail;
  batch_ = batch;
  if (json_) co_return co_await event("batch/changed", json(batch));
  if (known) co_return;
  const auto why = batch.detail ? concat(" · ", *batch.detail) : std::string();
  screen_.say(concat("· batch ", batch.batch, ": ", batch.state, why));
}

task<void> printer::batch_lines(protocol::BatchLines lines) {
  rest();
  if (json_) {
    co_await event("batch/lines", json(lines));
  } else {
    protocol::LogLines shown;
    shown.section = lines.section;
    shown.lines = std::move(lines.lines);
    shown.gap = lines.gap;
    co_await screen_.output(log_.of(shown));
  }
  if (lines.ended.value_or(false) || screen_.reader_left()) give_up();
}

task<void> printer::wait() {
  while (!finished_ && !given_up_) co_await changed_.wait();
}

void printer::give_up() {
  given_up_ = true;
  changed_.notify_all();
}

void printer::rest() {
  spinner_.cancel();
  screen_.erase();
}

task<void> printer::event(std::string_view name, json data) {
  if (!json_) co_return;
  json line{{"event", name}};
  line["data"] = std::move(data);
  co_await screen_.output(line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

task<void> printer::spin() {
  static constexpr std::array<std::string_view, 10> frames{"⠋", "⠙", "⠹", "⠸", "⠼",
                                                           "⠴", "⠦", "⠧", "⠇", "⠏"};
  for (std::size_t turn = 0;; ++turn) {
    co_await time_.sleep_for(100ms);
    const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(time_.now() - began_);
    const auto detail = detail_.empty() ? std::string() : concat(" · ", detail_);
    screen_.draw(
        concat(frames[turn % frames.size()], " ", status_, " ", elapsed.count(), " s", detail));
  }
}

}  // namespace livyd
