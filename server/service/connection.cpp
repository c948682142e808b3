#include "service/connection.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/auth/negotiate.hpp"
#include "http/auth/simple.hpp"
#include "local/launcher.hpp"

namespace livyd {

using protocol::SecretKind;

/// A Livy client and the HTTP client below it, which live and die together.
struct connection::link {
  link(asio::any_io_executor executor, http::client_settings settings,
       std::unique_ptr<http::authentication> auth, http::url base)
      : transport(std::move(executor), std::move(settings), std::move(auth)),
        livy(transport, std::move(base)) {}
  http::client transport;
  livy::client livy;
};

/// The same for HDFS. What `plain` asks stands elsewhere and gets no credentials.
struct connection::files_link {
  files_link(const asio::any_io_executor& executor, http::client_settings settings,
             std::unique_ptr<http::authentication> auth, http::client_settings strangers,
             hdfs::client_options options)
      : transport(executor, std::move(settings), std::move(auth)),
        plain(executor, std::move(strangers), http::no_authentication()),
        files(transport, plain, time, std::move(options)) {}
  system_clock time;
  http::client transport;
  http::client plain;
  hdfs::client files;
};

namespace {

/// Passes everything on, and tells when it was refused.
class observed_authentication final : public http::authentication {
 public:
  observed_authentication(std::unique_ptr<http::authentication> inner,
                          std::function<void()> refused)
      : inner_(std::move(inner)), refused_(std::move(refused)) {}

  task<http::turn> wait_for_turn(const http::request& outgoing) override {
    return inner_->wait_for_turn(outgoing);
  }

  task<void> prepare(http::request& outgoing) override {
    try {
      co_await inner_->prepare(outgoing);
    } catch (const failure& reason) {
      tell(reason);
      throw;
    }
  }

  task<http::verdict> judge(const http::request& sent, const http::response& answer) override {
    try {
      co_return co_await inner_->judge(sent, answer);
    } catch (const failure& reason) {
      tell(reason);
      throw;
    }
  }

 private:
  void tell(const failure& reason) const {
    if (reason.kind() == failure_kind::unauthorized) refused_();
  }

  std::unique_ptr<http::authentication> inner_;
  std::function<void()> refused_;
};

bool uses_kerberos(const profile& where) {
  return !where.local() && (where.auth.kind == authentication_kind::kerberos ||
                            where.proxy.authentication == authentication_kind::kerberos);
}

}  // namespace

connection::connection(asio::any_io_executor executor, profile where, connection_settings settings)
    : executor_(std::move(executor)), profile_(std::move(where)), settings_(std::move(settings)) {
  if (uses_kerberos(profile_)) tickets_ = http::make_kerberos(profile_.auth.kerberos);
  for (const auto what : secrets_of(profile_)) {
    secrets_[what] = settings_.kept->hold({profile_.name, what}, prompt_for(what));
  }
}

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
      http::client_settings settings;
      settings.proxy.from = http::proxy_settings::choice::direct;
      connect_to(address.url, std::move(settings),
                 http::bearer_authentication(http::fixed_secret(address.token), false));
      connected_to_ = key;
    }
    co_return std::shared_ptr<livy::client>(link_, &link_->livy);
  }
  co_await wait_for_secrets();
  if (settings_.credentials_used) settings_.credentials_used(false);
  if (!link_) connect_to(profile_.url, client_settings(), observed(authentication()));
  co_return std::shared_ptr<livy::client>(link_, &link_->livy);
}

task<http::response> connection::read_page(http::url address) {
  constexpr std::size_t page_limit = 2_MiB;
  const bool own = link_ && address.origin() == link_->livy.base().origin();
  if (!own && !strangers_) {
    strangers_ = client_with(strangers_settings(), http::no_authentication());
  }
  // A request in flight keeps its client.
  const auto client = own ? std::shared_ptr<http::client>(link_, &link_->transport) : strangers_;
  http::request asked;
  asked.target = std::move(address);
  asked.body_limit = page_limit;
  co_return co_await client->send(std::move(asked));
}

task<std::shared_ptr<hdfs::client>> connection::hdfs() {
  auto options = hdfs_options();
  if (!profile_.local()) {
    co_await wait_for_secrets();
    if (settings_.credentials_used) settings_.credentials_used(false);
  }
  if (!files_) {
    auto settings = client_settings();
    settings.user_agent = settings_.user_agent;
    auto auth = profile_.local() ? http::no_authentication() : observed(authentication());
    files_ = std::make_shared<files_link>(executor_, std::move(settings), std::move(auth),
                                          strangers_settings(), std::move(options));
    trace(files_->transport);
    trace(files_->plain);
  }
  co_return std::shared_ptr<hdfs::client>(files_, &files_->files);
}

void connection::credentials_changed() {
  if (profile_.local()) return;  // the endpoint's own token is no secret of the user's
  if (files_) {
    files_->transport.forget_cookies();
    files_.reset();  // a request in flight keeps its client
  }
  if (!link_) return;
  link_->transport.forget_cookies();
  link_.reset();  // a request in flight keeps its client
}

task<void> connection::wait_for_secrets() const {
  for (const auto& [what, one] : secrets_) co_await secrets::wait_for(one);
}

task<void> connection::wait_for_secret(SecretKind what) const {
  const auto found = secrets_.find(what);
  if (found != secrets_.end()) co_await secrets::wait_for(found->second);
}

bool connection::has_current_secrets() const {
  return std::all_of(secrets_.begin(), secrets_.end(),
                     [](const auto& each) { return secrets::is_current(each.second); });
}

std::unique_ptr<http::client> connection::client_with(
    http::client_settings settings, std::unique_ptr<http::authentication> auth) const {
  settings.user_agent = settings_.user_agent;
  auto made = std::make_unique<http::client>(executor_, std::move(settings), std::move(auth));
  trace(*made);
  return made;
}

std::unique_ptr<http::client> connection::fresh_client() const {
  return client_with(client_settings(), observed(authentication()));
}

std::unique_ptr<http::client> connection::anonymous_client() const {
  return client_with(client_settings(), http::no_authentication());
}

std::string connection::prompt_for(SecretKind what) const {
  switch (what) {
    case SecretKind::password:
      return concat("Password of ", profile_.auth.user, " at ", http::parse_url(profile_.url).host);
    case SecretKind::token:
      return concat("Token for ", http::parse_url(profile_.url).host);
    case SecretKind::key_passphrase:
      return concat("Passphrase of ",
                    profile_.tls.key.empty() ? profile_.tls.certificate : profile_.tls.key);
    case SecretKind::proxy_password:
      return concat("Password of ", profile_.proxy.user, " at the proxy ",
                    http::parse_url(profile_.proxy.url).host);
  }
  return {};
}

std::shared_ptr<http::secret> connection::secret(SecretKind what) const {
  const auto found = secrets_.find(what);
  return secrets::use(found != secrets_.end()
                          ? found->second
                          : settings_.kept->hold({profile_.name, what}, prompt_for(what)));
}

http::client_settings connection::client_settings() const {
  http::client_settings out;
  out.tls = profile_.tls;
  if (profile_.encrypted_key) out.tls.passphrase = secret(SecretKind::key_passphrase);
  out.proxy.from = profile_.proxy.from;
  out.proxy.url = profile_.proxy.url;
  out.proxy.bypass = profile_.proxy.bypass;
  if (profile_.proxy.authentication == authentication_kind::basic) {
    out.proxy.user = profile_.proxy.user;
    out.proxy.password = secret(SecretKind::proxy_password);
  }
  if (profile_.proxy.authentication == authentication_kind::kerberos) out.proxy.tickets = tickets_;
  out.headers = profile_.headers;
  out.redirect_hosts = profile_.redirect_hosts;
  return out;
}

http::client_settings connection::strangers_settings() const {
  auto out = client_settings();
  out.user_agent = settings_.user_agent;
  out.headers = {};  // they may hold keys, and a certificate says who asks
  out.tls.certificate.clear();
  out.tls.key.clear();
  return out;
}

hdfs::client_options connection::hdfs_options() const {
  if (profile_.webhdfs.empty()) {
    throw failure(failure_kind::unsupported,
                  concat("Profile \"", profile_.name,
                         "\" does not say where its HDFS is. Add \"webhdfs\", such as "
                         "\"https://gw.example.com:8443/gateway/default/webhdfs/v1\"."));
  }
  hdfs::client_options out;
  for (const auto& root : profile_.webhdfs) out.roots.push_back(http::parse_url(root));
  if (profile_.local() || profile_.auth.kind == authentication_kind::none) {
    const char* named = std::getenv("HADOOP_USER_NAME");
    out.user = named != nullptr && *named != '\0' ? named : user_name();
  }
  return out;
}

std::unique_ptr<http::authentication> connection::authentication() const {
  const auto& auth = profile_.auth;
  switch (auth.kind) {
    case authentication_kind::basic:
      return http::basic_authentication(auth.user, secret(SecretKind::password),
                                        profile_.allow_insecure);
    case authentication_kind::bearer:
      return auth.token_command.empty()
                 ? http::bearer_authentication(secret(SecretKind::token), profile_.allow_insecure)
                 : http::command_authentication(auth.token_command, profile_.allow_insecure);
    case authentication_kind::kerberos:
      return http::negotiate_authentication(tickets_, auth.kerberos.mutual,
                                            profile_.allow_insecure);
    case authentication_kind::none:
      break;
  }
  return http::no_authentication();
}

std::unique_ptr<http::authentication> connection::observed(
    std::unique_ptr<http::authentication> inner) const {
  if (!settings_.credentials_used) return inner;
  return std::make_unique<observed_authentication>(
      std::move(inner), [told = settings_.credentials_used] { told(true); });
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

void connection::connect_to(const std::string& url, http::client_settings settings,
                            std::unique_ptr<http::authentication> auth) {
  settings.user_agent = settings_.user_agent;
  auto made =
      std::make_shared<link>(executor_, std::move(settings), std::move(auth), livy::base_url(url));
  trace(made->transport);
  link_ = std::move(made);
}

}  // namespace livyd
