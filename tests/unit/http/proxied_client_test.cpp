// The client through proxies: tunnels, requests that are handed over, credentials, refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "http/connect.hpp"
#include "http/tls_peer.hpp"

namespace livyd::http {
namespace {

using test::certificate;
using test::failure_of;
using test::raw_server;
using test::tcp;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto consent = "HTTP/1.1 200 Connection established\r\n\r\n";
constexpr auto small_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string refusal_for(const std::string& mechanisms) {
  return concat("HTTP/1.1 407 Proxy Authentication Required\r\n", mechanisms,
                "Content-Length: 0\r\n\r\n");
}

/// A secret that remembers what was refused, and does not give it again.
class kept_secret final : public secret {
 public:
  explicit kept_secret(std::string value) : value_(std::move(value)) {}
  std::string value() override {
    if (!refusals.empty() && refusals.back() == value_) {
      throw failure(failure_kind::unauthorized, "Give another password.");
    }
    return value_;
  }
  void refused(const std::string& value) override { refusals.push_back(value); }
  std::vector<std::string> refusals;

 private:
  std::string value_;
};

class numbered_context final : public security_context {
 public:
  explicit numbered_context(std::string token) : token_(std::move(token)) {}
  const std::string& token() const override { return token_; }
  task<void> finish(std::string /*answer*/) override { co_return; }

 private:
  std::string token_;
};

/// Hands out "token1", "token2", … and remembers for whom.
class numbered_tickets final : public kerberos {
 public:
  task<std::unique_ptr<security_context>> begin(std::string host) override {
    hosts.push_back(std::move(host));
    co_return std::make_unique<numbered_context>(concat("token", hosts.size()));
  }
  task<std::optional<ticket>> find_ticket() override { co_return std::nullopt; }
  std::string service_for(const std::string& host) const override { return concat("HTTP@", host); }
  std::vector<std::string> hosts;
};

class ProxiedClient : public testing::Test {
 protected:
  client make() { return client(loop_.io.get_executor(), settings_, no_authentication()); }

  void use(const raw_server& proxy) {
    settings_.proxy.from = proxy_settings::choice::own;
    settings_.proxy.url = concat("http://", proxy.peer());
    settings_.tls.ca_file = folder_.file("ca.pem", authority_.pem());
  }

  static request get(const std::string& target) {
    request outgoing;
    outgoing.target = parse_url(target);
    return outgoing;
  }

  failure refusal(const std::string& target) {
    auto client = make();
    return failure_of([&] { loop_.run(client.send(get(target))); });
  }

  /// Consents to each CONNECT and is the server behind the tunnel, too.
  raw_server::script tunnel() {
    return [this](tcp::socket& peer, int) -> task<void> {
      heard_.push_back(co_await test::hear(peer));
      co_await test::say(peer, consent);
      co_await test::answer_in_tls(peer, context_, heard_);
    };
  }

  /// Answers every request with the same words.
  raw_server::script always(std::string text) {
    return [this, text](tcp::socket& peer, int) -> task<void> {
      while (true) {
        auto request = co_await test::hear(peer);
        if (request.empty()) co_return;
        heard_.push_back(std::move(request));
        co_await test::say(peer, text);
      }
    };
  }

  test::loop loop_;
  test::scratch_folder folder_;
  client_settings settings_;
  std::vector<std::string> heard_;
  const certificate authority_{{.common_name = "Example Root CA", .authority = true}};
  const certificate gateway_{{.common_name = "gw", .hosts = "DNS:gw.example.com"}, &authority_};
  const std::shared_ptr<asio::ssl::context> context_ = test::tls_server_context(gateway_);
};

TEST_F(ProxiedClient, ReachesAnHttpsServerThroughATunnel) {
  raw_server proxy(loop_, tunnel());
  use(proxy);
  settings_.user_agent = "livyd/1";
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get("https://gw.example.com:8443/a?b"))).body, "ok");
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_EQ(heard_[0],
            "CONNECT gw.example.com:8443 HTTP/1.1\r\n"
            "User-Agent: livyd/1\r\n"
            "Connection: keep-alive\r\n"
            "Host: gw.example.com:8443\r\n\r\n");
  EXPECT_THAT(heard_[1], StartsWith("GET /a?b HTTP/1.1\r\nHost: gw.example.com:8443\r\n"));
}

TEST_F(ProxiedClient, KeepsTheTunnelForTheNextRequest) {
  raw_server proxy(loop_, tunnel());
  use(proxy);
  auto client = make();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(loop_.run(client.send(get("https://gw.example.com"))).status, 200);
  }
  EXPECT_EQ(proxy.accepted(), 1);
  EXPECT_EQ(heard_.size(), 4U);
}

TEST_F(ProxiedClient, HandsARequestForAnHttpServerOver) {
  raw_server proxy(loop_, always(small_answer));
  use(proxy);
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get("http://gw.example.com:8998/sessions?from=1"))).body, "ok");
  EXPECT_EQ(loop_.run(client.send(get("http://gw.example.com:8998/"))).body, "ok");
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_THAT(heard_[0], StartsWith("GET http://gw.example.com:8998/sessions?from=1 HTTP/1.1\r\n"
                                    "Host: gw.example.com:8998\r\n"));
  EXPECT_THAT(heard_[0], Not(HasSubstr("Proxy-Authorization")));
  EXPECT_EQ(proxy.accepted(), 1);
}

TEST_F(ProxiedClient, AsksForPermissionToSendALongBody) {
  raw_server proxy(loop_, always(small_answer));
  use(proxy);
  auto client = make();
  auto outgoing = get("http://gw.example.com:8998/sessions");
  outgoing.verb = method::post;
  outgoing.content_type = "application/json";
  outgoing.body.assign(20'000, 'x');
  EXPECT_EQ(loop_.run(client.send(outgoing)).body, "ok");
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_THAT(heard_[0],
              AllOf(StartsWith("POST http://gw.example.com:8998/sessions HTTP/1.1\r\n"),
                    HasSubstr("Expect: 100-continue\r\n"), EndsWith("\r\n\r\n" + outgoing.body)));
}

TEST_F(ProxiedClient, FollowsARedirectByTheWayOfItsTarget) {
  raw_server proxy(loop_, always("HTTP/1.1 307 Temporary Redirect\r\n"
                                 "Location: http://active.example.com:8998/s\r\n"
                                 "Content-Length: 0\r\n\r\n"));
  use(proxy);
  settings_.redirect_hosts = {"active.example.com"};
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get("http://gw.example.com:8998/s"))).status, 307);
  const auto active = StartsWith("GET http://active.example.com:8998/s HTTP/1.1\r\n");
  EXPECT_THAT(heard_, ElementsAre(StartsWith("GET http://gw."), active, active, active));
}

TEST_F(ProxiedClient, TellsNoProxyElsewhereTheCredentialsForThisMachine) {
  settings_.proxy.from = proxy_settings::choice::own;
  settings_.proxy.url = "http://proxy.invalid:3128";
  client client(loop_.io.get_executor(), settings_,
                bearer_authentication(fixed_secret("s3cret"), false));
  const auto reason =
      failure_of([&] { loop_.run(client.send(get("http://localhost:8998/sessions"))); });
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
  EXPECT_EQ(reason.message(),
            "Credentials for localhost:8998 are not handed to the proxy proxy.invalid:3128 over "
            "http://. Add \"localhost\" to \"bypass\" of the profile's \"proxy\".");
}

TEST_F(ProxiedClient, GoesDirectlyToABypassedHost) {
  raw_server proxy(loop_, always(small_answer));
  raw_server server(loop_, always(small_answer));
  use(proxy);
  settings_.proxy.bypass = {"127.0.0.0/8"};
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server.at("/x").shown()))).status, 200);
  EXPECT_EQ(proxy.accepted(), 0);
  EXPECT_THAT(heard_, ElementsAre(StartsWith("GET /x HTTP/1.1\r\n")));
}

TEST_F(ProxiedClient, ProvesItselfWithAPasswordToTheProxyOnly) {
  raw_server proxy(loop_, tunnel());
  use(proxy);
  settings_.proxy.user = "alice";
  settings_.proxy.password = fixed_secret("secret");
  auto client = make();
  loop_.run(client.send(get("https://gw.example.com")));
  ASSERT_EQ(heard_.size(), 2U);
  const auto field = concat("Proxy-Authorization: Basic ", base64_encoded("alice:secret"), "\r\n");
  EXPECT_THAT(heard_[0], HasSubstr(field));
  EXPECT_THAT(heard_[1], Not(HasSubstr("Proxy-Authorization")));
}

TEST_F(ProxiedClient, ProvesItselfWithEachRequestThatIsHandedOver) {
  raw_server proxy(loop_, always(small_answer));
  use(proxy);
  settings_.proxy.user = "alice";
  settings_.proxy.password = fixed_secret("secret");
  auto client = make();
  loop_.run(client.send(get("http://gw.example.com")));
  loop_.run(client.send(get("http://gw.example.com")));
  const auto field = concat("Proxy-Authorization: Basic ", base64_encoded("alice:secret"), "\r\n");
  EXPECT_THAT(heard_, ElementsAre(HasSubstr(field), HasSubstr(field)));
}

TEST_F(ProxiedClient, TakesAFreshTicketForEachProof) {
  raw_server proxy(loop_, always(small_answer));
  use(proxy);
  const auto tickets = std::make_shared<numbered_tickets>();
  settings_.proxy.tickets = tickets;
  auto client = make();
  loop_.run(client.send(get("http://gw.example.com")));
  loop_.run(client.send(get("http://gw.example.com")));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("Proxy-Authorization: Negotiate token1\r\n"),
                                  HasSubstr("Proxy-Authorization: Negotiate token2\r\n")));
  EXPECT_THAT(tickets->hosts, ElementsAre("127.0.0.1", "127.0.0.1"));
}

TEST_F(ProxiedClient, TakesOneTicketForATunnel) {
  raw_server proxy(loop_, tunnel());
  use(proxy);
  const auto tickets = std::make_shared<numbered_tickets>();
  settings_.proxy.tickets = tickets;
  auto client = make();
  loop_.run(client.send(get("https://gw.example.com")));
  loop_.run(client.send(get("https://gw.example.com")));
  EXPECT_EQ(tickets->hosts.size(), 1U);
  EXPECT_THAT(heard_[0], HasSubstr("Proxy-Authorization: Negotiate token1\r\n"));
}

TEST_F(ProxiedClient, SaysWhatTheProxyWantsToKnow) {
  raw_server proxy(loop_, always(refusal_for("Proxy-Authenticate: Negotiate\r\n"
                                             "Proxy-Authenticate: Basic realm=\"x\"\r\n")));
  use(proxy);
  for (const std::string target : {"https://gw.example.com", "http://gw.example.com"}) {
    const auto reason = refusal(target);
    EXPECT_EQ(reason.kind(), failure_kind::unauthorized);
    EXPECT_EQ(reason.message(),
              concat("The proxy ", proxy.peer(),
                     " wants to know who asks. It takes Negotiate and Basic. Set \"proxy\" in the "
                     "profile: its address as \"url\", and \"auth\": {\"type\": \"basic\", "
                     "\"user\": \"…\"} or {\"type\": \"kerberos\"}."));
  }
}

TEST_F(ProxiedClient, SaysThatTheProxyTakesOnlyWhatWeCannot) {
  raw_server proxy(loop_, always(refusal_for("Proxy-Authenticate: NTLM\r\n")));
  use(proxy);
  EXPECT_THAT(refusal("https://gw.example.com").message(),
              AllOf(HasSubstr("It takes NTLM. "), HasSubstr("Basic or Negotiate (Kerberos) only")));
}

TEST_F(ProxiedClient, NeverSendsARefusedPasswordAgain) {
  raw_server proxy(loop_, always(refusal_for("Proxy-Authenticate: Basic realm=\"x\"\r\n")));
  use(proxy);
  settings_.proxy.user = "alice";
  for (const std::string target : {"https://gw.example.com", "http://gw.example.com"}) {
    const auto password = std::make_shared<kept_secret>("wr:ong");
    settings_.proxy.password = password;
    heard_.clear();
    auto client = make();
    const auto reason = failure_of([&] { loop_.run(client.send(get(target))); });
    EXPECT_EQ(reason.kind(), failure_kind::unauthorized);
    EXPECT_EQ(reason.message(),
              concat("The proxy ", proxy.peer(),
                     " refused the user alice with this password. It takes Basic. Set another "
                     "password, or another \"user\" in the profile's \"proxy\", and try again."));
    EXPECT_THAT(password->refusals, ElementsAre("wr:ong"));
    const auto again = failure_of([&] { loop_.run(client.send(get(target))); });
    EXPECT_EQ(again.message(), "Give another password.");
    EXPECT_EQ(heard_.size(), 1U);
  }
}

TEST_F(ProxiedClient, KnowsMechanismsThatShareALine) {
  raw_server proxy(loop_, always(refusal_for("Proxy-Authenticate: Digest realm=\"a, Bearer\", "
                                             "qop = auth, Negotiate YII==,Basic realm=x\r\n")));
  use(proxy);
  const auto password = std::make_shared<kept_secret>("wrong");
  settings_.proxy.user = "alice";
  settings_.proxy.password = password;
  EXPECT_THAT(refusal("https://gw.example.com").message(),
              HasSubstr("with this password. It takes Digest, Negotiate and Basic. "));
  EXPECT_THAT(password->refusals, ElementsAre("wrong"));
}

TEST_F(ProxiedClient, SaysThatTheProxyDoesNotTakeBasic) {
  raw_server proxy(loop_, always(refusal_for("Proxy-Authenticate: Negotiate\r\n")));
  use(proxy);
  const auto password = std::make_shared<kept_secret>("fine");
  settings_.proxy.user = "alice";
  settings_.proxy.password = password;
  EXPECT_THAT(refusal("https://gw.example.com").message(),
              HasSubstr(" does not take Basic. It takes Negotiate. Set "));
  EXPECT_TRUE(password->refusals.empty()) << "nobody looked at it";
}

TEST_F(ProxiedClient, SaysThatTheTicketWasRefused) {
  raw_server proxy(loop_, always(refusal_for("Proxy-Authenticate: Negotiate\r\n")));
  use(proxy);
  settings_.proxy.tickets = std::make_shared<numbered_tickets>();
  const auto reason = refusal("https://gw.example.com");
  EXPECT_EQ(reason.kind(), failure_kind::unauthorized);
  EXPECT_THAT(reason.message(), HasSubstr(" refused the Kerberos ticket for HTTP@127.0.0.1. It "
                                          "takes Negotiate. "));
  EXPECT_EQ(heard_.size(), 1U);
}

TEST_F(ProxiedClient, QuotesTheProxysRefusalToConnect) {
  raw_server proxy(loop_, [](tcp::socket& peer, int connection) -> task<void> {
    co_await test::hear(peer);
    co_await test::say(peer, connection == 0
                                 ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nblocked!!"
                                 : "HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  use(proxy);
  const auto forbidden = refusal("https://gw.example.com:8443");
  EXPECT_EQ(forbidden.kind(), failure_kind::connection_refused);
  EXPECT_EQ(forbidden.message(),
            concat("The proxy ", proxy.peer(),
                   " refused to connect to gw.example.com:8443 (403 Forbidden). Ask who runs the "
                   "proxy to allow this host and port, or name the host in \"bypass\" of the "
                   "profile's \"proxy\" if it is reached directly."));
  EXPECT_THAT(refusal("https://gw.example.com:8443").message(),
              HasSubstr("(502 Bad Gateway). Check the host and the port in the URL"));
}

TEST_F(ProxiedClient, SaysThatItIsTheProxyThatDoesNotAnswer) {
  std::string peer;
  {
    raw_server gone(loop_, always({}));
    use(gone);
    peer = gone.peer();
  }
  loop_.settle();
  for (const std::string target : {"https://gw.example.com", "http://gw.example.com"}) {
    const auto reason = refusal(target);
    EXPECT_EQ(reason.kind(), failure_kind::connection_refused);
    EXPECT_EQ(reason.message(), concat("The proxy ", peer,
                                       " does not answer (connection refused). Check \"proxy\" in "
                                       "the profile."));
  }
}

TEST_F(ProxiedClient, SaysThatTheNameOfTheProxyIsUnknown) {
  settings_.proxy.from = proxy_settings::choice::own;
  settings_.proxy.url = "http://proxy.invalid:3128";
  const auto reason = refusal("https://gw.example.com");
  EXPECT_EQ(reason.kind(), failure_kind::name_not_found);
  EXPECT_EQ(reason.message(),
            "The name of the proxy, proxy.invalid, cannot be resolved. Check \"proxy\" in the "
            "profile. Are you on the VPN?");
}

TEST_F(ProxiedClient, SaysThatTheProxyKeepsSilentOrHangsUp) {
  raw_server silent(loop_,
                    [](tcp::socket& peer, int) -> task<void> { co_await test::farewell(peer); });
  use(silent);
  settings_.connect_deadline = 50ms;
  const auto reason = refusal("https://gw.example.com");
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(),
            concat("The proxy ", silent.peer(),
                   " did not connect to gw.example.com:443 within 50 ms. Check the host and the "
                   "port in the URL."));
  settings_.connect_deadline = 10s;
  raw_server rude(loop_, [](tcp::socket& peer, int) -> task<void> { co_await test::hear(peer); });
  use(rude);
  EXPECT_EQ(refusal("https://gw.example.com").message(),
            concat(rude.peer(), " (the proxy) closed the connection without an answer."));
  EXPECT_EQ(refusal("http://gw.example.com").message(),
            concat("gw.example.com:80 (through the proxy ", rude.peer(),
                   ") closed the connection without an answer."));
}

TEST_F(ProxiedClient, StillChecksTheServersCertificate) {
  raw_server proxy(loop_, tunnel());
  use(proxy);
  const auto reason = refusal("https://other.example.com");
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), HasSubstr("is for gw.example.com."));
}

TEST_F(ProxiedClient, SaysThatTheServerBehindTheTunnelStalls) {
  raw_server proxy(loop_, [](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    co_await test::say(peer, consent);
    co_await test::farewell(peer);
  });
  use(proxy);
  settings_.connect_deadline = 200ms;
  const auto reason = refusal("https://gw.example.com");
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_THAT(reason.message(), HasSubstr("gw.example.com:443 does not answer through the proxy "));
}

TEST_F(ProxiedClient, IsCancelledWhileTheProxyThinks) {
  bool asked = false;
  raw_server proxy(loop_, [&](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    asked = true;
    co_await test::farewell(peer);
  });
  use(proxy);
  auto client = make();
  test::started<response> call(loop_, client.send(get("https://gw.example.com")));
  loop_.until([&] { return asked; });
  call.cancel();
  EXPECT_EQ(failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
  loop_.until([&] { return proxy.open() == 0; });
}

TEST_F(ProxiedClient, LeavesA407FromBehindTheTunnelToItsCaller) {
  raw_server proxy(loop_, [this](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    co_await test::say(peer, consent);
    test::tls_peer secure(peer, *context_);
    co_await secure.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    co_await test::hear(secure);
    co_await test::say(secure, refusal_for(""));
  });
  use(proxy);
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get("https://gw.example.com"))).status, 407);
}

TEST(Connector, PoolsConnectionsByTheWayTheyTake) {
  client_settings settings;
  settings.proxy.from = proxy_settings::choice::own;
  settings.proxy.url = "http://p:3128";
  settings.proxy.bypass = {"near"};
  const connector some(settings);
  EXPECT_EQ(some.way_to(parse_url("https://gw")).key, "https://gw:443 by p:3128");
  EXPECT_FALSE(some.way_to(parse_url("https://gw")).handed_over);
  EXPECT_EQ(some.way_to(parse_url("http://gw")).key, "http://gw:80 by p:3128");
  EXPECT_TRUE(some.way_to(parse_url("http://gw")).handed_over);
  EXPECT_EQ(some.way_to(parse_url("https://near")).key, "https://near:443");
}

TEST_F(ProxiedClient, ProvesItselfWithTheEnvironmentsPasswordUntilItIsRefused) {
  raw_server proxy(loop_, always(refusal_for("Proxy-Authenticate: Basic realm=\"x\"\r\n")));
  const auto variables = [&](const std::string& name) -> std::optional<std::string> {
    if (name != "HTTPS_PROXY") return std::nullopt;
    return concat("http://alice:s%65cret@", proxy.peer());
  };
  connector some(client_settings{}, variables);
  const auto target = parse_url("https://gw.example.com");
  const auto first = failure_of([&] { loop_.run(some.connect(some.way_to(target), target)); });
  EXPECT_EQ(first.kind(), failure_kind::unauthorized);
  EXPECT_EQ(first.message(),
            concat("The proxy ", proxy.peer(),
                   " refused the user alice with the password of HTTPS_PROXY. It takes Basic. "
                   "Correct the variable and restart livyd, or set \"proxy\" in the profile."));
  const auto second = failure_of([&] { loop_.run(some.connect(some.way_to(target), target)); });
  EXPECT_THAT(second.message(), HasSubstr("with the password of HTTPS_PROXY"));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr(base64_encoded("alice:secret"))));
}

}  // namespace
}  // namespace livyd::http
