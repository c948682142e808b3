#include "http/client.hpp"

#include <boost/asio/error.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "http/connect.hpp"
#include "http/exchange.hpp"

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
        connector_(settings_.tls, settings_.connect_deadline),
        pool_(settings_.idle_limit, settings_.pool_limit) {}

  task<response> send(request outgoing, body_sink sink) {
    const auto limit = outgoing.deadline;
    auto message =
        concat(outgoing.target.host_and_port(), " did not answer within ", in_words(limit), ".");
    auto work = authenticated(outgoing, sink);
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
  std::function<void(const exchange&)> observer;

 private:
  task<response> authenticated(request& outgoing, const body_sink& sink) {
    constexpr int most_retries = 2;
    const auto own_headers = outgoing.headers;
    for (int retries = 0;; ++retries) {
      outgoing.headers = own_headers;
      co_await auth_->prepare(outgoing);
      auto answer = co_await answered(outgoing, sink);
      const bool streamed = sink && answer.ok();
      const auto found = co_await auth_->judge(outgoing, answer);
      // A body that went to the sink cannot be taken back.
      if (found == verdict::final || streamed || retries == most_retries) co_return answer;
    }
  }

  /// On a pooled connection if there is one. Such a connection may have died unnoticed: then a GET,
  /// and nothing else, goes out once more on a fresh one.
  task<response> answered(const request& outgoing, const body_sink& sink) {
    auto connection = pool_.take(outgoing.target.origin());
    if (!connection) co_return co_await on_fresh_connection(outgoing, sink);
    exchange_progress progress;
    std::exception_ptr error;
    try {
      co_return co_await observed(outgoing, sink, std::move(connection), progress);
    } catch (...) {
      error = std::current_exception();
    }
    const bool repeat =
        outgoing.verb == method::get && progress.peer_left && progress.received_bytes == 0;
    if (!repeat) std::rethrow_exception(error);
    co_return co_await on_fresh_connection(outgoing, sink);
  }

  task<response> on_fresh_connection(const request& outgoing, const body_sink& sink) {
    exchange_progress progress;
    std::exception_ptr error;
    try {
      auto answer = co_await observed(outgoing, sink, nullptr, progress);
      speaks_http_.insert(outgoing.target.origin());
      co_return answer;
    } catch (...) {
      error = std::current_exception();
    }
    const bool silent = progress.peer_left && progress.received_bytes == 0;
    if (!silent || outgoing.target.secure() || speaks_http_.contains(outgoing.target.origin())) {
      std::rethrow_exception(error);
    }
    // A TLS server hangs up on plain HTTP; one that has answered before merely hung up.
    throw failure(failure_kind::connection_lost,
                  concat(outgoing.target.host_and_port(),
                         " closed the connection without an answer; it may expect https://."));
  }

  task<response> observed(const request& outgoing, const body_sink& sink,
                          std::unique_ptr<stream> connection, exchange_progress& progress) {
    const auto started = steady::now();
    std::exception_ptr error;
    response answer;
    try {
      answer = co_await exchanged(outgoing, sink, std::move(connection), progress);
    } catch (...) {
      error = std::current_exception();
    }
    const auto spent =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - started);
    report(observer, exchange{.verb = std::string(name_of(outgoing.verb)),
                              .origin = outgoing.target.origin(),
                              .path = outgoing.target.path,
                              .status = progress.status,
                              .milliseconds = spent.count(),
                              .sent_bytes = progress.sent_bytes,
                              .received_bytes = progress.received_bytes});
    if (error) std::rethrow_exception(error);
    co_return answer;
  }

  task<response> exchanged(const request& outgoing, const body_sink& sink,
                           std::unique_ptr<stream> connection, exchange_progress& progress) {
    if (!connection) connection = co_await connector_.connect(outgoing.target);
    exchange_options options{.silence = outgoing.silence.value_or(settings_.read_deadline),
                             .user_agent = settings_.user_agent,
                             .sink = sink ? &sink : nullptr};
    auto answer = co_await perform_exchange(*connection, outgoing, std::move(options), progress);
    if (progress.reusable) pool_.give_back(outgoing.target.origin(), std::move(connection));
    co_return answer;
  }

  client_settings settings_;
  std::unique_ptr<authentication> auth_;
  connector connector_;
  connection_pool pool_;
  std::set<std::string> speaks_http_;
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

}  // namespace livyd::http
