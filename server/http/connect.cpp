#include "http/connect.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

using tcp = asio::ip::tcp;
using boost::system::error_code;
using steady = std::chrono::steady_clock;

constexpr int ok_class = 2;

std::string no_connection(const url& target, duration limit) {
  return concat(target.host_and_port(), " does not answer: no connection within ", in_words(limit),
                ".");
}

[[noreturn]] void throw_connect_failure(const url& target, const error_code& error) {
  const auto reason = lower_case(error.message());
  throw failure(failure_kind::connection_refused,
                concat(target.host_and_port(), " does not answer (", reason,
                       "). Check the address, and that the server is running."),
                reason);
}

/// What went wrong on the way to a proxy, as a sentence that says that it is the proxy.
failure about_proxy(const proxy& through, const failure& reason, duration limit) {
  const auto name = concat("The proxy ", through.address.host_and_port());
  const auto advice = advice_for(through);
  switch (reason.kind()) {
    case failure_kind::name_not_found:
      return failure(reason.kind(),
                     concat("The name of the proxy, ", through.address.host,
                            ", cannot be resolved. ", advice, " Are you on the VPN?"),
                     reason.detail());
    case failure_kind::timeout:
      return failure(reason.kind(), concat(name, " does not answer: no connection within ",
                                           in_words(limit), ". ", advice));
    case failure_kind::connection_refused:
      return failure(reason.kind(),
                     concat(name, " does not answer (", reason.detail(), "). ", advice));
    default:
      return reason;
  }
}

/// When these files were last changed; those that are missing count, too.
std::vector<std::filesystem::file_time_type> file_times(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::file_time_type> times;
  for (const auto& path : paths) {
    std::error_code ignored;
    times.push_back(std::filesystem::last_write_time(path, ignored));
  }
  return times;
}

}  // namespace

std::string in_words(duration span) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  if (milliseconds % 1000 != 0) return concat(milliseconds, " ms");
  return concat(milliseconds / 1000, " s");
}

task<tcp::socket> open_socket(std::vector<tcp::endpoint> endpoints, url target, duration limit) {
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

connector::connector(const client_settings& settings, environment variables)
    : tls_(settings.tls),
      proxy_(settings.proxy),
      deadline_(settings.connect_deadline),
      file_patience_(settings.file_patience),
      user_agent_(settings.user_agent),
      variables_(std::move(variables)),
      login_(settings.proxy) {}

route connector::way_to(const url& target) const {
  route way{.through = proxy_for(proxy_, target, variables_), .key = target.origin()};
  if (!way.through) return way;
  way.key += concat(" by ", way.through->address.host_and_port());
  way.handed_over = !target.secure();
  return way;
}

task<std::unique_ptr<stream>> connector::connect(route way, url target) {
  if (way.through) co_return co_await through_proxy(std::move(way), std::move(target));
  auto message = no_connection(target, deadline_);
  auto work = directly(std::move(target));
  co_return co_await with_deadline(std::move(work), deadline_, std::move(message));
}

task<std::optional<intermediary>> connector::introduction(route way) {
  if (!way.handed_over) co_return std::nullopt;
  auto proof = co_await login_.prove(*way.through);
  co_return intermediary{.name = way.through->address.host_and_port(), .proof = std::move(proof)};
}

void connector::judge(const route& way, const intermediary& introduced, const response& answer) {
  if (way.through) login_.judge(*way.through, introduced.proof, answer);
}

task<void> connector::open_tunnel(route way, url target) {
  const auto socket = co_await tunnel(way.through.value(), target);
}

task<std::unique_ptr<stream>> connector::directly(url target) {
  auto socket = co_await resolved_and_connected(target);
  if (!target.secure()) co_return plain_stream(std::move(*socket));
  co_return co_await shaken_hands(std::move(socket), std::move(target));
}

task<std::unique_ptr<stream>> connector::through_proxy(route way, url target) {
  if (way.handed_over) {
    auto socket = co_await reach(std::move(*way.through));
    co_return plain_stream(std::move(*socket));
  }
  auto message = concat(target.host_and_port(), " does not answer through the proxy ",
                        way.through->address.host_and_port(), ": no TLS handshake within ",
                        in_words(deadline_), ".");
  auto socket = co_await tunnel(std::move(*way.through), target);
  auto work = shaken_hands(std::move(socket), std::move(target));
  co_return co_await with_deadline(std::move(work), deadline_, std::move(message));
}

task<connector::maybe_socket> connector::resolved_and_connected(url address) {
  auto endpoints = co_await names_.find(address.host, address.port);
  auto socket = co_await open_socket(std::move(endpoints), address, deadline_);
  co_return maybe_socket(std::move(socket));
}

task<connector::maybe_socket> connector::reach(proxy through) {
  std::optional<failure> broken;
  try {
    auto work = resolved_and_connected(through.address);
    co_return co_await with_deadline(std::move(work), deadline_, {});
  } catch (const failure& reason) {
    broken = about_proxy(through, reason, deadline_);
  }
  throw failure(*broken);
}

task<connector::maybe_socket> connector::tunnel(proxy through, url target) {
  auto socket = co_await reach(through);
  // A ticket may take longer than a connection does, and has a deadline of its own.
  auto proof = co_await login_.prove(through);
  auto message = concat("The proxy ", through.address.host_and_port(), " did not connect to ",
                        target.host_and_port(), " within ", in_words(deadline_),
                        ". Check the host and the port in the URL.");
  auto work = consented(std::move(through), std::move(proof), std::move(socket), std::move(target));
  co_return co_await with_deadline(std::move(work), deadline_, std::move(message));
}

task<connector::maybe_socket> connector::consented(proxy through, std::string proof,
                                                   maybe_socket socket, url target) {
  const auto name = through.address.host_and_port();
  request outgoing;
  outgoing.verb = method::connect;
  outgoing.target = target;
  outgoing.headers.set("Host", target.host_and_port());
  // The caller's deadline is the shorter one.
  exchange_options options{.silence = 2 * deadline_, .user_agent = user_agent_};
  options.proxy = intermediary{.name = name, .proof = proof};
  exchange_progress progress;
  const auto line = plain_stream_on(*socket);
  const auto answer = co_await perform_exchange(*line, outgoing, std::move(options), progress);
  log::debug("http", concat("CONNECT ", target.host_and_port(), " by ", name, ": ", answer.status));
  login_.judge(through, proof, answer);
  if (answer.status / 100 != ok_class) throw refusal_of(through, target, answer);
  co_return socket;
}

task<std::unique_ptr<stream>> connector::shaken_hands(maybe_socket socket, url target) {
  auto context = co_await tls_context();
  co_return co_await secured(std::move(*socket), std::move(context), target, tls_.verify);
}

task<std::shared_ptr<asio::ssl::context>> connector::tls_context() {
  if (context_ && steady::now() - looked_at_ < file_patience_) co_return context_;
  const std::vector<std::string> paths{tls_.ca_file, tls_.ca_folder, tls_.certificate, tls_.key};
  auto found = co_await off_thread([paths] { return file_times(paths); });
  looked_at_ = steady::now();
  if (context_ && found == file_times_) co_return context_;
  // Two first requests at once may both build one; the later is kept, both work.
  try {
    context_ = co_await fresh_tls_context();
    file_times_ = std::move(found);
  } catch (const failure& reason) {
    if (!context_ || reason.kind() == failure_kind::cancelled) throw;
    // Half of a new pair, perhaps; the next look may find the other half.
    log::warn("http", concat("The old TLS files stay in use. ", reason.message()));
  }
  co_return context_;
}

task<std::shared_ptr<asio::ssl::context>> connector::fresh_tls_context() {
  // The secret belongs to this thread: it is read and blamed here, used over there.
  std::string passphrase;
  if (tls_.passphrase) passphrase = tls_.passphrase->value();
  auto settings = tls_;
  settings.passphrase = nullptr;
  try {
    co_return co_await off_thread(
        [settings, passphrase] { return make_tls_context(settings, passphrase); });
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::unauthorized && tls_.passphrase) {
      tls_.passphrase->refused(passphrase);
    }
    throw;
  }
}

}  // namespace livyd::http
