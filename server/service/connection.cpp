#include "service/connection.hpp"
#include "http/auth/simple.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "local/launcher.hpp"

namespace livyd {

namespace {

/// A Livy client and the HTTP client below it, which live and die together.
struct link {
  link(asio::any_io_executor executor, http::client_settings settings,
       std::unique_ptr<http::authentication> auth, http::url base)
      : transport(std::move(executor), std::move(settings), std::move(auth)),
        livy(transport, std::move(base)) {}
  http::client transport;
  livy::client livy;
};

}  // namespace

connection::connection(asio::any_io_executor executor, profile where, connection_settings settings)
    : executor_(std::move(executor)), profile_(std::move(where)), settings_(std::move(settings)) {}

connection::~connection() = default;

std::string connection::stored_url() const {
  return profile_.local() ? std::string() : livy::base_url(profile_.url).shown();
}

task<std::shared_ptr<livy::client>> connection::open() {
  if (profile_.local()) {
    auto address = co_await local::ensure_endpoint(settings_.state_home, settings_.executable,
                                                   profile_.python);
    const auto key = concat(address.url, " ", address.token);
    if (key != connected_to_) {
      connect_to(address.url,
                 http::bearer_authentication(http::fixed_secret(address.token), false));
      connected_to_ = key;
    }
    co_return livy_;
  }
  if (!livy_) {
    if (profile_.auth.kind == authentication_kind::bearer && settings_.token.empty()) {
      throw failure(failure_kind::unauthorized,
                    concat("Profile \"", profile_.name,
                           "\" needs a token and none is set. Set LIVYD_TOKEN and try again."));
    }
    connect_to(profile_.url,
               settings_.token.empty()
                   ? http::no_authentication()
                   : http::bearer_authentication(http::fixed_secret(settings_.token), false));
  }
  co_return livy_;
}

task<http::response> connection::read_page(http::url address) {
  constexpr std::size_t page_limit = 2_MiB;
  const bool own = transport_ && address.origin() == origin_;
  if (!own && !strangers_) {
    strangers_ =
        std::make_shared<http::client>(executor_, http_settings(), http::no_authentication());
    trace(*strangers_);
  }
  const auto client = own ? transport_ : strangers_;  // a request in flight keeps its client
  http::request asked;
  asked.target = std::move(address);
  asked.body_limit = page_limit;
  co_return co_await client->send(std::move(asked));
}

http::client_settings connection::http_settings() const {
  http::client_settings settings;
  settings.tls = profile_.tls;
  settings.user_agent = settings_.user_agent;
  return settings;
}

void connection::trace(http::client& client) const {
  client.on_exchange([traced = settings_.traced](const http::exchange& done) {
    const auto words = concat(done.verb, " ", done.path, " ", done.status, " ", done.milliseconds,
                              " ms, ", done.sent_bytes, " B out, ", done.received_bytes, " B in");
    if (traced && traced()) {
      log::info("http", words);
    } else {
      log::debug("http", words);
    }
  });
}

void connection::connect_to(const std::string& url, std::unique_ptr<http::authentication> auth) {
  const auto base = livy::base_url(url);
  auto made = std::make_shared<link>(executor_, http_settings(), std::move(auth), base);
  trace(made->transport);
  origin_ = base.origin();
  livy_ = std::shared_ptr<livy::client>(made, &made->livy);
  transport_ = std::shared_ptr<http::client>(made, &made->transport);
}

}  // namespace livyd
