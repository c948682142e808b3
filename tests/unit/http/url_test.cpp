// URLs: what is accepted, how it is written again, and the sentence for what is not.
#include "http/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/failure.hpp"
#include "loop.hpp"

namespace livyd::http {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Url, IsTakenApart) {
  struct row {
    std::string text, scheme, host, path, query;
    int port;
  };
  const std::vector<row> rows{
      {"http://gw", "http", "gw", "/", "", 80},
      {"https://gw", "https", "gw", "/", "", 443},
      {"HTTP://GW.Example.COM:8998", "http", "gw.example.com", "/", "", 8998},
      {"http://gw:8998/livy/v1", "http", "gw", "/livy/v1", "", 8998},
      {"http://gw/a%20b?x=%2F&y", "http", "gw", "/a%20b", "x=%2F&y", 80},
      {"http://gw?x=1", "http", "gw", "/", "x=1", 80},
      {"http://gw/ui#sessions", "http", "gw", "/ui", "", 80},
      {"http://gw/?a?b=c", "http", "gw", "/", "a?b=c", 80},
      {"http://[::1]:8998/x", "http", "::1", "/x", "", 8998},
      {"https://[FE80::1]", "https", "fe80::1", "/", "", 443},
      {"http://10.0.0.7:1", "http", "10.0.0.7", "/", "", 1},
      {"http://under_score.x-y:65535/", "http", "under_score.x-y", "/", "", 65535},
      {"http://gw/path@with:signs", "http", "gw", "/path@with:signs", "", 80},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    const auto parsed = parse_url(row.text);
    EXPECT_EQ(parsed.scheme, row.scheme);
    EXPECT_EQ(parsed.host, row.host);
    EXPECT_EQ(parsed.port, row.port);
    EXPECT_EQ(parsed.path, row.path);
    EXPECT_EQ(parsed.query, row.query);
  }
}

TEST(Url, ThatIsWrongIsRefusedWithASentence) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "is empty"},
      {"gw:8998", "has no scheme"},
      {"://gw", "has no scheme"},
      {"ftp://gw", "scheme is \"ftp\""},
      {"http://", "has no host"},
      {"http:///sessions", "has no host"},
      {"http://:8998", "has no host"},
      {"http://g!w", "is not a host name"},
      {"http://gw:", "port \"\""},
      {"http://gw:0", "port \"0\""},
      {"http://gw:65536", "port \"65536\""},
      {"http://gw:-1", "port \"-1\""},
      {"http://gw:80a", "port \"80a\""},
      {"http://gw:99999999999999999999", "port \""},
      {"http://[::1", "no closing bracket"},
      {"http://[nonsense]", "is not an IPv6 address"},
      {"http://[::1]8998", "between host and port"},
      {"http://gw/a b", "a space"},
      {" http://gw", "a space"},
      {"http://gw/\r\nX: y", "a control character"},
      {"http://gw/\x7f", "a control character"},
      {"http://gw/\xC3\xA4", "percent-encoded"},
      {"http://alice@gw", "a user name or a password"},
  };
  for (const auto& [text, words] : rows) {
    SCOPED_TRACE(text);
    const auto reason = test::failure_of([&] { parse_url(text); });
    EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
    EXPECT_THAT(reason.message(), HasSubstr(words));
  }
}

TEST(Url, WithAPasswordIsRefusedWithoutRepeatingIt) {
  for (const std::string text : {"http://alice:hunter2@gw", "ftp://alice:hunter2@gw",
                                 "http://alice:hunter2@gw:bad port", "alice:hunter2@gw/x"}) {
    SCOPED_TRACE(text);
    const auto reason = test::failure_of([&] { parse_url(text); });
    EXPECT_THAT(reason.message(), HasSubstr("a user name or a password"));
    EXPECT_THAT(reason.message(), Not(HasSubstr("hunter2")));
  }
}

TEST(Url, IsWrittenAgain) {
  const auto plain = parse_url("http://GW:80/a?token=secret");
  EXPECT_EQ(plain.origin(), "http://gw:80");
  EXPECT_EQ(plain.authority(), "gw");
  EXPECT_EQ(plain.host_and_port(), "gw:80");
  EXPECT_EQ(plain.target(), "/a?token=secret");
  EXPECT_EQ(plain.shown(), "http://gw/a");
  const auto six = parse_url("https://[::1]:8443");
  EXPECT_EQ(six.origin(), "https://[::1]:8443");
  EXPECT_EQ(six.authority(), "[::1]:8443");
}

TEST(Url, KnowsTheLoopback) {
  for (const std::string host :
       {"localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"}) {
    EXPECT_TRUE(parse_url("http://" + host).loopback()) << host;
  }
  for (const std::string host : {"gw", "127.0.0.1.example.com", "localhost.example.com",
                                 "128.0.0.1", "[::2]", "0.0.0.0", "notlocalhost"}) {
    EXPECT_FALSE(parse_url("http://" + host).loopback()) << host;
  }
}

TEST(Url, IsJoinedWithExactlyOneSlash) {
  EXPECT_EQ(joined(parse_url("http://gw"), "sessions").target(), "/sessions");
  EXPECT_EQ(joined(parse_url("http://gw/"), "/sessions").target(), "/sessions");
  EXPECT_EQ(joined(parse_url("http://gw/livy"), "sessions/7", "from=1").target(),
            "/livy/sessions/7?from=1");
  EXPECT_EQ(joined(parse_url("http://gw/livy/?old=1"), "sessions").target(), "/livy/sessions");
  EXPECT_EQ(joined(parse_url("http://gw/a%2Fb"), "c%20d").target(), "/a%2Fb/c%20d");
  EXPECT_EQ(joined(parse_url("http://gw/livy"), "").target(), "/livy");
}

TEST(Url, IsFoundFromALocation) {
  const auto base = parse_url("https://gw:8443/gateway/x/livy/sessions?from=1");
  const std::vector<std::pair<std::string, std::string>> rows{
      {"/there?x=1", "https://gw:8443/there?x=1"},
      {"", "https://gw:8443/gateway/x/livy/sessions?from=1"},
      {"#top", "https://gw:8443/gateway/x/livy/sessions?from=1"},
      {"?from=2", "https://gw:8443/gateway/x/livy/sessions?from=2"},
      {"batches", "https://gw:8443/gateway/x/livy/batches"},
      {"../webhdfs/./v1", "https://gw:8443/gateway/x/webhdfs/v1"},
      {"../../..", "https://gw:8443/"},
      {"../../../../a/..", "https://gw:8443/"},
      {"/a/b/../c/.", "https://gw:8443/a/c/"},
      {"/a//b", "https://gw:8443/a//b"},
      {"/x?y=http://z/../w", "https://gw:8443/x?y=http://z/../w"},
      {"//other/x", "https://other:443/x"},
      {"http://other:1/a?b#c", "http://other:1/a?b"},
      {"/a b/\xC3\xA9%25", "https://gw:8443/a%20b/%C3%A9%25"},
  };
  for (const auto& [location, expected] : rows) {
    const auto to = resolved(base, location);
    EXPECT_EQ(to.origin() + to.target(), expected) << location;
  }
}

TEST(Url, IsNotFoundFromAnOddLocation) {
  const auto base = parse_url("http://gw/a");
  for (const std::string location : {"ftp://x/", "mailto:x", "http:", "http://", "//", "\x01"}) {
    EXPECT_THROW(resolved(base, location), failure) << location;
  }
}

}  // namespace
}  // namespace livyd::http
