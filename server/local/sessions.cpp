#include "local/sessions.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "local/expiry.hpp"
#include "local/livy_answer.hpp"

namespace livyd::local {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

sessions::sessions(const asio::any_io_executor& executor, session_settings settings,
                   std::chrono::seconds idle_limit)
    : executor_(executor), settings_(std::move(settings)), idle_limit_(idle_limit) {}

std::shared_ptr<session> sessions::create(std::string_view body) {
  if (draining_) {
    throw refused(message(
        400,
        "Rejected, Reason: this endpoint belongs to an older livyd and takes no new sessions."));
  }
  const auto object = session_object(body);
  const auto id = next_id_++;  // as in Livy, a refusal from here on uses up an id
  auto request = read_session_request(object);
  check_name_is_free(request, id);
  auto created = std::make_shared<session>(executor_, settings_, id, std::move(request));
  kept_[id] = created;
  created->start();
  return created;
}

void sessions::check_name_is_free(const session_request& request, std::int64_t id) const {
  if (!request.name) return;
  for (const auto& [other, one] : kept_) {
    if (one->request().name != request.name) continue;
    throw refused(message(400, concat("Rejected, Reason: Duplicate session name: Some(",
                                      *request.name, ") for session ", id)));
  }
}

std::shared_ptr<session> sessions::find(std::string_view name) const {
  if (is_number(name)) {
    if (const auto found = kept_.find(java_int(name)); found != kept_.end()) return found->second;
  } else {
    for (const auto& [id, one] : kept_) {
      if (one->request().name == name) return one;
    }
  }
  throw refused(message(404, concat("Session '", name, "' not found.")));
}

std::vector<std::shared_ptr<session>> sessions::all() const {
  std::vector<std::shared_ptr<session>> list;
  list.reserve(kept_.size());
  for (const auto& [id, one] : kept_) list.push_back(one);
  return list;
}

void sessions::remove_beside(const std::shared_ptr<session>& one) {
  asio::co_spawn(
      executor_,
      [this, one]() -> task<void> {
        co_await one->stop();
        kept_.erase(one->id());
      },
      [](const std::exception_ptr& error) {
        if (error && !is_cancellation(error)) log::error("local", "a session could not be stopped");
      });
}

task<void> sessions::remove(std::shared_ptr<session> one) {
  remove_beside(one);
  co_await one->stop();
  kept_.erase(one->id());
}

void sessions::remove_expired(monotonic_time now) {
  for (const auto& one : all()) {
    const auto facts = expiry_facts_of(*one, settings_.strict, idle_limit_);
    if (!is_expired(facts, now)) continue;
    log::info("local", concat("session ", one->id(), " has expired"));
    remove_beside(one);
  }
}

task<void> sessions::stop_all() {
  const auto list = all();
  for (const auto& one : list) remove_beside(one);
  for (const auto& one : list) co_await one->stop();
}

}  // namespace livyd::local
