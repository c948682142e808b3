// The cookie jar: what it takes, what it gives back, and to whom.
#include "http/cookies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace livyd::http {
namespace {

using namespace std::chrono_literals;

const cookie_jar::time_point noon = std::chrono::system_clock::from_time_t(1'800'000'000);

request to(std::string_view text, std::string route = {}) {
  request outgoing;
  outgoing.target = parse_url(text);
  outgoing.route = std::move(route);
  return outgoing;
}

response with(std::initializer_list<std::string> set_cookies) {
  response answer;
  for (const auto& field : set_cookies) answer.headers.add("Set-Cookie", field);
  return answer;
}

TEST(Cookies, KeepsAValueAsItWasWritten) {
  cookie_jar jar;
  const auto sent = to("https://gw/gateway/x/livy/sessions");
  jar.take(sent,
           with({"hadoop.auth=\"u=alice&p=alice@EX&t=kerberos&e=1&s=a+b=\"; Path=gateway/x; "
                 "Secure; HttpOnly"}),
           noon);
  EXPECT_EQ(jar.field_for(sent, noon), "hadoop.auth=\"u=alice&p=alice@EX&t=kerberos&e=1&s=a+b=\"");
}

TEST(Cookies, SendsSeveralAndReplacesOneOfTheSameName) {
  cookie_jar jar;
  const auto sent = to("https://gw/");
  jar.take(sent, with({"b=1; HttpOnly", "a=2"}), noon);
  jar.take(sent, with({"b=3"}), noon);
  EXPECT_EQ(jar.field_for(sent, noon), "a=2; b=3");
}

TEST(Cookies, BelongToSchemeHostPortAndRoute) {
  cookie_jar jar;
  jar.take(to("http://gw:8998/sessions", "/livy"), with({"hadoop.auth=x"}), noon);
  EXPECT_EQ(jar.field_for(to("http://gw:8998/batches", "/livy"), noon), "hadoop.auth=x");
  EXPECT_EQ(jar.field_for(to("http://gw:8998/sessions", "/webhdfs"), noon), "");
  EXPECT_EQ(jar.field_for(to("http://gw:9870/sessions", "/livy"), noon), "");
  EXPECT_EQ(jar.field_for(to("http://other:8998/sessions", "/livy"), noon), "");
  EXPECT_EQ(jar.field_for(to("https://gw:8998/sessions", "/livy"), noon), "");
}

TEST(Cookies, ForgetsWhatTheServerTakesBack) {
  for (const auto* taken_back : {"k=", "k=\"\"", "k=deleteMe; Max-Age=0", "k=x; Max-Age=-1",
                                 "k=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                                 "k=x; expires=Thu, 01-Jan-1970 00:00:10 GMT"}) {
    cookie_jar jar;
    const auto sent = to("https://gw/");
    jar.take(sent, with({"k=v", "other=1"}), noon);
    jar.take(sent, with({taken_back}), noon);
    EXPECT_EQ(jar.field_for(sent, noon), "other=1") << taken_back;
  }
}

TEST(Cookies, EndWhenTheirTimeIsOver) {
  cookie_jar jar;
  const auto sent = to("https://gw/");
  jar.take(sent, with({"k=v; Max-Age=20; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}), noon);
  EXPECT_EQ(jar.field_for(sent, noon + 19s), "k=v");
  EXPECT_EQ(jar.field_for(sent, noon + 20s), "");
}

TEST(Cookies, DoNotTravelUnprotectedWhenTheyAreSecure) {
  cookie_jar jar;
  const auto far = to("http://gw/");
  const auto near = to("http://localhost/");
  jar.take(far, with({"k=v; Secure", "open=1"}), noon);
  jar.take(near, with({"k=v; Secure"}), noon);
  EXPECT_EQ(jar.field_for(far, noon), "open=1");
  EXPECT_EQ(jar.field_for(near, noon), "k=v");
}

TEST(Cookies, AreForgottenByRouteAndAltogether) {
  cookie_jar jar;
  jar.take(to("https://gw/", "/a"), with({"k=1"}), noon);
  jar.take(to("https://gw/", "/b"), with({"k=2"}), noon);
  jar.forget(to("https://gw/", "/a"));
  EXPECT_EQ(jar.field_for(to("https://gw/", "/a"), noon), "");
  EXPECT_EQ(jar.field_for(to("https://gw/", "/b"), noon), "k=2");
  jar.clear();
  EXPECT_EQ(jar.field_for(to("https://gw/", "/b"), noon), "");
}

TEST(Cookies, AreBounded) {
  cookie_jar jar;
  const auto sent = to("https://gw/");
  for (int at = 0; at < 100; ++at) jar.take(sent, with({"k" + std::to_string(at) + "=v"}), noon);
  jar.take(sent, with({"big=" + std::string(9000, 'x'), "=nameless", ""}), noon);
  const auto field = jar.field_for(sent, noon);
  EXPECT_EQ(std::count(field.begin(), field.end(), '='), 50);
  EXPECT_THAT(field, testing::Not(testing::HasSubstr("big")));
}

}  // namespace
}  // namespace livyd::http
