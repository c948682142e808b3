// The doctor's probes: what each link says when it holds and when it is broken.
#include "http/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "http/tls_peer.hpp"

namespace livyd::http {
namespace {

using test::certificate;
using test::failure_of;
using test::raw_server;
using test::tcp;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Probe : public testing::Test {
 protected:
  raw_server::script secure() {
    return [this](tcp::socket& peer, int) -> task<void> {
      co_await test::answer_in_tls(peer, context_, heard_);
    };
  }

  raw_server::script answering(std::string text) {
    return [this, text](tcp::socket& peer, int) -> task<void> {
      heard_.push_back(co_await test::hear(peer));
      co_await test::say(peer, text);
    };
  }

  static proxy_settings through(const raw_server& proxy) {
    proxy_settings settings;
    settings.from = proxy_settings::choice::own;
    settings.url = concat("http://", proxy.peer());
    return settings;
  }

  static tls_settings trusting(std::string file) {
    tls_settings settings;
    settings.ca_file = std::move(file);
    return settings;
  }

  static std::string closed_port(test::loop& loop) {
    raw_server gone(loop, [](tcp::socket&, int) -> task<void> { co_return; });
    return gone.peer();
  }

  test::loop loop_;
  test::scratch_folder folder_;
  std::vector<std::string> heard_;
  const certificate authority_{{.common_name = "Example Root CA", .authority = true}};
  const certificate server_{
      {.common_name = "server", .hosts = "IP:127.0.0.1,DNS:gw.example.com", .ends_in = 86400},
      &authority_};
  const std::shared_ptr<asio::ssl::context> context_ = test::tls_server_context(server_);
  const tls_settings trusting_ = trusting(folder_.file("ca.pem", authority_.pem()));
};

TEST_F(Probe, FindsTheAddressesOfAName) {
  EXPECT_THAT(loop_.run(probe_name("localhost", 20s)), Contains(AnyOf("127.0.0.1", "::1")));
  EXPECT_THAT(loop_.run(probe_name("10.0.0.7", 20s)), ElementsAre("10.0.0.7"));
}

TEST_F(Probe, SaysThatANameIsUnknown) {
  const auto reason = failure_of([&] { loop_.run(probe_name("gw.invalid", 20s)); });
  EXPECT_EQ(reason.kind(), failure_kind::name_not_found);
  EXPECT_THAT(reason.message(), HasSubstr("gw.invalid"));
}

TEST_F(Probe, ConnectsToAnAddress) {
  raw_server server(loop_, [](tcp::socket&, int) -> task<void> { co_return; });
  const auto facts = loop_.run(probe_tcp(server.at(), 20s));
  EXPECT_EQ(facts.address, server.peer());
  EXPECT_GE(facts.milliseconds, 0);
}

TEST_F(Probe, SaysThatNobodyListens) {
  const auto peer = closed_port(loop_);
  loop_.settle();
  const auto reason =
      failure_of([&] { loop_.run(probe_tcp(parse_url(concat("http://", peer)), 20s)); });
  EXPECT_EQ(reason.kind(), failure_kind::connection_refused);
  EXPECT_THAT(reason.message(), StartsWith(concat(peer, " does not answer (connection refused).")));
}

TEST_F(Probe, TriesNothingWithoutAProxy) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  const auto facts = loop_.run(probe_proxy(parse_url("https://gw.example.com"), {}, 20s, none));
  EXPECT_TRUE(facts.direct);
}

TEST_F(Probe, AsksTheProxyForATunnel) {
  raw_server proxy(loop_, answering("HTTP/1.1 200 OK\r\n\r\n"));
  const auto facts =
      loop_.run(probe_proxy(parse_url("https://gw.example.com:8443"), through(proxy), 20s));
  EXPECT_FALSE(facts.direct);
  EXPECT_TRUE(facts.tunnel);
  EXPECT_EQ(facts.proxy, proxy.peer());
  EXPECT_EQ(facts.source, "");
  EXPECT_THAT(heard_, ElementsAre(StartsWith("CONNECT gw.example.com:8443 HTTP/1.1\r\n")));
}

TEST_F(Probe, NamesTheVariableThatNamesTheProxy) {
  raw_server proxy(loop_, answering("HTTP/1.1 200 OK\r\n\r\n"));
  const auto variables = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "ALL_PROXY") return proxy.peer();
    return std::nullopt;
  };
  const auto facts = loop_.run(probe_proxy(parse_url("https://gw"), {}, 20s, variables));
  EXPECT_EQ(facts.source, "ALL_PROXY");
}

TEST_F(Probe, HandsTheProxyAHeadForAnHttpServer) {
  raw_server proxy(loop_, answering("HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n"));
  const auto facts = loop_.run(probe_proxy(parse_url("http://gw:8998/x"), through(proxy), 20s));
  EXPECT_FALSE(facts.direct);
  EXPECT_FALSE(facts.tunnel);
  EXPECT_THAT(heard_, ElementsAre(StartsWith("HEAD http://gw:8998/x HTTP/1.1\r\n")));
}

TEST_F(Probe, SaysWhatTheProxyRefuses) {
  raw_server proxy(loop_, answering("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n"));
  for (const std::string target : {"https://gw", "http://gw"}) {
    const auto reason =
        failure_of([&] { loop_.run(probe_proxy(parse_url(target), through(proxy), 20s)); });
    EXPECT_EQ(reason.kind(), failure_kind::unauthorized) << target;
    EXPECT_THAT(reason.message(), HasSubstr("It takes Basic.")) << target;
  }
}

TEST_F(Probe, ShowsWhatAServerShows) {
  raw_server server(loop_, secure());
  const auto before = std::chrono::system_clock::now();
  const auto facts = loop_.run(probe_tls(server.at("/", "https"), trusting_, {}, 20s));
  EXPECT_EQ(facts.version, "TLSv1.3");
  EXPECT_THAT(facts.cipher, StartsWith("TLS_"));
  EXPECT_EQ(facts.subject, "server");
  EXPECT_EQ(facts.issuer, "Example Root CA");
  EXPECT_THAT(facts.names, ElementsAre("127.0.0.1", "gw.example.com"));
  EXPECT_THAT(facts.chain, ElementsAre("server", "Example Root CA"));
  EXPECT_FALSE(facts.asked_for_certificate);
  const std::chrono::milliseconds expires(facts.expires);
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(before.time_since_epoch());
  EXPECT_GT(expires - now, 23h);
  EXPECT_LT(expires - now, 25h);
}

TEST_F(Probe, NamesTheMissingAuthority) {
  raw_server server(loop_, secure());
  const auto reason =
      failure_of([&] { loop_.run(probe_tls(server.at("/", "https"), {}, {}, 20s)); });
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), HasSubstr("was issued by \"Example Root CA\", which this machine "
                                          "does not trust."));
}

TEST_F(Probe, ShowsTheChainAsSentWhenNothingIsVerified) {
  raw_server server(loop_, secure());
  tls_settings careless;
  careless.verify = false;
  const auto facts = loop_.run(probe_tls(server.at("/", "https"), careless, {}, 20s));
  EXPECT_THAT(facts.chain, ElementsAre("server"));
  EXPECT_EQ(facts.issuer, "Example Root CA");
}

TEST_F(Probe, HearsThatTheServerWantsACertificate) {
  test::want_certificate(*context_, trusting_.ca_file);
  raw_server server(loop_, secure());
  const auto reason =
      failure_of([&] { loop_.run(probe_tls(server.at("/", "https"), trusting_, {}, 20s)); });
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), HasSubstr(" wants a client certificate."));
}

TEST_F(Probe, ShakesHandsThroughAProxy) {
  raw_server proxy(loop_, [this](tcp::socket& peer, int) -> task<void> {
    heard_.push_back(co_await test::hear(peer));
    co_await test::say(peer, "HTTP/1.1 200 OK\r\n\r\n");
    co_await test::answer_in_tls(peer, context_, heard_);
  });
  const auto facts =
      loop_.run(probe_tls(parse_url("https://gw.example.com"), trusting_, through(proxy), 20s));
  EXPECT_EQ(facts.subject, "server");
  EXPECT_EQ(heard_.size(), 1U);
}

TEST_F(Probe, HasNoTlsWithoutHttps) {
  const auto reason =
      failure_of([&] { loop_.run(probe_tls(parse_url("http://gw"), {}, {}, 20s)); });
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
}

}  // namespace
}  // namespace livyd::http
