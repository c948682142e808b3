#include "service/batches.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"
#include "livy/backoff.hpp"
#include "livy/batch_follower.hpp"
#include "livy/session.hpp"
#include "service/known_session.hpp"
#include "service/log_view.hpp"

namespace livyd {
namespace {

/// How long a batch whose POST was not answered must be absent before livyd gives up.
constexpr duration late_batch = 10s;
/// What a server that is away may take to come back.
constexpr duration longest_search = 3min;

failure no_batches() {
  return {failure_kind::unsupported,
          "The embedded endpoint has no batches. Run the file with livyd run, or with Run File in "
          "the editor."};
}

/// "hdfs://…", "s3a://…", "file:///…": for the server to read.
bool has_scheme(std::string_view file) {
  const auto colon = file.find(':');
  if (colon == std::string_view::npos || colon < 2) return false;
  const auto scheme = lower_case(file.substr(0, colon));
  return scheme.front() >= 'a' && scheme.front() <= 'z' &&
         scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string::npos;
}

void check_file(const protocol::BatchSubmitParams& params) {
  if (has_scheme(params.file)) {
    if (!params.standalone) return;
    throw failure(failure_kind::invalid_input,
                  concat(params.file,
                         " is not on this machine, so nothing can be packed into it. Name a local "
                         "file, or leave out standalone."));
  }
  if (!std::filesystem::path(params.file).is_absolute()) {
    throw failure(failure_kind::invalid_input,
                  "The file must have an absolute path, or an address such as "
                  "hdfs:///jobs/etl.py.");
  }
}

task<void> check_that_it_is_there(std::filesystem::path file) {
  const bool there = co_await off_thread([file] {
    std::error_code ignored;
    return std::filesystem::is_regular_file(file, ignored);
  });
  if (!there) {
    throw failure(failure_kind::invalid_input,
                  concat("There is no file ", file.string(), " on this machine."));
  }
}

/// The newest first: Livy counts upwards.
std::int64_t number_of(const std::string& id) {
  std::int64_t number = -1;
  std::from_chars(id.data(), id.data() + id.size(), number);
  return number;
}

protocol::BatchInfo described(const livy::batch_view& seen, const std::string& profile, bool mine,
                              std::string detail) {
  protocol::BatchInfo out;
  out.profile = profile;
  out.batch = seen.id;
  out.state = seen.state;
  out.finished = seen.finished();
  out.name = unless_empty(seen.name);
  out.application_id = unless_empty(seen.application_id);
  out.owner = unless_empty(seen.owner);
  out.proxy_user = unless_empty(seen.proxy_user);
  out.spark_ui_url = unless_empty(seen.spark_ui_url);
  out.driver_log_url = unless_empty(seen.driver_log_url);
  out.mine = mine;
  out.detail = unless_empty(detail);
  return out;
}

/// Whom a follower tells, and as what. A copy of its own: the follower may end after its owner.
struct batch_words {
  listener& events;
  std::string profile;
  livy::batch_view seen;  ///< as it was when following began
  bool mine = false;

  task<void> tell_state(livy::batch_view now, std::string detail) const {
    return events.batch_changed(described(now, profile, mine, std::move(detail)));
  }

  task<void> tell_lines(livy::followed_lines now) const {
    if (!now.notice.empty()) {
      protocol::Notice words;
      words.severity = protocol::Severity::info;
      words.text = std::move(now.notice);
      words.profile = profile;
      co_await events.notice(std::move(words));
    }
    if (now.lines.empty()) co_return;
    protocol::BatchLines out;
    out.profile = profile;
    out.batch = seen.id;
    out.section = section_of(now.section);
    out.lines = std::move(now.lines);
    if (now.gap) out.gap = 0;
    co_await events.batch_lines(std::move(out));
  }

  task<void> tell_end() const {
    protocol::BatchLines out;
    out.profile = profile;
    out.batch = seen.id;
    out.section = protocol::LogSection::stderr;
    out.ended = true;
    co_await events.batch_lines(std::move(out));
  }

  /// A word of ours: Livy has none for what it does not know any more.
  task<void> tell_gone(std::string detail) const {
    auto gone = described(seen, profile, mine, std::move(detail));
    gone.state = "gone";
    gone.finished = true;
    co_await events.batch_changed(std::move(gone));
  }
};

task<void> follow_to_the_end(connection& server, clock& time, batch_words words) {
  auto way = [&server] { return server.open(); };
  auto pages = [&server](http::url address) { return server.read_page(std::move(address)); };
  auto changed = [words](livy::batch_view now, std::string detail) {
    return words.tell_state(std::move(now), std::move(detail));
  };
  auto told = [words](livy::followed_lines now) { return words.tell_lines(std::move(now)); };
  std::optional<failure> problem;
  try {
    co_await livy::follow_batch(std::move(way), std::move(pages), time, words.seen,
                                std::move(changed), std::move(told));
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    problem = reason;
  } catch (const std::exception& error) {
    if (is_cancellation(std::current_exception())) throw;
    log::error("batch", error.what());
    problem = failure(failure_kind::internal, "livyd has a bug: the batch could not be followed.");
  }
  const bool gone = problem && problem->kind() == failure_kind::not_found;
  if (gone) co_await words.tell_gone(problem->message());
  if (problem && !gone) co_await words.tell_state(words.seen, problem->message());
  co_await words.tell_end();
}

}  // namespace

batches::batches(asio::any_io_executor executor, clock& time, listener& events,
                 const profile& where, connection& server, is_mine mine)
    : executor_(std::move(executor)),
      time_(time),
      events_(events),
      profile_(where),
      connection_(server),
      mine_(std::move(mine)) {}

protocol::BatchInfo batches::info_of(const livy::batch_view& seen, std::string detail) const {
  return described(seen, profile_.name, mine_(seen), std::move(detail));
}

/// Asks for the version, too: where no Livy answers, no batch was sent.
task<std::shared_ptr<livy::client>> batches::open() {
  if (profile_.local()) throw no_batches();
  auto livy = co_await connection_.open();
  const auto version = co_await livy->version();
  if (version.embedded) throw no_batches();
  co_return livy;
}

task<livy::batch_view> batches::found(livy::client& livy, std::string batch) {
  auto seen = co_await livy.find_batch(batch);
  if (!seen) throw livy::unknown_batch(batch);
  co_return std::move(*seen);
}

// ---------------------------------------------------------------- submitting

task<protocol::BatchInfo> batches::submit(protocol::BatchSubmitParams params, batch_files by) {
  check_file(params);
  const auto livy = co_await open();
  auto payload = profile_.session;
  payload.name = livy::new_session_name(user_name(), profile_.name);
  auto file = co_await file_at_the_server(params, by);
  if (by.deploy && !params.standalone) co_await by.deploy(payload);
  auto wanted = livy::batch_of(payload);
  wanted.file = std::move(file);
  wanted.arguments = std::move(params.arguments);
  const auto made = co_await post(*livy, std::move(wanted));
  auto info = info_of(made, livy::words_of_batch(made, made.log));
  co_await events_.batch_changed(info);
  co_return info;
}

task<std::string> batches::file_at_the_server(const protocol::BatchSubmitParams& params,
                                              const batch_files& by) {
  if (has_scheme(params.file)) co_return params.file;
  const std::filesystem::path file = params.file;
  co_await check_that_it_is_there(file);
  if (!by.put || (params.standalone && !by.pack)) {
    throw failure(failure_kind::unsupported,
                  concat(file.string(),
                         " is on this machine, and the profile has no \"webhdfs\" by which it "
                         "could be brought to the cluster. Add that, or name a file that is there, "
                         "such as hdfs:///jobs/etl.py."));
  }
  if (!params.standalone) co_return co_await by.put(file, file.filename().string());
  auto made = co_await by.pack(file);
  const removed_file packed(std::move(made));
  co_return co_await by.put(packed.path(), file.filename().string());
}

task<livy::batch_view> batches::post(livy::client& livy, livy::batch_request wanted) {
  const auto name = wanted.name;
  std::optional<failure> problem;
  livy::batch_view made;
  try {
    made = co_await livy.create_batch(std::move(wanted));
  } catch (const failure& reason) {
    problem = reason;
  }
  if (!problem) co_return made;
  if (!leaves_outcome_unknown(problem->kind())) throw failure(*problem);
  log::info("batch", concat("looking for ", name, ", whose answer was lost"));
  std::optional<livy::batch_view> adopted;
  try {
    adopted = co_await look_for(livy, name);
  } catch (const failure& again) {
    if (again.kind() == failure_kind::cancelled) throw;
    log::info("batch", again.message());
  }
  if (adopted) co_return std::move(*adopted);
  throw failure(problem->kind(),
                concat("Nobody knows whether the server has taken the batch, which livyd sends "
                       "only once. ",
                       problem->message(), " If it has, livyd batch list shows it as ", name, "."),
                problem->detail());
}

/// Nothing when the server says, for a while, that there is none of that name, or is away for long.
task<std::optional<livy::batch_view>> batches::look_for(livy::client& livy, std::string name) {
  const auto begun = time_.now();
  auto absent_since = begun;
  for (int looks = 1; time_.now() - begun < longest_search; ++looks) {
    std::optional<livy::batch_view> seen;
    bool answered = true;
    try {
      seen = co_await livy.find_batch(name);
    } catch (const failure& again) {
      if (!is_transient(again.kind())) throw;
      answered = false;
    }
    if (seen && seen->name == name) co_return seen;
    if (!answered) absent_since = time_.now();
    if (time_.now() - absent_since > late_batch) break;
    co_await time_.sleep_for(livy::failure_wait(looks, livy::random_jitter()));
  }
  co_return std::nullopt;
}

// ---------------------------------------------------------------- looking

task<protocol::BatchListResult> batches::list() {
  const auto livy = co_await open();
  const auto all = co_await livy->list_batches();
  protocol::BatchListResult out;
  for (const auto& seen : all) {
    out.batches.push_back(info_of(seen, livy::words_of_batch(seen, seen.log)));
  }
  const auto rank = [](const protocol::BatchInfo& one) {
    return std::tuple(one.mine ? 0 : 1, -number_of(one.batch), one.batch);
  };
  std::sort(out.batches.begin(), out.batches.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  co_return out;
}

task<protocol::BatchInfo> batches::get(std::string batch) {
  const auto livy = co_await open();
  const auto seen = co_await found(*livy, std::move(batch));
  auto pages = [this](http::url address) { return connection_.read_page(std::move(address)); };
  auto detail = co_await livy::read_words_of_batch(*livy, std::move(pages), seen);
  co_return info_of(seen, std::move(detail));
}

task<protocol::BatchLogPage> batches::log(protocol::BatchLogParams params) {
  const auto livy = co_await open();
  const auto seen = co_await found(*livy, params.batch);
  auto page = co_await livy->read_batch_log(seen.id, 0, -1);
  auto pages = [this](http::url address) { return connection_.read_page(std::move(address)); };
  auto driver = co_await read_driver_streams(std::move(pages), seen.driver_log_url);
  auto shown = log_page_of(shown_log(page.lines, std::move(driver)), params.from, params.size);
  protocol::BatchLogPage out;
  out.batch = seen.id;
  out.from = shown.from;
  out.total = shown.total;
  out.lines = std::move(shown.lines);
  co_return out;
}

task<void> batches::kill(std::string batch) {
  const auto livy = co_await open();
  const auto seen = co_await found(*livy, std::move(batch));
  co_await livy->delete_batch(seen.id);
  const auto known = followers_.find(seen.id);
  const bool followed = known != followers_.end() && known->second->lives();
  if (followed) co_await stop_following(seen.id);
  if (!seen.finished()) {
    auto killed = info_of(seen, {});
    killed.state = "killed";
    killed.finished = true;
    co_await events_.batch_changed(std::move(killed));
  }
  if (followed) co_await tell_end(seen.id);
}

// ---------------------------------------------------------------- following

task<void> batches::follow(std::string batch) {
  const auto livy = co_await open();
  auto seen = co_await found(*livy, std::move(batch));
  const auto known = followers_.find(seen.id);
  if (known != followers_.end() && known->second->lives()) co_return;
  co_await stop_following(seen.id);
  std::erase_if(followers_, [](const auto& one) { return !one.second->work.running(); });
  const auto followed = std::count_if(followers_.begin(), followers_.end(),
                                      [](const auto& one) { return one.second->lives(); });
  if (static_cast<std::size_t>(followed) >= most_followed) {
    throw failure(failure_kind::rejected,
                  concat("livyd follows ", most_followed, " batches of ", profile_.name,
                         " already. Let one of them go first."));
  }
  const auto id = seen.id;
  const bool mine = mine_(seen);
  batch_words words{
      .events = events_, .profile = profile_.name, .seen = std::move(seen), .mine = mine};
  auto& started = followers_[id] = std::make_unique<follower>();
  started->work.start(executor_, "batch",
                      [&server = connection_, &time = time_, words = std::move(words)] {
                        return follow_to_the_end(server, time, words);
                      });
}

void batches::unfollow(const std::string& batch) {
  const auto known = followers_.find(batch);
  if (known == followers_.end()) return;
  known->second->cancelled = true;
  known->second->work.cancel();
}

/// Returns when it has said its last word.
task<void> batches::stop_following(std::string batch) {
  unfollow(batch);
  while (followers_.contains(batch) && followers_.at(batch)->work.running()) {
    co_await time_.sleep_for(5ms);
  }
}

task<void> batches::tell_end(std::string batch) {
  batch_words words{.events = events_, .profile = profile_.name, .seen = {}, .mine = false};
  words.seen.id = std::move(batch);
  co_await words.tell_end();
}

bool batches::unwinding() const {
  return std::any_of(followers_.begin(), followers_.end(),
                     [](const auto& one) { return one.second->work.running(); });
}

task<void> batches::close() {
  std::vector<std::string> followed;
  for (const auto& [id, one] : followers_) {
    if (one->lives()) followed.push_back(id);
  }
  for (const auto& id : followed) unfollow(id);
  for (auto& id : followed) co_await tell_end(std::move(id));
}

}  // namespace livyd
