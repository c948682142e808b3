// TLS: who is trusted, which host, which date, and what is said when it is not so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "http/auth/simple.hpp"
#include "http/certificates.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "raw_server.hpp"

namespace livyd::http {
namespace {

namespace ssl = asio::ssl;
using test::certificate;
using test::failure_of;
using test::raw_server;
using test::started;
using test::tcp;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

using tls_stream = ssl::stream<tcp::socket&>;
using tls_script = std::function<task<void>(tls_stream& peer)>;

task<void> answer_all(tls_stream& peer) {
  while (true) {
    const auto request = co_await test::hear(peer);
    if (request.empty()) co_return;
    co_await test::say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
}

class Tls : public testing::Test {
 protected:
  /// A server that shows `shown` (and what vouches for it), then runs `script`.
  raw_server::script secure(const certificate& shown, tls_script script = answer_all,
                            const std::string& chain = {}) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->use_certificate_chain(asio::buffer(shown.pem() + chain));
    context->use_private_key(asio::buffer(shown.key_pem()), ssl::context::pem);
    adjust_(context->native_handle());
    return [this, context, script](tcp::socket& peer, int) -> task<void> {
      tls_stream stream(peer, *context);
      auto [error] = co_await stream.async_handshake(ssl::stream_base::server,
                                                     asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
      asked_for_ = name != nullptr ? name : "";
      co_await script(stream);
    };
  }

  client make() { return client(loop_.io.get_executor(), settings_, no_authentication()); }

  static request get(const raw_server& server, const std::string& host = "127.0.0.1") {
    request outgoing;
    outgoing.target = server.at("/", "https");
    outgoing.target.host = host;
    return outgoing;
  }

  failure refusal(const raw_server& server, const std::string& host = "127.0.0.1") {
    auto client = make();
    auto reason = failure_of([&] { loop_.run(client.send(get(server, host))); });
    EXPECT_EQ(client.idle_connections(), 0U);
    loop_.until([&] { return server.open() == 0; });
    return reason;
  }

  void trust(const certificate& authority) {
    settings_.tls.ca_file = folder_.file("ca.pem", authority.pem());
  }

  test::loop loop_;
  test::scratch_folder folder_;
  client_settings settings_;
  std::string asked_for_ = "nobody";
  std::function<void(SSL_CTX*)> adjust_ = [](SSL_CTX*) {};
  const certificate authority_{{.common_name = "Example Root CA 2", .authority = true}};
  const certificate server_{{.common_name = "server", .hosts = "DNS:localhost,IP:127.0.0.1,IP:::1"},
                            &authority_};
};

TEST_F(Tls, AnswersWhenTheCaFileVouchesForTheServer) {
  trust(authority_);
  raw_server server(loop_, secure(server_));
  auto client = make();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(loop_.run(client.send(get(server))).body, "ok");
  }
  EXPECT_EQ(asked_for_, "") << "an address is not sent as a server name";
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(Tls, ChecksTheNameAndTellsItToTheServer) {
  trust(authority_);
  raw_server server(loop_, secure(server_));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server, "localhost"))).body, "ok");
  EXPECT_EQ(asked_for_, "localhost");
}

TEST_F(Tls, FindsItsAuthorityInTheCaFolder) {
  folder_.file("unhashed.pem", authority_.pem());
  const auto rehash = concat("openssl rehash ", folder_.path().string());
  ASSERT_EQ(std::system(rehash.c_str()), 0);
  settings_.tls.ca_folder = folder_.path().string();
  raw_server server(loop_, secure(server_));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).body, "ok");
}

TEST_F(Tls, NamesTheIssuerThatIsNotTrusted) {
  raw_server server(loop_, secure(server_));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_EQ(reason.message(),
            "The certificate of 127.0.0.1 was issued by \"Example Root CA 2\", which this machine "
            "does not trust. Get the certificate of that authority as a PEM file and set "
            "\"caFile\" in the profile's \"tls\".");
}

TEST_F(Tls, NamesTheRootWhenTheServerSendsItToo) {
  raw_server server(loop_, secure(server_, answer_all, authority_.pem()));
  EXPECT_THAT(refusal(server).message(), HasSubstr("\"Example Root CA 2\""));
}

TEST_F(Tls, NamesASelfSignedCertificate) {
  const certificate own({.common_name = "me", .hosts = "IP:127.0.0.1"});
  raw_server server(loop_, secure(own));
  EXPECT_EQ(refusal(server).message(),
            "The certificate of 127.0.0.1 was issued by the server itself, which this machine does "
            "not trust. If it is the right one, save it as a PEM file and set \"caFile\" in the "
            "profile's \"tls\".");
}

TEST_F(Tls, NamesTheHostsOfACertificateForSomebodyElse) {
  trust(authority_);
  const certificate other({.hosts = "DNS:gw.example.com,DNS:*.example.org,IP:10.0.0.7,DNS:fourth"},
                          &authority_);
  raw_server server(loop_, secure(other));
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    const auto reason = refusal(server, host);
    EXPECT_EQ(reason.kind(), failure_kind::tls);
    EXPECT_EQ(reason.message(), concat("The certificate of ", host,
                                       " is for gw.example.com, *.example.org, "
                                       "10.0.0.7, …. Check the host name in the URL."));
  }
}

TEST_F(Tls, NamesTheDayOnWhichTheCertificateExpired) {
  trust(authority_);
  const certificate old({.hosts = "IP:127.0.0.1", .begins_in = -7200, .ends_in = -3600},
                        &authority_);
  raw_server server(loop_, secure(old));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), MatchesRegex("The certificate of 127\\.0\\.0\\.1 expired on "
                                             "20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]\\."));
}

TEST_F(Tls, PointsAtTheClockWhenTheCertificateIsNotYetValid) {
  trust(authority_);
  const certificate early({.hosts = "IP:127.0.0.1", .begins_in = 3600, .ends_in = 7200},
                          &authority_);
  raw_server server(loop_, secure(early));
  EXPECT_THAT(refusal(server).message(), HasSubstr("Check the clock of this machine."));
}

TEST_F(Tls, NamesTheAuthorityThatExpired) {
  const certificate old(
      {.common_name = "Old Root", .authority = true, .begins_in = -7200, .ends_in = -3600});
  const certificate below({.hosts = "IP:127.0.0.1"}, &old);
  trust(old);
  raw_server server(loop_, secure(below));
  EXPECT_THAT(refusal(server).message(),
              StartsWith("The certificate \"Old Root\", which vouches for 127.0.0.1, expired on "));
}

TEST_F(Tls, AcceptsAnythingOnlyWhenVerificationIsOff) {
  settings_.tls.verify = false;
  const certificate other({.hosts = "DNS:gw.example.com", .begins_in = -7200, .ends_in = -3600});
  raw_server server(loop_, secure(other));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).body, "ok");
}

TEST_F(Tls, SaysThatTheCaFileCannotBeUsed) {
  raw_server server(loop_, secure(server_));
  settings_.tls.ca_file = folder_.file("empty.pem", "nonsense");
  auto client = make();
  const auto reason = failure_of([&] { loop_.run(client.send(get(server))); });
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), HasSubstr(settings_.tls.ca_file));
  settings_.tls.ca_file = (folder_.path() / "missing.pem").string();
  auto second = make();
  const auto missing = failure_of([&] { loop_.run(second.send(get(server))); });
  EXPECT_THAT(missing.message(), HasSubstr("missing.pem cannot be used: "));
}

TEST_F(Tls, RefusesVersionsBefore12) {
  trust(authority_);
  adjust_ = [](SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_security_level(context, 0);
  };
  raw_server server(loop_, secure(server_));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_EQ(reason.message(),
            concat(server.peer(), " offers only TLS older than 1.2, which livyd does not use."));
}

TEST_F(Tls, SpeaksVersion12) {
  trust(authority_);
  adjust_ = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); };
  raw_server server(loop_, secure(server_));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).body, "ok");
  EXPECT_EQ(client.idle_connections(), 1U);
}

TEST_F(Tls, SaysThatAPlainServerMayExpectHttp) {
  server plain(loop_.io.get_executor(), {},
               [](server_request) -> task<server_response> { co_return server_response{}; });
  asio::co_spawn(loop_.io, plain.serve(), asio::detached);
  auto client = make();
  request outgoing;
  outgoing.target = parse_url(concat("https://127.0.0.1:", plain.port()));
  const auto reason = failure_of([&] { loop_.run(client.send(outgoing)); });
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_EQ(reason.message(),
            concat("127.0.0.1:", plain.port(), " does not answer in TLS; it may expect http://."));
}

TEST_F(Tls, SaysThatAServerThatHangsUpOnTheHandshakeMayExpectHttp) {
  raw_server server(loop_, [](tcp::socket& peer, int) -> task<void> {
    co_await peer.async_wait(tcp::socket::wait_read, asio::use_awaitable);
  });
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::connection_lost);
  EXPECT_EQ(reason.message(),
            concat(server.peer(),
                   " closed the connection during the TLS handshake; it may expect http://."));
}

TEST_F(Tls, SaysThatATlsServerMayExpectHttps) {
  raw_server server(loop_, secure(server_));
  auto client = make();
  request outgoing;
  outgoing.target = server.at();
  const auto reason = failure_of([&] { loop_.run(client.send(outgoing)); });
  EXPECT_THAT(reason.kind(), testing::AnyOf(failure_kind::not_http, failure_kind::connection_lost));
  EXPECT_THAT(reason.message(), HasSubstr("it may expect https://."));
}

TEST_F(Tls, MeetsTheConnectDeadlineWhenTheHandshakeStalls) {
  settings_.connect_deadline = 50ms;
  raw_server server(loop_,
                    [](tcp::socket& peer, int) -> task<void> { co_await test::farewell(peer); });
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(),
            concat(server.peer(), " does not answer: no connection within 50 ms."));
}

TEST_F(Tls, MeetsTheReadDeadline) {
  trust(authority_);
  settings_.read_deadline = 50ms;
  raw_server server(loop_, secure(server_, [](tls_stream& peer) { return test::farewell(peer); }));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_THAT(reason.message(), HasSubstr("did not answer for 50 ms"));
}

TEST_F(Tls, ToleratesAMissingFarewellAtTheEndOfABodyWithoutALength) {
  trust(authority_);
  raw_server server(loop_, secure(server_, [](tls_stream& peer) -> task<void> {
                      co_await test::hear(peer);
                      co_await test::say(peer, "HTTP/1.1 200 OK\r\n\r\nall of it");
                    }));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).body, "all of it");
}

TEST_F(Tls, NoticesABodyThatWasCutShort) {
  trust(authority_);
  raw_server server(loop_, secure(server_, [](tls_stream& peer) -> task<void> {
                      co_await test::hear(peer);
                      co_await test::say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
                    }));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::connection_lost);
}

TEST_F(Tls, StreamsALongBodyAndIsCancelledInTheMiddle) {
  trust(authority_);
  raw_server server(loop_, secure(server_, [](tls_stream& peer) -> task<void> {
                      co_await test::hear(peer);
                      bool there = co_await test::say(peer, "HTTP/1.1 200 OK\r\n\r\n");
                      while (there) there = co_await test::say(peer, std::string(64_KiB, 'x'));
                    }));
  auto client = make();
  std::size_t got = 0;
  started<response> call(loop_, client.send(get(server), [&](std::string_view piece) -> task<void> {
    got += piece.size();
    co_return;
  }));
  loop_.until([&] { return got > 1_MiB; });
  call.cancel();
  EXPECT_EQ(failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
  loop_.until([&] { return server.open() == 0; });
}

TEST_F(Tls, SendsALongBody) {
  trust(authority_);
  std::size_t heard = 0;
  raw_server server(loop_, secure(server_, [&](tls_stream& peer) -> task<void> {
                      const auto request = co_await test::hear(peer);
                      heard = request.size();
                      co_await test::say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    }));
  auto client = make();
  auto outgoing = get(server);
  outgoing.verb = method::post;
  outgoing.body.assign(5'000'000, 'x');
  EXPECT_EQ(loop_.run(client.send(outgoing)).status, 200);
  EXPECT_GT(heard, 5'000'000U);
}

TEST_F(Tls, SendsALongBodyToAServerThatDoesNotKnowExpect) {
  trust(authority_);
  std::size_t heard = 0;
  raw_server server(loop_, secure(server_, [&](tls_stream& peer) -> task<void> {
                      constexpr std::size_t body = 20'000;
                      std::string text;
                      while (text.find("\r\n\r\n") == std::string::npos ||
                             text.size() < text.find("\r\n\r\n") + 4 + body) {
                        const auto more = co_await test::hear_some(peer);
                        if (more.empty()) co_return;
                        text += more;
                      }
                      heard = text.size();
                      co_await test::say(peer, "HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n");
                    }));
  auto client = make();
  auto outgoing = get(server);
  outgoing.verb = method::put;
  outgoing.content_type = "application/octet-stream";
  outgoing.body.assign(20'000, 'x');
  EXPECT_EQ(loop_.run(client.send(outgoing)).status, 201);
  EXPECT_GT(heard, 20'000U);
  EXPECT_EQ(client.idle_connections(), 0U);
}

}  // namespace
}  // namespace livyd::http
