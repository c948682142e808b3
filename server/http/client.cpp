#include "http/client.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "http/connect.hpp"
#include "http/cookies.hpp"
#include "http/exchange.hpp"
#include "http/redirect.hpp"

namespace livyd::http {
namespace {

using steady = std::chrono::steady_clock;

/// Idle connections by origin, the youngest last.
class connection_pool {
 public:
  connection_pool(duration idle_limit, std::size_t limit)
      : idle_limit_(idle_limit), limit_(limit) {}

  /// The youngest one that is still alive, or nothing.
  std::unique_ptr<stream> take(const std::string& origin) {
    close_old();
    auto& list = idle_[origin];
    while (!list.empty()) {
      auto connection = std::move(list.back().connection);
      list.pop_back();
      if (connection->is_quiet()) return connection;
    }
    return nullptr;
  }

  void give_back(const std::string& origin, std::unique_ptr<stream> connection) {
    close_old();
    auto& list = idle_[origin];
    list.push_back({std::move(connection), steady::now()});
    if (list.size() > limit_) list.erase(list.begin());
  }

  void close_old() {
    const auto oldest = steady::now() - idle_limit_;
    for (auto& [origin, list] : idle_) {
      std::erase_if(list, [&](const entry& idle) { return idle.since < oldest; });
    }
  }

  std::size_t size() const {
    std::size_t count = 0;
    for (const auto& [origin, list] : idle_) count += list.size();
    return count;
  }

  void clear() { idle_.clear(); }

 private:
  struct entry {
    std::unique_ptr<stream> connection;
    steady::time_point since;
  };
  duration idle_limit_;
  std::size_t limit_;
  std::map<std::string, std::vector<entry>> idle_;
};

constexpr std::size_t longest_unasked = 8_KiB;
constexpr auto permission_patience = 1s;

/// One request on its way over one connection or two.
struct attempt {
  const request& outgoing;
  const body_sink& sink;
  const route& way;
  bool expects = false;  ///< the body waits for the server's permission
};

/// Authentication lets credentials go to this machine over plain http; a proxy elsewhere would read
/// them on the way.
void require_privacy_on(const route& way, const request& outgoing) {
  const auto& target = outgoing.target;
  if (!way.handed_over || way.through->address.loopback() || !target.loopback()) return;
  if (!outgoing.headers.has("Authorization") && !outgoing.headers.has("Cookie")) return;
  throw failure(failure_kind::invalid_input,
                concat("Credentials for ", target.host_and_port(), " are not handed to the proxy ",
                       way.through->address.host_and_port(), " over http://. Add \"", target.host,
                       "\" to \"bypass\" of the profile's \"proxy\"."));
}

void report(const std::function<void(const exchange&)>& observer, const exchange& what) {
  log::debug("http",
             concat(what.verb, " ", what.origin, what.path, ": ",
                    what.status == 0 ? std::string("no answer") : std::to_string(what.status),
                    " after ", what.milliseconds, " ms"));
  if (observer) observer(what);
}

}  // namespace

class client::implementation {
 public:
  implementation(client_settings settings, std::unique_ptr<authentication> auth)
      : settings_(std::move(settings)),
        auth_(std::move(auth)),
        connector_(settings_),
        pool_(settings_.idle_limit, settings_.pool_limit) {}

  task<response> send(request outgoing, body_sink sink) {
    const auto limit = outgoing.deadline;
    auto message =
        concat(outgoing.target.host_and_port(), " did not answer within ", in_words(limit), ".");
    auto work = redirected(outgoing, sink);
    try {
      co_return co_await with_deadline(std::move(work), limit, std::move(message));
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) throw_cancelled();
      throw;
    } catch (const failure& reason) {
      // A network that swallows one connection swallows the idle ones, too.
      if (reason.kind() == failure_kind::timeout) pool_.clear();
      throw;
    }
  }

  connection_pool& pool() { return pool_; }
  /// Cookies of answers that are still on their way belong to the old credentials, too.
  void forget_cookies() {
    cookies_.clear();
    ++account_;
  }
  std::function<void(const exchange&)> observer;

 private:
  task<response> redirected(request& outgoing, const body_sink& sink) {
    constexpr int most_hops = 3;
    const auto own_headers = outgoing.headers;
    for (int hops = 0;; ++hops) {
      outgoing.headers = own_headers;
      auto answer = co_await authenticated(outgoing, sink);
      const bool may_follow = outgoing.follow_redirects && !outgoing.source;
      if (!may_follow || hops == most_hops) co_return answer;
      auto next = redirect_target(outgoing.target, answer, settings_.redirect_hosts);
      if (!next) co_return answer;
      outgoing.target = std::move(*next);
    }
  }

  task<response> authenticated(request& outgoing, const body_sink& sink) {
    constexpr int most_retries = 2;
    for (const auto& [name, value] : settings_.headers) {
      if (!outgoing.headers.has(name)) outgoing.headers.add(name, value);
    }
    const auto own_headers = outgoing.headers;
    // Shared: the source may be called by a request that unwinds after us.
    const auto source_used = std::make_shared<bool>(false);
    if (outgoing.source) {
      outgoing.source = [source_used, read = std::move(outgoing.source)](auto into) {
        *source_used = true;
        return read(into);
      };
    }
    for (int retries = 0;; ++retries) {
      outgoing.headers = own_headers;
      add_cookies(outgoing);
      const auto own_turn = co_await auth_->wait_for_turn(outgoing);
      if (own_turn.waited) {
        outgoing.headers = own_headers;
        add_cookies(outgoing);
      }
      co_await auth_->prepare(outgoing);
      const auto account = account_;
      auto answer = co_await permitted(outgoing, sink);
      const bool streamed = sink && answer.ok();
      if (account == account_) cookies_.take(outgoing, answer, std::chrono::system_clock::now());
      const auto found = co_await auth_->judge(outgoing, answer);
      if (found == verdict::again_without_cookies) cookies_.forget(outgoing);
      // A body that went to the sink, or came from the source, cannot be taken back.
      if (found == verdict::final || streamed || *source_used || retries == most_retries)
        co_return answer;
    }
  }

  void add_cookies(request& outgoing) {
    const auto cookies = cookies_.field_for(outgoing, std::chrono::system_clock::now());
    if (!cookies.empty() && !outgoing.headers.has("Cookie")) {
      outgoing.headers.add("Cookie", cookies);
    }
  }

  /// A long body waits for the server's permission, unless this server is known not to give any.
  task<response> permitted(const request& outgoing, const body_sink& sink) {
    constexpr int expectation_failed = 417;
    const auto way = connector_.way_to(outgoing.target);
    require_privacy_on(way, outgoing);
    attempt one{.outgoing = outgoing, .sink = sink, .way = way};
    const bool is_long = outgoing.source || outgoing.body.size() > longest_unasked;
    one.expects = is_long && !never_permits(outgoing.target);
    auto answer = co_await answered(one);
    if (!one.expects || answer.status != expectation_failed) co_return answer;
    silent_on_expect_[outgoing.target.origin()] = steady::now();
    one.expects = false;
    co_return co_await answered(one);
  }

  bool never_permits(const url& target) const {
    const auto found = silent_on_expect_.find(target.origin());
    return found != silent_on_expect_.end() && steady::now() - found->second < 10min;
  }

  /// On a pooled connection if there is one. Such a connection may have died unnoticed: then a GET,
  /// and what was sent without its body, and nothing else, goes out once more on a fresh one.
  task<response> answered(attempt one) {
    auto connection = pool_.take(one.way.key);
    if (!connection) co_return co_await on_fresh_connection(one);
    exchange_progress progress;
    std::exception_ptr error;
    try {
      co_return co_await observed(one, std::move(connection), progress);
    } catch (...) {
      error = std::current_exception();
    }
    const bool harmless = one.outgoing.verb == method::get || progress.body_withheld;
    if (!harmless || !progress.peer_left || progress.received_bytes > 0) {
      std::rethrow_exception(error);
    }
    co_return co_await on_fresh_connection(one);
  }

  task<response> on_fresh_connection(attempt one) {
    const auto& target = one.outgoing.target;
    exchange_progress progress;
    std::exception_ptr error;
    try {
      auto answer = co_await observed(one, nullptr, progress);
      speaks_http_.insert(target.origin());
      co_return answer;
    } catch (...) {
      error = std::current_exception();
    }
    const bool silent = progress.peer_left && progress.received_bytes == 0;
    if (!silent || target.secure() || speaks_http_.contains(target.origin()) || one.way.through) {
      std::rethrow_exception(error);
    }
    // A TLS server hangs up on plain HTTP; one that has answered before merely hung up.
    throw failure(failure_kind::connection_lost,
                  concat(target.host_and_port(),
                         " closed the connection without an answer; it may expect https://."));
  }

  task<response> observed(attempt one, std::unique_ptr<stream> connection,
                          exchange_progress& progress) {
    const auto started = steady::now();
    std::exception_ptr error;
    response answer;
    try {
      answer = co_await exchanged(one, std::move(connection), progress);
    } catch (...) {
      error = std::current_exception();
    }
    if (progress.expect_ignored) silent_on_expect_[one.outgoing.target.origin()] = started;
    const auto spent =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - started);
    report(observer, exchange{.verb = std::string(name_of(one.outgoing.verb)),
                              .origin = one.outgoing.target.origin(),
                              .path = one.outgoing.target.path,
                              .status = progress.status,
                              .milliseconds = spent.count(),
                              .sent_bytes = progress.sent_bytes,
                              .received_bytes = progress.received_bytes});
    if (error) std::rethrow_exception(error);
    co_return answer;
  }

  task<response> exchanged(attempt one, std::unique_ptr<stream> connection,
                           exchange_progress& progress) {
    if (!connection) connection = co_await connector_.connect(one.way, one.outgoing.target);
    exchange_options options{.silence = one.outgoing.silence.value_or(settings_.read_deadline),
                             .user_agent = settings_.user_agent,
                             .sink = one.sink ? &one.sink : nullptr};
    options.proxy = co_await connector_.introduction(one.way);
    const auto introduced = options.proxy;
    if (one.expects) options.expects = permission_patience;
    auto answer =
        co_await perform_exchange(*connection, one.outgoing, std::move(options), progress);
    if (progress.reusable) pool_.give_back(one.way.key, std::move(connection));
    if (introduced) connector_.judge(one.way, *introduced, answer);
    co_return answer;
  }

  client_settings settings_;
  std::unique_ptr<authentication> auth_;
  connector connector_;
  connection_pool pool_;
  cookie_jar cookies_;
  std::uint64_t account_ = 0;  ///< counts the changes of credentials
  std::set<std::string> speaks_http_;
  std::map<std::string, steady::time_point> silent_on_expect_;  ///< origins, since when
};

client::client(asio::any_io_executor /*executor*/, client_settings settings,
               std::unique_ptr<authentication> auth)
    : implementation_(std::make_unique<implementation>(std::move(settings), std::move(auth))) {}

client::~client() = default;

task<response> client::send(request outgoing) {
  return send(std::move(outgoing), nullptr);
}

task<response> client::send(request outgoing, body_sink sink) {
  return implementation_->send(std::move(outgoing), std::move(sink));
}

void client::on_exchange(std::function<void(const exchange&)> observer) {
  implementation_->observer = std::move(observer);
}

std::size_t client::idle_connections() const {
  implementation_->pool().close_old();
  return implementation_->pool().size();
}

void client::close_idle_connections() {
  implementation_->pool().clear();
}

void client::forget_cookies() {
  implementation_->forget_cookies();
}

}  // namespace livyd::http
