#include "http/connect.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "base/off_thread.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

using tcp = asio::ip::tcp;
using boost::system::error_code;
using steady = std::chrono::steady_clock;

std::string no_connection(const url& target, duration limit) {
  return concat(target.host_and_port(), " does not answer: no connection within ", in_words(limit),
                ".");
}

[[noreturn]] void throw_connect_failure(const url& target, const error_code& error) {
  throw failure(failure_kind::connection_refused,
                concat(target.host_and_port(), " does not answer (", lower_case(error.message()),
                       "). Check the address, and that the server is running."));
}

/// Tries one address after the other; each gets its share of the time, so that a dead first
/// address does not use it up.
task<tcp::socket> connected(std::vector<tcp::endpoint> endpoints, url target, duration limit) {
  auto executor = co_await asio::this_coro::executor;
  const auto until = steady::now() + limit;
  error_code error = asio::error::host_not_found;
  for (std::size_t at = 0; at < endpoints.size(); ++at) {
    tcp::socket socket(executor);
    const auto share = (until - steady::now()) / static_cast<int>(endpoints.size() - at);
    auto [outcome] = co_await socket.async_connect(
        endpoints[at], asio::cancel_after(share, asio::as_tuple(asio::use_awaitable)));
    const auto attempt = co_await finished(outcome, 0);
    error = outcome;
    if (!error) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      socket.set_option(asio::socket_base::keep_alive(true), ignored);
      co_return socket;
    }
    if (attempt.timed_out) error = asio::error::timed_out;
  }
  if (error == asio::error::timed_out) {
    throw failure(failure_kind::timeout, no_connection(target, limit));
  }
  throw_connect_failure(target, error);
}

}  // namespace

std::string in_words(duration span) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  if (milliseconds % 1000 != 0) return concat(milliseconds, " ms");
  return concat(milliseconds / 1000, " s");
}

connector::connector(tls_settings tls, duration deadline)
    : tls_(std::move(tls)), deadline_(deadline) {}

task<std::unique_ptr<stream>> connector::connect(url target) {
  auto message = no_connection(target, deadline_);
  auto work = steps(std::move(target));
  co_return co_await with_deadline(std::move(work), deadline_, std::move(message));
}

task<std::unique_ptr<stream>> connector::steps(url target) {
  auto endpoints = co_await names_.find(target.host, target.port);
  auto socket = co_await connected(std::move(endpoints), target, deadline_);
  if (!target.secure()) co_return plain_stream(std::move(socket));
  auto context = co_await tls_context();
  co_return co_await secured(std::move(socket), std::move(context), target, tls_.verify);
}

task<std::shared_ptr<asio::ssl::context>> connector::tls_context() {
  // Two first requests at once may both build one; the later is kept, both work.
  if (!context_) {
    context_ = co_await off_thread([settings = tls_] { return make_tls_context(settings); });
  }
  co_return context_;
}

}  // namespace livyd::http
