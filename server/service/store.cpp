#include "service/store.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;

constexpr int store_version = 1;

json written(const stored_session& session) {
  return {{"url", session.url},
          {"id", session.id},
          {"name", session.name},
          {"applicationId", session.application_id},
          {"nonce", session.nonce},
          {"created", session.created},
          {"useAgent", session.use_agent},
          {"lastStatement", session.last_statement},
          {"removed", session.removed}};
}

stored_session read_stored(const json& value) {
  return {.url = value.value("url", ""),
          .id = value.value("id", ""),
          .name = value.value("name", ""),
          .application_id = value.value("applicationId", ""),
          .nonce = value.value("nonce", ""),
          .created = value.value("created", false),
          .use_agent = value.value("useAgent", false),
          .last_statement = value.value("lastStatement", std::int64_t{-1}),
          .removed = value.value("removed", false)};
}

json written(const stored_removal& removal) {
  return {{"url", removal.url},
          {"id", removal.id},
          {"name", removal.name},
          {"applicationId", removal.application_id},
          {"failed", removal.failed}};
}

stored_removal read_removal(const json& value) {
  return {.url = value.value("url", ""),
          .id = value.value("id", ""),
          .name = value.value("name", ""),
          .application_id = value.value("applicationId", ""),
          .failed = value.value("failed", false)};
}

json written(const stored_bundle& bundle) {
  return {{"name", bundle.name},   {"kind", bundle.kind},     {"source", bundle.source},
          {"hash", bundle.hash},   {"target", bundle.target}, {"carrier", bundle.carrier},
          {"bytes", bundle.bytes}, {"time", bundle.time},     {"sessions", bundle.sessions}};
}

stored_bundle read_bundle(const json& value) {
  return {.name = value.value("name", ""),
          .kind = value.value("kind", ""),
          .source = value.value("source", ""),
          .hash = value.value("hash", ""),
          .target = value.value("target", ""),
          .carrier = value.value("carrier", ""),
          .bytes = value.value("bytes", std::int64_t{0}),
          .time = value.value("time", std::int64_t{0}),
          .sessions = value.value("sessions", std::vector<std::string>{})};
}

json written(const stored_profile& profile) {
  json out = json::object();
  for (const auto& one : profile.deployed) out["deployed"].push_back(written(one));
  if (profile.session) out["session"] = written(*profile.session);
  for (const auto& one : profile.removals) out["removals"].push_back(written(one));
  const auto& words = profile.last_words;
  if (!is_empty(words)) {
    out["lastWords"] = {
        {"id", words.id}, {"name", words.name}, {"reason", words.reason}, {"text", words.text}};
  }
  return out;
}

stored_profile read_profile(const json& value) {
  stored_profile out;
  if (value.contains("session")) out.session = read_stored(value.at("session"));
  if (value.contains("removals")) {
    for (const auto& one : value.at("removals")) out.removals.push_back(read_removal(one));
  }
  if (value.contains("deployed")) {
    for (const auto& one : value.at("deployed")) out.deployed.push_back(read_bundle(one));
  }
  if (value.contains("lastWords")) {
    const auto& words = value.at("lastWords");
    out.last_words = {.id = words.value("id", ""),
                      .name = words.value("name", ""),
                      .reason = words.value("reason", ""),
                      .text = words.value("text", "")};
  }
  return out;
}

/// What another process keeps of a profile; nothing where that cannot be read.
stored_profile peeked(const std::filesystem::path& folder, const std::string& profile) {
  const auto content = read_file_if_any(folder / "store.json");
  if (!content) return {};
  try {
    const auto value = json::parse(*content);
    if (value.at("version").get<int>() > store_version) return {};
    const auto& profiles = value.at("profiles");
    const auto found = profiles.find(profile);
    return found == profiles.end() ? stored_profile{} : read_profile(*found);
  } catch (const json::exception&) {
    return {};
  }
}

std::string held_by(int pid) {
  return concat(
      "Another livyd", pid > 0 ? concat(" (process ", pid, ")") : std::string(),
      " uses this workspace's sessions. Close its window, or wait for its command to end.");
}

}  // namespace

bool is_empty(const stored_words& words) {
  return words.text.empty() && words.reason.empty();
}

bool is_of(const stored_words& words, const std::string& id_or_name) {
  return !is_empty(words) && !id_or_name.empty() &&
         (words.id == id_or_name || words.name == id_or_name);
}

std::string last_lines(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const auto line_end = text.find('\n', text.size() - bytes - 1);
  text.erase(0, line_end == std::string::npos ? text.size() - bytes : line_end + 1);
  return valid_utf8(text);
}

task<std::unique_ptr<store>> store::open(std::filesystem::path folder, duration patience,
                                         std::function<task<void>(int pid)> waiting) {
  auto opened = std::unique_ptr<store>(new store());
  opened->file_ = folder / "store.json";
  const auto lock_file = folder / "store.lock";
  const auto started = std::chrono::steady_clock::now();
  system_clock time;
  bool told = false;
  while (true) {
    opened->lock_ = file_lock::try_acquire(lock_file);
    if (opened->lock_) break;
    const int pid = file_lock::holder(lock_file);
    if (patience > 0s && std::chrono::steady_clock::now() - started >= patience) {
      throw failure(failure_kind::io, held_by(pid));
    }
    if (!told && waiting) co_await waiting(pid);
    told = true;
    co_await time.sleep_for(50ms);
  }
  opened->saved_ = std::make_unique<notification>(co_await asio::this_coro::executor);
  opened->read();
  co_return opened;
}

std::optional<stored_session> store::peek(const std::filesystem::path& folder,
                                          const std::string& profile) {
  return peeked(folder, profile).session;
}

stored_words store::peek_last_words(const std::filesystem::path& folder,
                                    const std::string& profile) {
  return peeked(folder, profile).last_words;
}

std::unique_ptr<store> store::in_memory() {
  return std::unique_ptr<store>(new store());
}

void store::read() {
  const auto content = read_file_if_any(file_);
  if (!content) return;
  try {
    const auto value = json::parse(*content);
    if (value.at("version").get<int>() > store_version) {
      throw failure(failure_kind::unsupported,
                    concat("The sessions in ", file_.string(),
                           " were stored by a newer livyd. Update livyd, or remove that file."));
    }
    for (const auto& [name, entry] : value.at("profiles").items()) {
      profiles_[name] = read_profile(entry);
    }
  } catch (const json::exception&) {
    auto aside = file_;
    aside += concat(".unreadable-", random_hex(2));
    std::error_code ignored;
    std::filesystem::rename(file_, aside, ignored);
    complaint_ = concat("The stored sessions could not be read. The file is kept as ",
                        aside.string(), "; the next run starts a new session.");
    profiles_.clear();
  }
}

std::optional<stored_session> store::session(const std::string& profile) const {
  return kept(profile).session;
}

stored_profile store::kept(const std::string& profile) const {
  const auto found = profiles_.find(profile);
  return found == profiles_.end() ? stored_profile{} : found->second;
}

std::vector<std::string> store::profiles_with_removals() const {
  std::vector<std::string> names;
  for (const auto& [name, kept] : profiles_) {
    if (!kept.removals.empty()) names.push_back(name);
  }
  return names;
}

task<void> store::put_session(std::string profile, std::optional<stored_session> session) {
  auto now = kept(profile);
  now.session = std::move(session);
  return put_profile(std::move(profile), std::move(now));
}

task<void> store::put_profile(std::string profile, stored_profile kept) {
  auto& text = kept.last_words.text;
  text = last_lines(std::move(text), words_limit);
  const bool empty =
      !kept.session && kept.removals.empty() && is_empty(kept.last_words) && kept.deployed.empty();
  if (empty) {
    profiles_.erase(profile);
  } else {
    profiles_[profile] = std::move(kept);
  }
  return save();
}

task<void> store::save() {
  if (file_.empty()) co_return;
  while (saving_) co_await saved_->wait();
  json profiles = json::object();
  for (const auto& [name, kept] : profiles_) profiles[name] = written(kept);
  const json whole = {{"version", store_version}, {"profiles", std::move(profiles)}};
  auto text = whole.dump(2, ' ', false, json::error_handler_t::replace);
  saving_ = true;
  std::exception_ptr error;
  try {
    co_await off_thread([file = file_, text = std::move(text)] { replace_file(file, text); });
  } catch (...) {
    error = std::current_exception();
  }
  saving_ = false;
  saved_->notify_all();
  if (error) std::rethrow_exception(error);
}

}  // namespace livyd
