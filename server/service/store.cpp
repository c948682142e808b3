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

std::string held_by(int pid) {
  return concat(
      "Another livyd", pid > 0 ? concat(" (process ", pid, ")") : std::string(),
      " uses this workspace's sessions. Close its window, or wait for its command to end.");
}

}  // namespace

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
  const auto content = read_file_if_any(folder / "store.json");
  if (!content) return std::nullopt;
  try {
    const auto value = json::parse(*content);
    if (value.at("version").get<int>() > store_version) return std::nullopt;
    const auto& profiles = value.at("profiles");
    const auto found = profiles.find(profile);
    if (found == profiles.end()) return std::nullopt;
    return read_stored(found->at("session"));
  } catch (const json::exception&) {
    return std::nullopt;
  }
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
      sessions_[name] = read_stored(entry.at("session"));
    }
  } catch (const json::exception&) {
    auto aside = file_;
    aside += concat(".unreadable-", random_hex(2));
    std::error_code ignored;
    std::filesystem::rename(file_, aside, ignored);
    complaint_ = concat("The stored sessions could not be read. The file is kept as ",
                        aside.string(), "; the next run starts a new session.");
    sessions_.clear();
  }
}

std::optional<stored_session> store::session(const std::string& profile) const {
  const auto found = sessions_.find(profile);
  if (found == sessions_.end()) return std::nullopt;
  return found->second;
}

task<void> store::put_session(std::string profile, std::optional<stored_session> session) {
  if (session) {
    sessions_[profile] = std::move(*session);
  } else {
    sessions_.erase(profile);
  }
  co_await save();
}

task<void> store::save() {
  if (file_.empty()) co_return;
  while (saving_) co_await saved_->wait();
  json profiles = json::object();
  for (const auto& [name, session] : sessions_) profiles[name] = {{"session", written(session)}};
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
