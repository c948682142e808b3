#include "http/probe.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "http/connect.hpp"
#include "http/exchange.hpp"
#include "http/look_up.hpp"

namespace livyd::http {
namespace {

using steady = std::chrono::steady_clock;
constexpr auto user_agent = "livyd";

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? concat("[", address, "]:", endpoint.port())
                                    : concat(address, ":", endpoint.port());
}

client_settings settings_of(tls_settings tls, proxy_settings proxy, duration deadline) {
  return client_settings{
      .tls = std::move(tls), .proxy = std::move(proxy), .connect_deadline = deadline};
}

task<tcp_facts> connected_address(url target, duration deadline) {
  name_service names;
  auto endpoints = co_await names.find(target.host, target.port);
  const auto started = steady::now();
  const auto socket = co_await open_socket(std::move(endpoints), target, deadline);
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - started);
  boost::system::error_code ignored;
  co_return tcp_facts{.address = text_of(socket.remote_endpoint(ignored)),
                      .milliseconds = spent.count()};
}

/// Sends a HEAD on a connection of this connector and judges what a proxy in between says of it.
task<void> ask_head(connector& by, route way, url target, stream& connection, duration deadline) {
  request outgoing;
  outgoing.verb = method::head;
  outgoing.target = target;
  exchange_options options{.silence = deadline, .user_agent = user_agent};
  options.proxy = co_await by.introduction(way);
  const auto introduced = options.proxy;
  exchange_progress progress;
  const auto answer = co_await perform_exchange(connection, outgoing, std::move(options), progress);
  if (introduced) by.judge(way, *introduced, answer);
}

/// The server asked for our certificate: only its next words say whether it is content.
task<void> hear_verdict(connector& by, route way, url target, stream& connection,
                        duration deadline) {
  try {
    co_await ask_head(by, std::move(way), target, connection, deadline);
  } catch (const failure& reason) {
    // What it answers, and whether, is for the next probe.
    if (reason.kind() == failure_kind::tls || reason.kind() == failure_kind::cancelled) throw;
  }
}

}  // namespace

task<std::vector<std::string>> probe_name(std::string host, duration deadline) {
  auto look_up = [](std::string name) -> task<std::vector<std::string>> {
    name_service names;
    const auto endpoints = co_await names.find(std::move(name), 0);
    std::vector<std::string> addresses;
    for (const auto& endpoint : endpoints) addresses.push_back(endpoint.address().to_string());
    co_return addresses;
  };
  auto message = concat("The name ", host, " was not resolved within ", in_words(deadline),
                        ". Check the name server, and the VPN.");
  auto work = look_up(std::move(host));
  co_return co_await with_deadline(std::move(work), deadline, std::move(message));
}

task<tcp_facts> probe_tcp(url target, duration deadline) {
  auto message = concat(target.host_and_port(), " does not answer: no connection within ",
                        in_words(deadline), ".");
  auto work = connected_address(std::move(target), deadline);
  co_return co_await with_deadline(std::move(work), deadline, std::move(message));
}

task<proxy_facts> probe_proxy(url target, proxy_settings settings, duration deadline,
                              environment variables) {
  connector connecting(settings_of({}, std::move(settings), deadline), std::move(variables));
  const auto way = connecting.way_to(target);
  if (!way.through) co_return proxy_facts{};
  if (way.handed_over) {
    const auto connection = co_await connecting.connect(way, target);
    co_await ask_head(connecting, way, target, *connection, deadline);
  } else {
    co_await connecting.open_tunnel(way, target);
  }
  co_return proxy_facts{.direct = false,
                        .proxy = way.through->address.host_and_port(),
                        .source = way.through->source,
                        .tunnel = !way.handed_over};
}

task<tls_facts> probe_tls(url target, tls_settings tls, proxy_settings settings, duration deadline,
                          environment variables) {
  if (!target.secure()) {
    throw failure(failure_kind::invalid_input,
                  concat(target.shown(), " is not an https:// URL, so there is no TLS."));
  }
  connector connecting(settings_of(std::move(tls), std::move(settings), deadline),
                       std::move(variables));
  const auto way = connecting.way_to(target);
  const auto connection = co_await connecting.connect(way, target);
  auto found = facts_of(*connection).value_or(tls_facts{});
  if (found.asked_for_certificate) {
    co_await hear_verdict(connecting, way, target, *connection, deadline);
  }
  co_return found;
}

}  // namespace livyd::http
