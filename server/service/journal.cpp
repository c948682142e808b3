#include "service/journal.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/failure.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;

constexpr std::string_view record_extension = ".run.json";
constexpr std::string_view code_extension = ".code";
constexpr int journal_version = 1;
/// Of an output, when it is searched: what is beyond is not looked at.
constexpr std::uint64_t searched_bytes = 64_MiB;
constexpr std::size_t match_characters = 400;

constexpr std::string_view phase_names[] = {"accepted", "sending", "sent", "finished"};

run_phase phase_named(const std::string& word) {
  const auto* const found = std::find(std::begin(phase_names), std::end(phase_names), word);
  if (found == std::end(phase_names)) {
    throw failure(failure_kind::unsupported, concat("the phase \"", word, "\" is not known"));
  }
  return static_cast<run_phase>(found - std::begin(phase_names));
}

std::string written(const stored_run& run) {
  json out = {{"version", journal_version},
              {"params", run.params},
              {"phase", phase_names[static_cast<std::size_t>(run.phase)]},
              {"attempt", run.attempt},
              {"server", run.server},
              {"session", run.session},
              {"sessionName", run.session_name},
              {"applicationId", run.application_id},
              {"lastKnown", run.last_known},
              {"statement", run.statement},
              {"agent", run.agent},
              {"accepted", run.accepted},
              {"sent", run.sent},
              {"recordShift", run.record_shift},
              {"toldBytes", run.told_bytes}};
  if (run.result) out["result"] = *run.result;
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

stored_run read_run(const std::string& text) {
  const auto in = json::parse(text);
  if (in.at("version").get<int>() > journal_version) {
    throw failure(failure_kind::unsupported, "it was written by a newer livyd");
  }
  stored_run run;
  run.params = in.at("params").get<protocol::RunStartParams>();
  run.phase = phase_named(in.at("phase").get<std::string>());
  run.attempt = in.value("attempt", 1);
  run.server = in.value("server", "");
  run.session = in.value("session", "");
  run.session_name = in.value("sessionName", "");
  run.application_id = in.value("applicationId", "");
  run.last_known = in.value("lastKnown", std::int64_t{-1});
  run.statement = in.value("statement", std::int64_t{-1});
  run.agent = in.value("agent", false);
  run.accepted = in.value("accepted", std::int64_t{0});
  run.sent = in.value("sent", std::int64_t{0});
  run.record_shift = in.value("recordShift", std::int64_t{0});
  run.told_bytes = in.value("toldBytes", std::uint64_t{0});
  if (in.contains("result")) run.result = in.at("result").get<protocol::RunResult>();
  return run;
}

/// "<run>" of "<run>.txt", "<run>.1.png", "<run>.run.json".
std::string run_of(const std::filesystem::path& file) {
  const auto name = file.filename().string();
  return name.substr(0, name.find('.'));
}

struct kept_run {
  std::vector<std::filesystem::path> files;
  std::uint64_t bytes = 0;
  std::filesystem::file_time_type newest = std::filesystem::file_time_type::min();
  bool finished = true;
};

bool is_finished(const std::filesystem::path& record) {
  try {
    return read_run(read_file(record)).phase == run_phase::finished;
  } catch (const std::exception&) {
    return true;
  }
}

void search_file(const std::filesystem::path& file, const std::string& wanted, bool code,
                 const std::string& run, std::size_t limit,
                 std::vector<protocol::HistoryMatch>& out) {
  std::ifstream in(file);
  std::string line;
  std::uint64_t read = 0;
  while (out.size() < limit && read < searched_bytes && std::getline(in, line)) {
    read += line.size() + 1;
    if (lower_case(line).find(wanted) == std::string::npos) continue;
    protocol::HistoryMatch match;
    match.run = run;
    match.line = valid_utf8(utf8_prefix(line, match_characters));
    match.code = code;
    out.push_back(std::move(match));
  }
}

}  // namespace

std::string stored_run::marked_name() const {
  return attempt > 1 ? concat(params.run, ".", attempt) : params.run;
}

journal::journal(std::filesystem::path folder, bool durable)
    : folder_(std::move(folder)), durable_(durable) {}

std::filesystem::path journal::file(const std::string& run, std::string_view extension) const {
  return folder_ / concat(run, extension);
}

std::vector<stored_run> journal::read_all() const {
  std::vector<stored_run> out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    if (!entry.path().string().ends_with(record_extension)) continue;
    try {
      out.push_back(read_run(read_file(entry.path())));
    } catch (const std::exception& error) {
      log::warn("journal", concat(entry.path().filename().string(), ": ", error.what()));
    }
  }
  std::sort(out.begin(), out.end(),
            [](const stored_run& a, const stored_run& b) { return a.accepted < b.accepted; });
  return out;
}

task<void> journal::put(stored_run run) {
  if (!durable_) co_return;
  auto path = file(run.params.run, record_extension);
  run.params.code.clear();
  auto text = written(run);
  co_await off_thread(
      [path = std::move(path), text = std::move(text)] { replace_file(path, text); });
}

task<void> journal::put_code(std::string run, std::string code) {
  if (!durable_) co_return;
  auto path = file(run, code_extension);
  co_await off_thread(
      [path = std::move(path), code = std::move(code)] { replace_file(path, code); });
}

std::string journal::code(const std::string& run) const {
  return read_file_if_any(file(run, code_extension)).value_or("");
}

void journal::remove(const std::string& run) {
  std::error_code ignored;
  std::vector<std::filesystem::path> doomed;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    if (run_of(entry.path()) == run) doomed.push_back(entry.path());
  }
  for (const auto& path : doomed) std::filesystem::remove(path, ignored);
}

void prune_history(const std::filesystem::path& folder, std::size_t keep, std::uint64_t limit) {
  std::map<std::string, kept_run> runs;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (!entry.is_regular_file(ignored)) continue;
    auto& run = runs[run_of(entry.path())];
    run.files.push_back(entry.path());
    run.bytes += entry.file_size(ignored);
    run.newest = std::max(run.newest, entry.last_write_time(ignored));
    if (entry.path().string().ends_with(record_extension)) run.finished = is_finished(entry.path());
  }
  std::vector<kept_run*> order;
  for (auto& [name, run] : runs) order.push_back(&run);
  std::sort(order.begin(), order.end(),
            [](const kept_run* a, const kept_run* b) { return a->newest > b->newest; });
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    total += order[i]->bytes;
    if (!order[i]->finished || (i < keep && total <= limit)) continue;
    for (const auto& path : order[i]->files) std::filesystem::remove(path, ignored);
  }
}

std::vector<protocol::HistoryMatch> search_history(const std::filesystem::path& folder,
                                                   const std::vector<std::string>& runs,
                                                   std::string text, std::size_t limit) {
  std::vector<protocol::HistoryMatch> out;
  const auto wanted = lower_case(text);
  for (auto run = runs.rbegin(); run != runs.rend() && out.size() < limit; ++run) {
    search_file(folder / concat(*run, code_extension), wanted, true, *run, limit, out);
    search_file(folder / concat(*run, ".txt"), wanted, false, *run, limit, out);
  }
  return out;
}

}  // namespace livyd
