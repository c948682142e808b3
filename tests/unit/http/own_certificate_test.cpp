// The client's own certificate: shown, missing, refused, unreadable, locked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "http/tls_peer.hpp"

namespace livyd::http {
namespace {

using test::certificate;
using test::failure_of;
using test::raw_server;
using test::tcp;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class locked_passphrase final : public secret {
 public:
  std::string value() override {
    if (current.empty()) throw failure(failure_kind::unauthorized, "Give the passphrase.");
    ++reads;
    return current;
  }
  void refused(const std::string& value) override {
    refusals.push_back(value);
    current.clear();
  }
  std::string current;
  int reads = 0;
  std::vector<std::string> refusals;
};

class OwnCertificate : public testing::TestWithParam<int> {
 protected:
  OwnCertificate() { settings_.tls.ca_file = trusted_; }

  /// Wants a certificate from our authority; speaks at most this version.
  raw_server::script demanding(int version) {
    test::want_certificate(*context_, trusted_);
    SSL_CTX_set_max_proto_version(context_->native_handle(), version);
    return [this](tcp::socket& peer, int) -> task<void> {
      co_await test::answer_in_tls(peer, context_, heard_);
    };
  }

  void show(const certificate& own) {
    settings_.tls.certificate = folder_.file("own.pem", own.pem());
    settings_.tls.key = folder_.file("own.key", own.key_pem());
  }

  static request get(const raw_server& server) {
    request outgoing;
    outgoing.target = server.at("/", "https");
    return outgoing;
  }

  client make() { return client(loop_.io.get_executor(), settings_, no_authentication()); }

  failure refusal(const raw_server& server) {
    auto client = make();
    return failure_of([&] { loop_.run(client.send(get(server))); });
  }

  test::loop loop_;
  test::scratch_folder folder_;
  client_settings settings_;
  std::vector<std::string> heard_;
  const certificate authority_{{.common_name = "Example Root CA", .authority = true}};
  const certificate server_{{.common_name = "server", .hosts = "IP:127.0.0.1"}, &authority_};
  const certificate alice_{{.common_name = "alice"}, &authority_};
  const std::shared_ptr<asio::ssl::context> context_ = test::tls_server_context(server_);
  const std::string trusted_ = folder_.file("ca.pem", authority_.pem());
};

INSTANTIATE_TEST_SUITE_P(Versions, OwnCertificate, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(OwnCertificate, IsShownToAServerThatWantsIt) {
  raw_server server(loop_, demanding(GetParam()));
  show(alice_);
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).body, "ok");
}

TEST_P(OwnCertificate, IsMissingForAServerThatWantsIt) {
  raw_server server(loop_, demanding(GetParam()));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_EQ(reason.message(), concat(server.peer(),
                                     " wants a client certificate. Set \"certificate\" and \"key\" "
                                     "in the profile's \"tls\"."));
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_P(OwnCertificate, IsRefusedWhenSomebodyElseIssuedIt) {
  raw_server server(loop_, demanding(GetParam()));
  const certificate stranger({.common_name = "stranger", .authority = true});
  const certificate mallory({.common_name = "mallory"}, &stranger);
  show(mallory);
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(),
              AllOf(HasSubstr(" refused the client certificate ("), HasSubstr("unknown ca")));
}

TEST_P(OwnCertificate, IsRefusedWhenItExpired) {
  raw_server server(loop_, demanding(GetParam()));
  const certificate old({.common_name = "old", .begins_in = -7200, .ends_in = -3600}, &authority_);
  show(old);
  EXPECT_THAT(refusal(server).message(), HasSubstr(" refused the client certificate ("));
}

TEST_P(OwnCertificate, MayHaveItsKeyInTheSameFile) {
  raw_server server(loop_, demanding(GetParam()));
  settings_.tls.certificate = folder_.file("both.pem", alice_.pem() + alice_.key_pem());
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).status, 200);
}

class OwnKey : public OwnCertificate {
 protected:
  OwnKey() { settings_.tls.certificate = folder_.file("own.pem", alice_.pem()); }

  void lock() {
    settings_.tls.key = folder_.file("locked.key", alice_.encrypted_key_pem("open sesame"));
  }
};

TEST_F(OwnKey, IsOpenedWithThePassphraseOnce) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  lock();
  const auto passphrase = std::make_shared<locked_passphrase>();
  passphrase->current = "open sesame";
  settings_.tls.passphrase = passphrase;
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).status, 200);
  client.close_idle_connections();
  EXPECT_EQ(loop_.run(client.send(get(server))).status, 200);
  EXPECT_EQ(passphrase->reads, 1);
  EXPECT_THAT(passphrase->refusals, IsEmpty());
}

TEST_F(OwnKey, StaysLockedWithAWrongPassphraseUntilThereIsAnother) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  lock();
  const auto passphrase = std::make_shared<locked_passphrase>();
  passphrase->current = "wrong";
  settings_.tls.passphrase = passphrase;
  auto client = make();
  const auto reason = failure_of([&] { loop_.run(client.send(get(server))); });
  EXPECT_EQ(reason.kind(), failure_kind::unauthorized);
  EXPECT_EQ(reason.message(), concat("The passphrase does not open the key ", settings_.tls.key,
                                     ". Set another one and try again."));
  EXPECT_THAT(passphrase->refusals, ElementsAre("wrong"));
  const auto missing = failure_of([&] { loop_.run(client.send(get(server))); });
  EXPECT_EQ(missing.message(), "Give the passphrase.");
  passphrase->current = "open sesame";
  EXPECT_EQ(loop_.run(client.send(get(server))).status, 200);
}

TEST_F(OwnKey, IsLockedAndNobodyIsAsked) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  lock();
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), HasSubstr("is encrypted. Set \"encryptedKey\": true"));
}

TEST_F(OwnKey, BelongsToAnotherCertificate) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  settings_.tls.key = folder_.file("other.key", server_.key_pem());
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), HasSubstr(" does not belong to the client certificate."));
  EXPECT_THAT(reason.message(), HasSubstr(settings_.tls.key));
}

TEST_F(OwnKey, IsOfAnotherKind) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> rsa(EVP_RSA_gen(2048), &EVP_PKEY_free);
  settings_.tls.key = folder_.file("rsa.key", test::key_as_pem(rsa.get()));
  EXPECT_THAT(refusal(server).message(), HasSubstr(" does not belong to the client certificate."));
}

TEST_F(OwnKey, OrCertificateIsNotWhereTheProfileSays) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  settings_.tls.key = "/nowhere/own.key";
  EXPECT_EQ(refusal(server).message(),
            "The client key /nowhere/own.key cannot be read: no such file or directory. Check "
            "\"key\" in the profile's \"tls\".");
  settings_.tls.certificate = "/nowhere/own.pem";
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(),
              HasSubstr("The client certificate /nowhere/own.pem cannot be read"));
}

TEST_F(OwnKey, OrCertificateIsNotInItsFile) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  settings_.tls.key = "";
  EXPECT_THAT(refusal(server).message(), HasSubstr("own.pem holds no private key in PEM."));
  settings_.tls.key = folder_.file("nonsense.key", "nonsense");
  EXPECT_THAT(refusal(server).message(), HasSubstr("nonsense.key holds no private key in PEM."));
  settings_.tls.certificate = folder_.file("nonsense.pem", "nonsense");
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::tls);
  EXPECT_THAT(reason.message(), HasSubstr("nonsense.pem holds no certificate in PEM."));
}

TEST_F(OwnKey, IsUsedAlsoWithoutVerification) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  show(alice_);
  settings_.tls.verify = false;
  settings_.tls.ca_file = "";
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server))).status, 200);
}

TEST_F(OwnKey, IsReadAgainWhenItsFilesChange) {
  raw_server server(loop_, demanding(TLS1_3_VERSION));
  settings_.file_patience = 0s;
  const certificate old({.common_name = "old", .begins_in = -7200, .ends_in = -3600}, &authority_);
  show(old);
  auto client = make();
  EXPECT_EQ(failure_of([&] { loop_.run(client.send(get(server))); }).kind(), failure_kind::tls);
  const auto touched = [&](const std::string& path, const std::string& content, int hours) {
    std::ofstream(path) << content;
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() + std::chrono::hours(hours));
  };
  touched(settings_.tls.certificate, "half", 1);
  EXPECT_EQ(failure_of([&] { loop_.run(client.send(get(server))); }).kind(), failure_kind::tls);
  touched(settings_.tls.certificate, alice_.pem(), 2);
  touched(settings_.tls.key, alice_.key_pem(), 2);
  EXPECT_EQ(loop_.run(client.send(get(server))).status, 200);
  client.close_idle_connections();
  touched(settings_.tls.key, "half", 3);
  EXPECT_EQ(loop_.run(client.send(get(server))).status, 200) << "the old pair still counts";
}

TEST_F(OwnKey, IsOnlyAHintWhenTheServerLeavesWithoutAWord) {
  SSL_CTX_set_verify(context_->native_handle(), SSL_VERIFY_PEER, nullptr);
  settings_.tls.certificate = "";
  raw_server server(loop_, [this](tcp::socket& peer, int) -> task<void> {
    asio::ssl::stream<tcp::socket&> stream(peer, *context_);
    auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server,
                                                   asio::as_tuple(asio::use_awaitable));
    if (!error) co_await test::hear(stream);
  });
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::connection_lost);
  EXPECT_THAT(reason.message(), HasSubstr("It had asked for a client certificate"));
}

}  // namespace
}  // namespace livyd::http
