// Header fields, content types and the two ways to authenticate that need no server.
#include "http/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/auth/simple.hpp"
#include "loop.hpp"

namespace livyd::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Fields, CompareNamesWithoutCaseAndKeepDuplicatesInOrder) {
  fields list{{"Set-Cookie", "a=1"}, {"X", "y"}, {"set-cookie", "b=2"}};
  EXPECT_EQ(list.get("SET-COOKIE"), "a=1");
  EXPECT_THAT(list.all("Set-cookie"), ElementsAre("a=1", "b=2"));
  EXPECT_TRUE(list.has("x"));
  EXPECT_FALSE(list.has("z"));
  EXPECT_EQ(list.get("z"), "");
}

TEST(Fields, SetReplacesAllOfThatName) {
  fields list{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  list.set("A", "4");
  EXPECT_THAT(list.all("a"), ElementsAre("4"));
  EXPECT_EQ(list.size(), 2U);
}

TEST(Response, HasAContentTypeWithoutParametersInLowerCase) {
  response answer;
  EXPECT_EQ(answer.content_type(), "");
  answer.headers.set("content-type", " Text/HTML ;charset=UTF-8");
  EXPECT_EQ(answer.content_type(), "text/html");
}

TEST(Bearer, IsSentOverTlsAndToTheLoopback) {
  test::loop loop;
  for (const auto* text : {"https://gw.example.com", "http://127.0.0.1:8998", "http://localhost"}) {
    auto auth = bearer_authentication(fixed_secret("s3cret"), false);
    request outgoing;
    outgoing.target = parse_url(text);
    loop.run(auth->prepare(outgoing));
    EXPECT_EQ(outgoing.headers.get("Authorization"), "Bearer s3cret") << text;
  }
}

TEST(Bearer, IsNotSentOverPlainHttpToAnotherMachine) {
  test::loop loop;
  auto auth = bearer_authentication(fixed_secret("s3cret"), false);
  request outgoing;
  outgoing.target = parse_url("http://gw.example.com:8998");
  const auto reason = test::failure_of([&] { loop.run(auth->prepare(outgoing)); });
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
  EXPECT_THAT(reason.message(), HasSubstr("gw.example.com:8998"));
  EXPECT_THAT(reason.message(), Not(HasSubstr("s3cret")));
  EXPECT_FALSE(outgoing.headers.has("Authorization"));
}

}  // namespace
}  // namespace livyd::http
