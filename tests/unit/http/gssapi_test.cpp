// GSSAPI itself where no KDC is needed: no ticket, no library, no KDC, one that never answers.
#include "http/auth/gssapi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/files.hpp"
#include "http/auth/gssapi_library.hpp"
#include "raw_server.hpp"

namespace livyd::http {
namespace {

using test::failure_of;
using testing::HasSubstr;

/// A keytab of alice@A.TEST with one AES key, as https://web.mit.edu/kerberos/krb5-latest/doc/
/// formats/keytab_file_format.html describes it.
std::string keytab_of_alice() {
  const auto counted = [](std::string_view text) {
    return std::string{'\0', static_cast<char>(text.size())} + std::string(text);
  };
  std::string entry{'\0', '\1'};                                     // one component
  entry += counted("A.TEST") + counted("alice");                     //
  entry += std::string{'\0', '\0', '\0', '\1'};                      // a name of a person
  entry += std::string{'\0', '\0', '\0', '\1', '\1'};                // time, version
  entry += std::string{'\0', '\x11'} + counted("0123456789abcdef");  // aes128-cts
  return std::string{'\5', '\2', '\0', '\0', '\0'} + static_cast<char>(entry.size()) + entry;
}

class Gssapi : public testing::Test {
 protected:
  Gssapi() {
    std::string form = std::filesystem::temp_directory_path() / "livyd-gssapi-XXXXXX";
    folder_ = ::mkdtemp(form.data());
    replace_file(folder_ / "alice.keytab", keytab_of_alice());
    // As main does: threads that still end, or are still in the library, are not waited for.
    ::on_exit(
        [](int status, void*) {
          std::fflush(nullptr);
          ::_exit(status);
        },
        nullptr);
  }
  ~Gssapi() override { std::filesystem::remove_all(folder_); }

  /// libkrb5 has no other way to be told of a KDC; this process is the test's own.
  void configure(int port) {
    replace_file(folder_ / "krb5.conf",
                 concat("[libdefaults]\n default_realm = A.TEST\n dns_lookup_kdc = false\n",
                        " dns_canonicalize_hostname = false\n rdns = false\n",
                        " udp_preference_limit = 1\n[realms]\n A.TEST = {\n  kdc = 127.0.0.1:",
                        port, "\n }\n"));
    ::setenv("KRB5_CONFIG", (folder_ / "krb5.conf").c_str(), 1);
  }

  kerberos_settings with_keytab() const {
    kerberos_settings settings;
    settings.keytab = folder_ / "alice.keytab";
    settings.principal = "alice@A.TEST";
    return settings;
  }

  std::string no_cache() const { return concat("FILE:", (folder_ / "none").string()); }

  failure begin_fails(kerberos& tickets) {
    return failure_of([&] { loop_.run(tickets.begin("gw.a.test")); });
  }

  test::loop loop_;
  std::filesystem::path folder_;
};

TEST_F(Gssapi, AsksForTheHostOfTheUrlUnlessTheProfileNamesAService) {
  EXPECT_EQ(make_kerberos({})->service_for("gw.a.test"), "HTTP@gw.a.test");
  kerberos_settings settings;
  settings.service = "HTTP/other@A.TEST";
  EXPECT_EQ(make_kerberos(settings)->service_for("gw.a.test"), "HTTP/other@A.TEST");
}

TEST_F(Gssapi, SaysThatThereIsNoTicket) {
  configure(1);
  kerberos_settings settings;
  settings.cache = no_cache();
  const auto tickets = make_kerberos(settings);
  const auto thrown = begin_fails(*tickets);
  EXPECT_EQ(thrown.kind(), failure_kind::unauthorized);
  EXPECT_EQ(thrown.message(), "There is no Kerberos ticket. Run kinit.");
  EXPECT_FALSE(loop_.run(tickets->find_ticket()).has_value());
}

TEST_F(Gssapi, SaysWhichPackageIsMissing) {
  const auto tickets = make_kerberos_from("libgssapi_that_nobody_has.so.2", {});
  auto thrown = begin_fails(*tickets);
  EXPECT_EQ(thrown.kind(), failure_kind::unsupported);
  EXPECT_THAT(thrown.message(), HasSubstr("libgssapi-krb5-2"));
  EXPECT_THAT(thrown.detail(), HasSubstr("libgssapi_that_nobody_has.so.2"));
  thrown = failure_of([&] { loop_.run(tickets->find_ticket()); });
  EXPECT_EQ(thrown.kind(), failure_kind::unsupported);
}

TEST_F(Gssapi, SaysThatALibraryIsTooOld) {
  const auto tickets = make_kerberos_from("libc.so.6", {});
  const auto thrown = begin_fails(*tickets);
  EXPECT_EQ(thrown.kind(), failure_kind::unsupported);
  EXPECT_THAT(thrown.detail(), HasSubstr("gss_acquire_cred_from"));
}

TEST_F(Gssapi, SaysThatAKeytabCannotBeRead) {
  configure(1);
  auto settings = with_keytab();
  settings.keytab = "/nowhere/alice.keytab";
  const auto thrown = begin_fails(*make_kerberos(settings));
  EXPECT_EQ(thrown.message(),
            "The keytab /nowhere/alice.keytab cannot be read: No such file or directory. Check the "
            "keytab's path and the principal in the profile.");
}

TEST_F(Gssapi, SaysThatAKeytabHasNoSuchKey) {
  configure(1);
  auto settings = with_keytab();
  settings.principal = "bob@A.TEST";
  const auto thrown = begin_fails(*make_kerberos(settings));
  EXPECT_THAT(thrown.message(), HasSubstr("alice.keytab has no key of bob@A.TEST."));
}

TEST_F(Gssapi, SaysThatNoKdcAnswers) {
  int port = 0;
  {
    const test::raw_server closed(loop_, [](auto&, int) -> task<void> { co_return; });
    port = closed.at().port;
    loop_.settle();
  }
  loop_.settle();
  configure(port);
  const auto thrown = begin_fails(*make_kerberos(with_keytab()));
  EXPECT_EQ(thrown.kind(), failure_kind::unauthorized);
  EXPECT_EQ(thrown.message(), "No KDC of the realm A.TEST answers. Are you on the VPN?");
}

TEST_F(Gssapi, LetsACallerGoWhileTheKdcIsSilent) {
  const test::raw_server silent(
      loop_, [](auto& peer, int) -> task<void> { co_await test::farewell(peer); });
  configure(silent.at().port);
  const auto tickets = make_kerberos(with_keytab());
  test::started<std::unique_ptr<security_context>> asking(loop_, tickets->begin("gw.a.test"));
  loop_.until([&] { return silent.open() > 0; });
  // Somebody else is not held up.
  EXPECT_FALSE(loop_.run(tickets->find_ticket()).has_value());
  asking.cancel();
  EXPECT_EQ(failure_of([&] { asking.result(); }).kind(), failure_kind::cancelled);
}

}  // namespace
}  // namespace livyd::http
