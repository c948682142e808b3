#include "service/run_record.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/failure.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

using protocol::RunState;

constexpr std::size_t piece_limit = 64_KiB;

RunState state_of(run_phase phase) {
  switch (phase) {
    case run_phase::accepted:
      return RunState::queued;
    case run_phase::sending:
    case run_phase::sent:
      return RunState::sent;
    case run_phase::finished:
      return RunState::finished;
  }
  return RunState::queued;
}

protocol::RunInfo info_of(const stored_run& stored) {
  protocol::RunInfo info;
  info.run = stored.params.run;
  info.profile = stored.params.profile;
  info.language = stored.params.language;
  info.source = stored.params.source;
  if (stored.params.program) info.program = true;
  info.accepted = stored.accepted;
  info.state = state_of(stored.phase);
  if (stored.statement >= 0) info.statement = stored.statement;
  info.result = stored.result;
  if (stored.result) info.output_bytes = stored.result->output_bytes;
  return info;
}

std::string title_of(const protocol::RunStartParams& run) {
  if (!run.source) return "code";
  const auto& source = *run.source;
  auto name = source.file.substr(source.file.rfind('/') + 1);
  if (source.whole || run.program) return name;
  if (source.first_line == source.last_line) return concat(name, ":", source.first_line);
  return concat(name, ":", source.first_line, "-", source.last_line);
}

}  // namespace

run_record::run_record(const run_surroundings& around, stored_run what)
    : stored(std::move(what)),
      info(info_of(stored)),
      output(around.outputs, stored.params.run),
      told_bytes(stored.told_bytes),
      around_(around) {}

task<void> run_record::keep() {
  if (!written_) {
    auto executor = co_await asio::this_coro::executor;
    written_ = std::make_unique<notification>(executor);
  }
  while (writing_) co_await written_->wait();
  writing_ = true;
  std::exception_ptr error;
  try {
    co_await around_.kept.put(stored);
  } catch (...) {
    error = std::current_exception();
  }
  writing_ = false;
  written_->notify_all();
  if (error) std::rethrow_exception(error);
}

task<void> run_record::change(RunState state, std::string detail) {
  auto told = detail.empty() ? std::nullopt : std::optional(std::move(detail));
  info.state = state;
  info.detail = std::move(told);
  info.output_bytes = static_cast<std::int64_t>(output.text_bytes());
  co_await around_.events.run_changed(info);
}

task<void> run_record::send_new_output() {
  const auto limit = std::min(output.text_bytes(), around_.preview_bytes);
  while (told_bytes < limit) {
    const auto before = told_bytes;
    co_await send_output(told_bytes, limit);
    if (told_bytes == before) break;
  }
}

task<void> run_record::send_output(std::uint64_t from, std::uint64_t to) {
  while (from < to) {
    auto text = output.read_text(from, std::min<std::uint64_t>(piece_limit, to - from));
    if (text.empty()) break;
    protocol::RunOutput piece;
    piece.run = id();
    piece.offset = static_cast<std::int64_t>(from);
    from += text.size();
    told_bytes = std::max(told_bytes, from);
    piece.text = std::move(text);
    co_await around_.events.run_output(std::move(piece));
  }
}

task<void> run_record::finish(protocol::RunResult result) {
  co_await send_new_output();
  const auto total = output.text_bytes();
  if (sent_at != clock::time_point()) {
    const auto taken = around_.time.now() - sent_at;
    result.milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(taken).count();
  } else if (stored.sent > 0) {
    result.milliseconds = std::max<std::int64_t>(0, around_.time.wall_milliseconds() - stored.sent);
  }
  result.output_bytes = static_cast<std::int64_t>(total);
  result.sent_bytes = static_cast<std::int64_t>(told_bytes);
  if (const auto file = output.text_file()) result.output_file = file->string();
  may_withdraw = false;
  stored.phase = run_phase::finished;
  stored.told_bytes = told_bytes;
  stored.result = result;
  try {
    co_await keep();
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    log::error("runs", concat(id(), " could not be stored: ", reason.message()));
  }
  append_to_output_file();
  if (around_.kept.durable()) stored.params.code = {};
  info.output_bytes = static_cast<std::int64_t>(total);
  info.state = RunState::finished;
  info.detail.reset();
  info.result = std::move(result);
  log::info("runs", concat(id(), " ended: ", protocol::name_of(info.result->outcome)));
  co_await around_.events.run_finished(info);
}

task<void> run_record::finish(protocol::RunOutcome outcome, std::string message) {
  protocol::RunResult result;
  result.outcome = outcome;
  result.message = std::move(message);
  result.parts = output.finish();
  return finish(std::move(result));
}

void run_record::reopen() {
  stored.phase = stored.statement >= 0 ? run_phase::sent : run_phase::sending;
  stored.result.reset();
  info.result.reset();
  info.state = RunState::sent;
  stop_asked = false;
}

void run_record::append_to_output_file() const {
  if (around_.output_file.empty()) return;
  std::ofstream out(around_.output_file, std::ios::app);
  out << "── " << title_of(stored.params) << " ─ " << stored.params.profile << " ──\n";
  constexpr std::size_t copied_at_once = 256_KiB;
  for (std::uint64_t at = 0; at < output.text_bytes();) {
    const auto piece = output.read_text(at, copied_at_once);
    if (piece.empty()) break;
    out << piece;
    at += piece.size();
  }
  const auto& result = *stored.result;
  if (result.error) {
    for (const auto& line : result.error->traceback) out << line << "\n";
  }
  out << protocol::name_of(result.outcome) << ": " << result.message << " ("
      << human_duration(result.milliseconds) << ")\n\n";
  out.flush();
  if (!out) log::warn("runs", concat("cannot append to ", around_.output_file.string()));
}

}  // namespace livyd
