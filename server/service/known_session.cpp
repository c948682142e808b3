#include "service/known_session.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace livyd {
namespace {

using protocol::SessionState;

/// "30m", "3600s", "90000" (milliseconds) as Livy writes times; 0 = none or not understood.
std::int64_t milliseconds_of(std::string_view text) {
  std::int64_t number = 0;
  std::size_t at = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    number = number * 10 + (text[at++] - '0');
    if (number > 1'000'000'000'000) return 0;
  }
  const auto unit = text.substr(at);
  if (at == 0) return 0;
  if (unit.empty() || unit == "ms") return number;
  if (unit == "s") return number * 1000;
  if (unit == "m" || unit == "min") return number * 60'000;
  if (unit == "h") return number * 3'600'000;
  if (unit == "d") return number * 86'400'000;
  return 0;
}

}  // namespace

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

bool is_alive(livy::session_phase phase) {
  return phase == livy::session_phase::starting || phase == livy::session_phase::idle ||
         phase == livy::session_phase::busy;
}

known_session::known_session(clock& time, listener& events, store& kept, const profile& where,
                             connection& server)
    : time_(time), events_(events), store_(kept), profile_(where), connection_(server) {
  info_.profile = where.name;
  info_.since = time.wall_milliseconds();
  info_.state = removed() ? SessionState::removed : SessionState::none;
}

// ---------------------------------------------------------------- kept

bool known_session::removed() const {
  const auto kept = stored();
  return kept && kept->removed;
}

bool known_session::exists() const {
  const auto kept = stored();
  return info_.id || (kept && !(kept->id.empty() && kept->name.empty()));
}

task<void> known_session::put(std::optional<stored_session> session) {
  return store_.put_session(profile_.name, std::move(session));
}

task<void> known_session::update(const std::function<void(stored_profile&)>& change) {
  auto now = kept();
  change(now);
  return store_.put_profile(profile_.name, std::move(now));
}

task<void> known_session::keep_last_words(stored_words words) {
  return update([&](stored_profile& now) { now.last_words = std::move(words); });
}

task<void> known_session::keep(const livy::session_view& view) {
  return keep_as(stored().value_or(stored_session{}), view);
}

task<void> known_session::take_over(const livy::session_view& view) {
  return keep_as({}, view);
}

task<void> known_session::keep_as(stored_session kept, const livy::session_view& view) {
  last_statement_ = std::max(last_statement_, kept.last_statement);
  kept.url = connection_.stored_url();
  kept.id = view.id;
  kept.name = view.name;
  kept.application_id = view.application_id;
  kept.last_statement = last_statement_;
  kept.removed = false;
  const auto phase = view.phase();
  const bool usable = phase == livy::session_phase::idle || phase == livy::session_phase::busy;
  return update([&](stored_profile& now) {
    now.session = std::move(kept);
    if (usable) now.last_words = {};  // those of the one before
  });
}

// ---------------------------------------------------------------- told

void known_session::begin(const std::string& name) {
  info_ = protocol::SessionInfo{};
  info_.profile = profile_.name;
  info_.name = unless_empty(name);
}

void known_session::describe(const livy::session_view& view) {
  info_.id = view.id;
  info_.name = unless_empty(view.name);
  info_.kind = unless_empty(view.kind);
  info_.application_id = unless_empty(view.application_id);
  info_.owner = unless_empty(view.owner);
  info_.proxy_user = unless_empty(view.proxy_user);
  info_.spark_ui_url = unless_empty(view.spark_ui_url);
  info_.driver_log_url = unless_empty(view.driver_log_url);
  const auto told = view.raw.find("idleTimeout");
  const bool says = told != view.raw.end() && told->is_string();
  idle_limit_ = milliseconds_of(says ? told->get<std::string>() : profile_.session.idle_timeout);
}

void known_session::forget() {
  info_.id.reset();
  info_.agent.reset();
  info_.agent_detail.reset();
  info_.idle_at.reset();
  last_statement_ = -1;
}

task<void> known_session::change(SessionState state, std::string detail) {
  const auto told = unless_empty(detail);
  if (info_.state == state && info_.detail == told) co_return;
  if (info_.state != state) info_.since = time_.wall_milliseconds();
  info_.state = state;
  info_.detail = told;
  co_await events_.session_changed(info_);
}

task<void> known_session::change_to_usable() {
  return change(working_ ? SessionState::busy : SessionState::idle, {});
}

task<void> known_session::set_agent(protocol::AgentState state, std::string detail) {
  const auto told = unless_empty(detail);
  if (info_.agent == state && info_.agent_detail == told) co_return;
  info_.agent = state;
  info_.agent_detail = told;
  if (state == protocol::AgentState::ask) {
    co_await tell(protocol::Severity::info,
                  "Somebody else created this session. With livyd's agent in it output is live and "
                  "Stop works; it changes how the session executes code.",
                  {protocol::NoticeAction::use_agent});
  }
  co_await events_.session_changed(info_);
}

task<void> known_session::tell(protocol::Severity severity, std::string text,
                               std::vector<protocol::NoticeAction> actions) {
  protocol::Notice words;
  words.severity = severity;
  words.text = std::move(text);
  words.profile = profile_.name;
  words.actions = std::move(actions);
  return events_.notice(std::move(words));
}

// ---------------------------------------------------------------- its use

void known_session::set_working(bool working) {
  working_ = working;
  if (!working) used_at_ = time_.wall_milliseconds();
  update_idle_end();
}

void known_session::saw_statement(const std::string& session, std::int64_t id) {
  if (info_.id != session) return;
  last_statement_ = std::max(last_statement_, id);
  used_at_ = time_.wall_milliseconds();
}

void known_session::used_now() {
  used_at_ = time_.wall_milliseconds();
  update_idle_end();
}

void known_session::count_idle() {
  if (used_at_ == 0) used_at_ = time_.wall_milliseconds();
  update_idle_end();
}

void known_session::update_idle_end() {
  if (working_ || idle_limit_ == 0 || used_at_ == 0) {
    info_.idle_at.reset();
  } else {
    info_.idle_at = used_at_ + idle_limit_;
  }
}

}  // namespace livyd
