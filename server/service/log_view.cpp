#include "service/log_view.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "livy/log_follower.hpp"

namespace livyd {
namespace {

/// Of each of the driver's streams on one page.
constexpr std::size_t driver_log_bytes = 256_KiB;

/// Whom the follower tells, and as what. A copy of its own: the follower may end after its owner.
struct follower_words {
  listener& events;
  std::string profile;
  std::string session;

  protocol::LogLines words(protocol::LogSection section) const {
    protocol::LogLines out;
    out.profile = profile;
    out.session = session;
    out.section = section;
    return out;
  }

  task<void> tell(livy::followed_lines now) const {
    auto out = words(section_of(now.section));
    out.lines = std::move(now.lines);
    if (now.gap) out.gap = 0;
    if (!now.notice.empty()) out.notice = std::move(now.notice);
    co_await events.log_lines(std::move(out));
  }

  task<void> tell_end(std::string notice) const {
    auto out = words(protocol::LogSection::stderr);
    if (!notice.empty()) out.notice = std::move(notice);
    out.ended = true;
    co_await events.log_lines(std::move(out));
  }
};

task<void> follow_to_the_end(connection& server, clock& time, follower_words words) {
  auto way = [&server] { return server.open(); };
  auto pages = [&server](http::url address) { return server.read_page(std::move(address)); };
  auto told = [words](livy::followed_lines now) { return words.tell(std::move(now)); };
  std::string problem;
  try {
    co_await livy::follow_log(std::move(way), std::move(pages), time, words.session,
                              std::move(told));
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    problem = reason.message();
  } catch (const std::exception& error) {
    if (is_cancellation(std::current_exception())) throw;
    log::error("log", error.what());
    problem = "livyd has a bug: this log could not be followed.";
  }
  co_await words.tell_end(std::move(problem));
}

}  // namespace

protocol::LogSection section_of(livy::log_section section) {
  switch (section) {
    case livy::log_section::out:
      return protocol::LogSection::stdout;
    case livy::log_section::yarn:
      return protocol::LogSection::yarn;
    case livy::log_section::driver_out:
      return protocol::LogSection::driver_stdout;
    case livy::log_section::driver_error:
      return protocol::LogSection::driver_stderr;
    case livy::log_section::error:
      break;
  }
  return protocol::LogSection::stderr;
}

std::vector<std::string> shown_log(const std::vector<std::string>& lines, driver_streams driver) {
  auto sections = livy::split_log(lines);
  std::pair<const char*, std::vector<std::string>*> named[] = {{"[stdout]", &sections.out},
                                                               {"[stderr]", &sections.error},
                                                               {"[YARN]", &sections.yarn},
                                                               {"[driver stdout]", &driver.out},
                                                               {"[driver stderr]", &driver.error}};
  for (auto& [name, section] : named) std::erase_if(*section, livy::is_side_channel_line);
  const auto filled = std::count_if(std::begin(named), std::end(named),
                                    [](const auto& one) { return !one.second->empty(); });
  std::vector<std::string> out;
  const bool in_cluster = !driver.out.empty() || !driver.error.empty();
  for (auto& [name, section] : named) {
    if ((filled > 1 || in_cluster) && !section->empty()) out.emplace_back(name);
    std::move(section->begin(), section->end(), std::back_inserter(out));
  }
  if (!driver.notice.empty()) out.push_back(std::move(driver.notice));
  return out;
}

protocol::LogPage log_page_of(std::vector<std::string> lines, std::optional<std::int64_t> from,
                              std::int64_t size) {
  protocol::LogPage page;
  page.total = static_cast<std::int64_t>(lines.size());
  const auto wanted = size < 0 ? page.total : std::min(size, page.total);
  page.from = std::clamp<std::int64_t>(from.value_or(page.total - wanted), 0, page.total);
  const auto end = std::min(page.total, page.from + wanted);
  page.lines.assign(std::make_move_iterator(lines.begin() + page.from),
                    std::make_move_iterator(lines.begin() + end));
  return page;
}

std::vector<std::string> lines_of(const stored_words& kept) {
  std::vector<std::string> out;
  if (!kept.reason.empty()) out.push_back(kept.reason);
  for (const auto line : split(kept.text, '\n')) out.emplace_back(line);
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

task<driver_streams> read_driver_streams(livy::log_pages pages, std::string driver_log_url) {
  driver_streams out;
  if (driver_log_url.empty()) co_return out;
  auto error = co_await livy::fetch_driver_log(pages, driver_log_url, "stderr", driver_log_bytes);
  if (!error.problem.empty()) {
    out.notice = concat("· ", livy::words_of_driver_log(driver_log_url, error.problem));
    co_return out;
  }
  auto standard =
      co_await livy::fetch_driver_log(pages, driver_log_url, "stdout", driver_log_bytes);
  out.error = std::move(error.lines);
  out.out = std::move(standard.lines);
  if (error.cut || standard.cut) {
    out.notice = concat("· There is more of the driver's log at ", driver_log_url);
  }
  co_return out;
}

log_view::log_view(asio::any_io_executor executor, clock& time, listener& events,
                   std::string profile, active_session& session, connection& server)
    : executor_(std::move(executor)),
      time_(time),
      events_(events),
      profile_(std::move(profile)),
      session_(session),
      connection_(server) {}

task<std::string> log_view::session_or_active(std::optional<std::string> id_or_name) {
  if (id_or_name) co_return *id_or_name;
  if (!session_.info().id) co_await session_.look();
  if (session_.info().id) co_return *session_.info().id;
  throw failure(failure_kind::not_found, "There is no session. Start one, or attach to one.");
}

/// Livy knows the driver's log in cluster mode only; its own stands still there.
task<driver_streams> log_view::read_driver(livy::client& livy, std::string session) {
  std::string url;
  try {
    auto found = co_await livy.find_session(session);
    if (found) url = std::move(found->driver_log_url);
  } catch (const failure& reason) {
    if (!is_transient(reason.kind())) throw;  // else Livy's log is better than none
  }
  auto pages = [this](http::url address) { return connection_.read_page(std::move(address)); };
  co_return co_await read_driver_streams(std::move(pages), std::move(url));
}

log_view::whole_log log_view::log_of(const stored_words& kept) {
  whole_log out;
  out.session = kept.name.empty() ? kept.id : kept.name;
  out.lines = lines_of(kept);
  return out;
}

task<log_view::whole_log> log_view::read_all(std::optional<std::string> id_or_name) {
  const auto kept = session_.last_words();
  const auto wanted = id_or_name.value_or("");
  if (!id_or_name && session_.has_only_last_words()) co_return log_of(kept);
  std::optional<failure> gone;
  try {
    auto session = co_await session_or_active(std::move(id_or_name));
    auto livy = co_await connection_.open();
    auto page = co_await livy->read_log(session, 0, -1);
    auto driver = co_await read_driver(*livy, session);
    co_return whole_log{std::move(session), shown_log(page.lines, std::move(driver))};
  } catch (const failure& reason) {
    gone = reason;
  }
  const bool lost =
      gone->kind() == failure_kind::session_lost || gone->kind() == failure_kind::not_found;
  if (lost && is_of(kept, wanted)) co_return log_of(kept);
  throw failure(*gone);
}

task<protocol::LogPage> log_view::read(protocol::LogReadParams params) {
  auto whole = co_await read_all(std::move(params.session));
  auto page = log_page_of(std::move(whole.lines), params.from, params.size);
  page.session = std::move(whole.session);
  co_return page;
}

task<void> log_view::follow(std::optional<std::string> id_or_name) {
  const auto wanted = co_await session_or_active(std::move(id_or_name));
  auto livy = co_await connection_.open();
  auto found = co_await livy->find_session(wanted);
  if (!found) throw no_such_session(wanted);
  if (follower_.running() && followed_ == found->id && server_ == livy) co_return;
  followed_ = found->id;
  server_ = livy;
  follower_words words{.events = events_, .profile = profile_, .session = followed_};
  follower_.start(executor_, "log",
                  [&server = connection_, &time = time_, words = std::move(words)] {
                    return follow_to_the_end(server, time, words);
                  });
}

void log_view::unfollow() {
  follower_.cancel();
  followed_.clear();
  server_.reset();
}

task<void> log_view::close() {
  if (!follower_.running()) co_return;
  follower_words words{.events = events_, .profile = profile_, .session = followed_};
  unfollow();
  co_await words.tell_end("livyd does not follow this log any more.");
}

}  // namespace livyd
