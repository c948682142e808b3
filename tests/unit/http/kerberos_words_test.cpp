// What libkrb5's words mean. Each was seen: MIT krb5 1.20.1 with a real KDC, unless it is noted.
#include <gtest/gtest.h>

#include "http/auth/gssapi.hpp"

namespace livyd::http {
namespace {

constexpr std::string_view unspecified =
    "Unspecified GSS failure.  Minor code may provide more information: ";
constexpr std::string_view unavailable =
    "No credentials were supplied, or the credentials were unavailable or inaccessible: ";

struct example {
  std::string_view name;
  std::string_view frame;
  std::string_view words;
  kerberos_problem problem;
  std::string_view sentence;
};

constexpr std::string_view keytab_advice =
    ". Check the keytab's path and the principal in the profile.";

const example examples[] = {
    {"NoCacheAtAll", unavailable,
     "No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0)",
     kerberos_problem::no_ticket, "There is no Kerberos ticket. Run kinit."},
    {"NoSuchCache", unavailable, "No credentials cache found", kerberos_problem::no_ticket,
     "There is no Kerberos ticket. Run kinit."},
    {"TicketOfSomebodyElse", unavailable,
     "Can't find client principal bob@A.TEST in cache collection", kerberos_problem::no_ticket,
     "There is no Kerberos ticket of bob@A.TEST. Run kinit bob@A.TEST."},
    {"Expired", unspecified, "Ticket expired", kerberos_problem::expired,
     "Your Kerberos ticket expired. Runs wait until there is a new one. Run kinit."},
    {"UnknownService", unspecified, "Server HTTP/127.0.0.1@A.TEST not found in Kerberos database",
     kerberos_problem::unknown_service,
     "The KDC does not know the service HTTP/127.0.0.1@A.TEST. Write the server's own name in the "
     "URL, or its service (\"HTTP@name\") in the profile."},
    {"UnknownServiceWithoutName", unspecified, "Server not found in Kerberos database",  // table
     kerberos_problem::unknown_service,
     "The KDC does not know the service HTTP@gw.a.test. Write the server's own name in the URL, or "
     "its service (\"HTTP@name\") in the profile."},
    {"UnknownRealm", unspecified, "Server krbtgt/B.TEST@A.TEST not found in Kerberos database",
     kerberos_problem::unknown_service,
     "The KDC does not know the realm B.TEST, to which HTTP@gw.a.test belongs. Check domain_realm "
     "in /etc/krb5.conf, or the service in the profile."},
    {"UnknownPrincipal", unavailable, "Client 'temp@A.TEST' not found in Kerberos database",
     kerberos_problem::unknown_principal,
     "The KDC does not know temp@A.TEST. Check the principal's name and realm in the profile or in "
     "kinit."},
    {"LockedPrincipal", unavailable, "Client's entry in database has expired",
     kerberos_problem::unknown_principal,
     "The KDC does not admit your principal: the account has expired or is locked. Ask its "
     "administrator."},
    {"Skew", unspecified, "Clock skew too great", kerberos_problem::clock_skew,
     "The KDC refused the request because this machine's clock and its own are too far apart. Set "
     "this machine's clock, then run kinit."},
    {"TicketOfTheFuture", unspecified, "Ticket not yet valid", kerberos_problem::clock_skew,
     "The KDC refused the request because this machine's clock and its own are too far apart. Set "
     "this machine's clock, then run kinit."},
    {"KdcDown", unspecified, "Cannot contact any KDC for realm 'A.TEST'",
     kerberos_problem::kdc_unreachable, "No KDC of the realm A.TEST answers. Are you on the VPN?"},
    {"KdcNotConfigured", unspecified, "Cannot find KDC for realm \"A.TEST\"",
     kerberos_problem::kdc_unreachable,
     "No KDC is known for the realm A.TEST. Check the realm's name, and its KDC in "
     "/etc/krb5.conf."},
    {"KdcWithoutRealm", unspecified, "Cannot contact any KDC for requested realm",  // table
     kerberos_problem::kdc_unreachable, "No KDC of the realm answers. Are you on the VPN?"},
    {"OldKeytab", unavailable, "Decrypt integrity check failed", kerberos_problem::keytab,
     "The KDC refused the key of the keytab: it is old. Ask for a new keytab."},
    {"OldKeytabWithPreauthentication", unavailable, "Preauthentication failed",  // table
     kerberos_problem::keytab,
     "The KDC refused the key of the keytab: it is old. Ask for a new keytab."},
    {"KeytabMissing", "", "the keytab /a.keytab cannot be read: No such file or directory",  // ours
     kerberos_problem::keytab, "The keytab /a.keytab cannot be read: No such file or directory"},
    {"KeytabWithoutTheKey", unavailable,
     "Keytab contains no suitable keys for bob@A.TEST",  // table
     kerberos_problem::keytab,
     "The keytab cannot be used: Keytab contains no suitable keys for bob@A.TEST"},
    {"Encryption", unspecified, "KDC has no support for encryption type",  // table
     kerberos_problem::encryption,
     "The KDC and this machine have no encryption type in common for HTTP@gw.a.test. Ask the "
     "administrator of Kerberos, or look at permitted_enctypes in /etc/krb5.conf."},
    {"BrokenConfiguration", unspecified, "Improper format of Kerberos configuration file",
     kerberos_problem::other,
     "Kerberos gave no token for HTTP@gw.a.test: Improper format of Kerberos configuration file. "
     "Check with: kinit, then klist."},
};

class KerberosWords : public testing::TestWithParam<example> {};

TEST_P(KerberosWords, AreUnderstoodAndSaidToTheUser) {
  const auto& one = GetParam();
  const auto words = std::string(one.frame) + std::string(one.words);
  const auto problem = problem_of(words);
  EXPECT_EQ(problem, one.problem);
  auto expected = std::string(one.sentence);
  if (problem == kerberos_problem::keytab && !expected.ends_with(" Ask for a new keytab.")) {
    expected += keytab_advice;
  }
  EXPECT_EQ(sentence_for(problem, "HTTP@gw.a.test", words), expected);
}

INSTANTIATE_TEST_SUITE_P(Seen, KerberosWords, testing::ValuesIn(examples),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(KerberosWords, AreNoProblemWhenThereAreNone) {
  EXPECT_EQ(problem_of(""), kerberos_problem::none);
  EXPECT_EQ(sentence_for(kerberos_problem::none, "HTTP@a", ""), "");
}

TEST(KerberosWords, NameTheDayWhenATicketExpiredBeforeToday) {
  const std::chrono::system_clock::time_point then(std::chrono::seconds(86'400 * 365));
  const auto said = sentence_for(kerberos_problem::expired, "", "Ticket expired", then);
  EXPECT_TRUE(said.starts_with("Your Kerberos ticket expired on 197")) << said;
}

TEST(KerberosWords, NameTheTimeWhenATicketExpiredToday) {
  const auto said = sentence_for(kerberos_problem::expired, "", "Ticket expired",
                                 std::chrono::system_clock::now());
  EXPECT_TRUE(said.starts_with("Your Kerberos ticket expired at ")) << said;
}

TEST(KerberosWords, NameThePackageWhenTheLibraryIsMissing) {
  EXPECT_EQ(sentence_for(kerberos_problem::library_missing, "", ""),
            "Kerberos needs a library that is not on this machine: install the package "
            "libgssapi-krb5-2 (Debian, Ubuntu) or krb5-libs (Fedora, RHEL).");
}

}  // namespace
}  // namespace livyd::http
