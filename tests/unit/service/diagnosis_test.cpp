// What the doctor says of what it found: tables from facts to lines.
#include "service/diagnosis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace livyd {
namespace {

using protocol::Check;
using protocol::CheckState;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t day = 24LL * 60 * 60 * 1000;
constexpr std::int64_t now = 20'000 * day;

std::string advice_of(const Check& check) {
  return check.advice.value_or("");
}

TEST(InTwoParts, SplitsWhatHappenedFromWhatToDo) {
  struct row {
    const char* message;
    const char* happened;
    const char* advice;
  };
  const row rows[] = {
      {"gw.example.com:8443 does not answer (connection refused). Check the address.",
       "gw.example.com:8443 does not answer (connection refused).", "Check the address."},
      {"There is no Kerberos ticket. Run kinit.", "There is no Kerberos ticket.", "Run kinit."},
      {"It was issued by \"Example Inc. Root CA\", unknown here. Get it. Set \"caFile\".",
       "It was issued by \"Example Inc. Root CA\", unknown here.", "Get it. Set \"caFile\"."},
      {"The name cannot be resolved. Are you on the VPN?", "The name cannot be resolved.",
       "Are you on the VPN?"},
      {"It expired on 2026-01-01.", "It expired on 2026-01-01.", ""},
      {"TLS 1.2 is needed, e.g. by a newer server.", "TLS 1.2 is needed, e.g. by a newer server.",
       ""},
      {"no full stop", "no full stop", ""},
      {"", "", ""},
  };
  for (const auto& row : rows) {
    const auto parts = in_two_parts(row.message);
    EXPECT_EQ(parts.happened, row.happened);
    EXPECT_EQ(parts.advice, row.advice);
  }
}

TEST(Broken, HoldsTheFailuresOwnSentences) {
  const failure reason(failure_kind::unauthorized, "There is no Kerberos ticket. Run kinit.");
  const auto plain = broken(link::authentication, reason);
  EXPECT_EQ(plain.state, CheckState::failed);
  EXPECT_EQ(plain.found, "There is no Kerberos ticket.");
  EXPECT_EQ(advice_of(plain), "Run kinit.");
  EXPECT_EQ(broken(link::authentication, reason, "HTTP@gw").found,
            "There is no Kerberos ticket (HTTP@gw).");
}

TEST(AboutName, SaysWhoseBusinessItIs) {
  EXPECT_EQ(about_name("gw", {"10.0.0.7", "::1"}, "").found, "gw is 10.0.0.7, ::1");
  EXPECT_EQ(about_name("10.0.0.7", {"10.0.0.7"}, "").found, "10.0.0.7 is an address");
  EXPECT_EQ(about_name("gw", {}, "proxy:3128").found, "left to the proxy proxy:3128");
}

TEST(AboutProxy, NamesItAndWhereItIsWritten) {
  EXPECT_EQ(about_proxy({}).found, "none");
  EXPECT_EQ(about_proxy({.direct = false, .proxy = "p:3128", .source = "", .tunnel = true}).found,
            "p:3128 lets livyd through");
  EXPECT_EQ(about_proxy({.direct = false, .proxy = "p:3128", .source = "http_proxy"}).found,
            "p:3128 (http_proxy) takes livyd's requests");
}

TEST(AboutTcp, TellsTheAddressAndTheTime) {
  EXPECT_EQ(about_tcp({}, http::tcp_facts{.address = "10.0.0.7:8443", .milliseconds = 12}).found,
            "10.0.0.7:8443 answers after 12 ms");
  const http::proxy_facts way{.direct = false, .proxy = "p:3128", .source = ""};
  EXPECT_EQ(about_tcp(way, std::nullopt).found, "by the proxy p:3128");
}

tls_findings handshake(std::int64_t days_left) {
  tls_findings found;
  found.shown.version = "TLSv1.3";
  found.shown.subject = "gw";
  found.shown.issuer = "Example CA";
  found.shown.expires = now + days_left * day;
  return found;
}

TEST(AboutTls, WarnsTwoWeeksBeforeTheCertificateEnds) {
  struct row {
    std::int64_t days;
    CheckState state;
  };
  for (const auto& row : {row{400, CheckState::ok}, row{14, CheckState::ok},
                          row{13, CheckState::warning}, row{1, CheckState::warning}}) {
    const auto check = about_tls(handshake(row.days), now);
    EXPECT_EQ(check.state, row.state) << row.days;
    EXPECT_THAT(check.found,
                StartsWith("TLSv1.3; certificate of \"gw\", issued by \"Example CA\", good until"));
  }
  EXPECT_THAT(about_tls(handshake(1), now).found, EndsWith("which is in 1 day"));
  EXPECT_THAT(about_tls(handshake(5), now).found, EndsWith("which is in 5 days"));
}

TEST(AboutTls, WarnsOfWhatIsNotChecked) {
  auto found = handshake(400);
  found.verified = false;
  EXPECT_EQ(about_tls(found, now).state, CheckState::warning);
  EXPECT_THAT(advice_of(about_tls(found, now)), StartsWith("It would pass"));
  found.objection = "The certificate of gw expired on 2026-01-01.";
  EXPECT_EQ(advice_of(about_tls(found, now)),
            "If it were checked: The certificate of gw expired on 2026-01-01.");
}

TEST(AboutTls, WarnsOfCredentialsInTheOpen) {
  tls_findings found;
  found.used = false;
  EXPECT_EQ(about_tls(found, now).state, CheckState::ok);
  found.exposed = true;
  EXPECT_EQ(about_tls(found, now).state, CheckState::warning);
}

TEST(AboutAuthentication, TellsMechanismOfferAndCookie) {
  authentication_findings found;
  EXPECT_EQ(about_authentication(found).found, "none; the server asks for no credentials");
  found.kind = authentication_kind::basic;
  found.user = "alice";
  found.asked = true;
  found.offered = {"Basic", "Negotiate"};
  found.cookie = true;
  EXPECT_EQ(about_authentication(found).found,
            "Basic as alice; the server takes Basic and Negotiate; it gave a cookie");
  found.offered.clear();
  found.cookie = false;
  EXPECT_EQ(about_authentication(found).found,
            "Basic as alice; the server does not say which credentials it takes");
  found.kind = authentication_kind::bearer;
  EXPECT_THAT(about_authentication(found).found, StartsWith("Bearer with a token; "));
}

authentication_findings kerberos() {
  authentication_findings found;
  found.kind = authentication_kind::kerberos;
  found.asked = true;
  found.offered = {"Negotiate"};
  found.service = "HTTP@gw";
  return found;
}

TEST(AboutAuthentication, TellsTheTicketAndTheService) {
  auto found = kerberos();
  found.ticket = http::ticket{.principal = "alice@EXAMPLE.TEST", .expires = {}};
  found.judged.expires = now;
  const auto check = about_authentication(found);
  EXPECT_EQ(check.state, CheckState::ok);
  EXPECT_THAT(check.found,
              StartsWith("Negotiate as alice@EXAMPLE.TEST for HTTP@gw; ticket until "));
  found.judged.state = protocol::CredentialsState::expiring;
  found.judged.detail = "Your Kerberos ticket ends at 14:00. Run kinit in a terminal.";
  EXPECT_EQ(about_authentication(found).state, CheckState::warning);
  EXPECT_THAT(advice_of(about_authentication(found)), HasSubstr("kinit"));
}

TEST(AboutAuthentication, NamesTheBrokenLinkAndWhatWasTried) {
  auto found = kerberos();
  found.refusal = failure(failure_kind::unauthorized, "There is no Kerberos ticket. Run kinit.");
  const auto check = about_authentication(found);
  EXPECT_EQ(check.state, CheckState::failed);
  EXPECT_EQ(check.found,
            "There is no Kerberos ticket (Negotiate for HTTP@gw; the server takes Negotiate).");
  EXPECT_EQ(advice_of(check), "Run kinit.");
}

TEST(AboutLivy, TellsWhatIsPossible) {
  livy_findings found;
  found.version = {.text = "0.9.0", .major = 0, .minor = 9};
  found.guarded = true;
  EXPECT_EQ(about_livy(found).found,
            "0.9.0; CSRF protection is on; 0 sessions visible; side channel possible");
  found.guarded = false;
  found.sessions = 1;
  EXPECT_THAT(about_livy(found).found,
              HasSubstr("CSRF protection is off; 1 session visible, 0 of them yours"));
  found.guarded.reset();
  found.version = {};
  EXPECT_THAT(about_livy(found).found, StartsWith("version not told; 1 session"));
  found.agent = false;
  EXPECT_THAT(about_livy(found).found, Not(HasSubstr("side channel")));
}

TEST(AboutLivy, WarnsWhereTheSideChannelIsBlocked) {
  livy_findings found;
  found.side_channel = failure(failure_kind::unsupported, "Output is shown when a run ends.");
  EXPECT_EQ(about_livy(found).state, CheckState::warning);
  EXPECT_EQ(advice_of(about_livy(found)), "Output is shown when a run ends.");
}

TEST(AboutWebhdfs, TellsWhereItWrote) {
  webhdfs_findings found{.home = "/user/alice", .folder = "/user/alice"};
  EXPECT_EQ(about_webhdfs(found).found,
            "home /user/alice; a probe file was written to /user/alice and deleted");
  found.folder = "/tmp";
  found.home_problem = failure(failure_kind::forbidden, "Permission denied.");
  EXPECT_EQ(about_webhdfs(found).state, CheckState::warning);
  EXPECT_EQ(advice_of(about_webhdfs(found)), "Permission denied.");
}

TEST(Redacted, HidesWhatMustNotBePasted) {
  struct row {
    const char* text;
    const char* shown;
  };
  const row rows[] = {
      {"see https://gw.example.com/x?op=OPEN&delegation=abc now",
       "see https://gw.example.com/x?… now"},
      {"at https://alice:pw@gw.example.com/x", "at https://gw.example.com/x"},
      {"sent Basic YWxpY2U6b3Blbi1zZXNhbWU= to", "sent Basic … to"},
      {"Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "Bearer …"},
      {"Negotiate YIIFmgYGKwYBBQUCoIIFjjCC", "Negotiate …"},
      {"hadoop.auth=\"u=alice&s=x\"; KNOXSESSIONID=node01", "hadoop.auth=…; KNOXSESSIONID=…"},
      {"It takes Basic and Negotiate.", "It takes Basic and Negotiate."},
      {"Basic as alice; Are you on the VPN?", "Basic as alice; Are you on the VPN?"},
      {"http://127.0.0.1:8998 and /user/alice", "http://127.0.0.1:8998 and /user/alice"},
  };
  for (const auto& row : rows) EXPECT_EQ(redacted(row.text), row.shown);
}

TEST(ReportText, AlignsAndWraps) {
  report_head head;
  head.version = "0.5.0";
  head.system = "Linux";
  head.profile = "cluster";
  head.url = "https://gw.example.com/livy";
  head.wall_milliseconds = now;
  const auto long_text =
      std::string(30, 'a') + " " + std::string(30, 'b') + " " + std::string(30, 'c');
  const auto text =
      report_text(head, {sound(link::profile, "usable"),
                         broken(link::name, failure(failure_kind::tls, long_text + ". Do it.")),
                         not_tried(link::tls), not_tried(link::webhdfs, "not in the profile")});
  EXPECT_THAT(text, StartsWith("livyd 0.5.0 on Linux, "));
  EXPECT_THAT(text, HasSubstr("\nProfile cluster, https://gw.example.com/livy\n\n"));
  EXPECT_THAT(text, HasSubstr("\nok         Profile       usable\n"));
  EXPECT_THAT(text, HasSubstr("\nFAILED     Name look-up  " + std::string(30, 'a') + " " +
                              std::string(30, 'b') + "\n                         " +
                              std::string(30, 'c') + ".\n                         Do it.\n"));
  EXPECT_THAT(text, HasSubstr("\nnot tried  TLS\n"));
  EXPECT_THAT(text, EndsWith("\nnot tried  WebHDFS       not in the profile\n"));
}

TEST(Checks, AreOneLineAndRedacted) {
  const auto check = sound(link::livy, "one\ntwo\thttps://gw/x?token=abc");
  EXPECT_EQ(check.found, "one two https://gw/x?…");
}

}  // namespace
}  // namespace livyd
