// What the client does beside one plain exchange: cookies, headers of its own, redirects, and
// bodies that wait for permission.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "http/redirect.hpp"
#include "raw_server.hpp"

namespace livyd::http {
namespace {

using test::failure_of;
using test::raw_server;
using test::tcp;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr auto fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string with_head(std::string_view status, std::string_view fields) {
  return concat("HTTP/1.1 ", status, "\r\n", fields, "Content-Length: 0\r\n\r\n");
}

class Way : public testing::Test {
 protected:
  client make(client_settings settings = {},
              std::unique_ptr<authentication> auth = no_authentication()) {
    return client(loop_.io.get_executor(), std::move(settings), std::move(auth));
  }

  static request post(url target, std::string body) {
    request outgoing;
    outgoing.verb = method::post;
    outgoing.target = std::move(target);
    outgoing.content_type = "application/json";
    outgoing.body = std::move(body);
    return outgoing;
  }

  static request get(url target) {
    request outgoing;
    outgoing.target = std::move(target);
    return outgoing;
  }

  /// The answers in order, the last one for ever; keeps what it heard.
  raw_server::script answers(std::vector<std::string> texts) {
    return [this, texts](tcp::socket& peer, int) -> task<void> {
      while (true) {
        auto request = co_await test::hear(peer);
        if (request.empty()) co_return;
        heard_.push_back(std::move(request));
        co_await test::say(peer, texts[std::min(heard_.size(), texts.size()) - 1]);
      }
    };
  }

  test::loop loop_;
  std::vector<std::string> heard_;
};

TEST_F(Way, SendsBackTheCookiesOfTheRoute) {
  raw_server server(loop_,
                    answers({with_head("200 OK", "Set-Cookie: k=\"v\"; HttpOnly\r\n"), fine}));
  auto client = make();
  for (const auto* route : {"/livy", "/livy", "/webhdfs"}) {
    auto outgoing = get(server.at("/x"));
    outgoing.route = route;
    loop_.run(client.send(outgoing));
  }
  client.forget_cookies();
  auto outgoing = get(server.at("/x"));
  outgoing.route = "/livy";
  loop_.run(client.send(outgoing));
  ASSERT_EQ(heard_.size(), 4U);
  EXPECT_THAT(heard_[0], Not(HasSubstr("Cookie")));
  EXPECT_THAT(heard_[1], HasSubstr("Cookie: k=\"v\"\r\n"));
  EXPECT_THAT(heard_[2], Not(HasSubstr("Cookie")));
  EXPECT_THAT(heard_[3], Not(HasSubstr("Cookie")));
}

TEST_F(Way, DropsTheCookieOfAnAnswerThatWasOnItsWayWhenTheCredentialsChanged) {
  raw_server server(loop_, answers({with_head("200 OK", "Set-Cookie: k=alice\r\n"), fine}));
  auto client = make();
  client.on_exchange([&](const exchange&) {
    if (heard_.size() == 1) client.forget_cookies();
  });
  for (int at = 0; at < 2; ++at) loop_.run(client.send(get(server.at("/x"))));
  EXPECT_THAT(heard_[1], Not(HasSubstr("Cookie")));
}

class drops_cookies final : public authentication {
 public:
  task<void> prepare(request& outgoing) override {
    if (!outgoing.headers.has("Cookie")) outgoing.headers.set("Authorization", "Proof");
    co_return;
  }
  task<verdict> judge(const request& /*sent*/, const response& answer) override {
    co_return answer.status == 401 ? verdict::again_without_cookies : verdict::final;
  }
};

TEST_F(Way, ForgetsCookiesThatWereRefusedAndTakesTheNextOnes) {
  raw_server server(loop_, answers({with_head("200 OK", "Set-Cookie: k=old\r\n"),
                                    with_head("401 Unauthorized", "Set-Cookie: hint=1\r\n"),
                                    with_head("200 OK", "Set-Cookie: k=new\r\n"), fine}));
  auto client = make({}, std::make_unique<drops_cookies>());
  for (int at = 0; at < 3; ++at) loop_.run(client.send(get(server.at("/x"))));
  ASSERT_EQ(heard_.size(), 4U);
  EXPECT_THAT(heard_[1], HasSubstr("Cookie: k=old\r\n"));
  EXPECT_THAT(heard_[2], HasSubstr("Authorization: Proof\r\n"));
  EXPECT_THAT(heard_[2], Not(HasSubstr("Cookie")));
  EXPECT_THAT(heard_[3], HasSubstr("Cookie: k=new\r\n"));
}

TEST_F(Way, AddsTheHeadersOfTheProfileUnlessTheRequestHasThem) {
  raw_server server(loop_, answers({fine}));
  auto client = make({.tls = {}, .headers = {{"X-Tenant", "blue"}, {"X-Both", "profile"}}});
  auto outgoing = get(server.at("/x"));
  outgoing.headers.add("x-both", "request");
  loop_.run(client.send(outgoing));
  EXPECT_THAT(heard_[0], HasSubstr("X-Tenant: blue\r\n"));
  EXPECT_THAT(heard_[0], HasSubstr("x-both: request\r\n"));
  EXPECT_THAT(heard_[0], Not(HasSubstr("profile")));
}

// Redirects.

TEST_F(Way, FollowsA307OnTheSameServerWithBodyAndCredentials) {
  raw_server server(
      loop_, answers({with_head("307 Temporary Redirect", "Location: /there?x=1\r\n"), fine}));
  auto client = make({}, bearer_authentication(fixed_secret("s3cret"), false));
  const auto answer = loop_.run(client.send(post(server.at("/here"), "{}")));
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_THAT(heard_[1], testing::StartsWith("POST /there?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(heard_[1], HasSubstr("Authorization: Bearer s3cret\r\n"));
  EXPECT_THAT(heard_[1], EndsWith("\r\n\r\n{}"));
}

TEST_F(Way, FollowsToAnotherHostOnlyWhenTheProfileAllowsIt) {
  raw_server active(loop_, answers({fine}));
  std::vector<std::string> asked;
  raw_server passive(loop_, [&](tcp::socket& peer, int) -> task<void> {
    const auto request = co_await test::hear(peer);
    if (request.empty()) co_return;
    asked.push_back(request);
    co_await test::say(
        peer, with_head("307 Temporary Redirect", concat("Location: ", active.at("/s").origin(),
                                                         "/s\r\n", "Connection: close\r\n")));
  });
  auto strict = make({}, bearer_authentication(fixed_secret("s3cret"), false));
  const auto reason = failure_of([&] { loop_.run(strict.send(post(passive.at("/s"), "{}"))); });
  EXPECT_EQ(reason.kind(), failure_kind::forbidden);
  EXPECT_THAT(reason.message(), HasSubstr(concat("Add \"", active.peer(), "\"")));
  EXPECT_TRUE(heard_.empty());

  auto allowed = make({.tls = {}, .redirect_hosts = {active.peer()}},
                      bearer_authentication(fixed_secret("s3cret"), false));
  loop_.run(allowed.send(post(passive.at("/s"), "{}")));
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_THAT(heard_[0], HasSubstr("Authorization: Bearer s3cret\r\n"));
}

TEST(Redirect, GoesOnlyWhereItMay) {
  struct row {
    std::string from, location, expected;  ///< the target, "" for none, else words of the refusal
    int status = 307;
  };
  const std::vector<row> rows{
      {"http://gw:8998/s?a=1", "/t?b=2", "http://gw:8998/t?b=2"},
      {"http://gw:8998/a/s", "t", "http://gw:8998/a/t"},
      {"http://gw:8998/s", "http://GW:8998/t", "http://gw:8998/t"},
      {"http://gw:8998/s", "/t", "http://gw:8998/t", 308},
      {"http://gw:8998/s", "/t", "", 302},
      {"http://gw:8998/s", "/t", "", 303},
      {"http://gw:8998/s", "/t", "", 200},
      {"http://gw:8998/s", "", ""},
      {"http://gw:8998/s", "ftp://gw/t", ""},
      {"http://gw:8998/s", "http://listed/t", "http://listed:80/t"},
      {"http://gw:8998/s", "https://listed:9/t", "https://listed:9/t"},
      {"http://gw:8998/s", "http://Ported:8998/t", "http://ported:8998/t"},
      {"http://gw:8998/s", "http://ported:8999/t",
       "gw:8998 sends us on to ported:8999, which the profile does not allow. Add \"ported:8999\" "
       "to \"redirectHosts\" if it is yours."},
      {"http://gw:8998/s", "//other/t", "Add \"other:80\""},
      {"http://gw:8998/s", "http://gw:8999/t", "Add \"gw:8999\""},
      {"http://gw:8998/s", "https://gw:8998/t", "Add \"gw:8998\""},
      {"https://gw/s", "http://listed/t",
       "gw:443 sends us on to listed:80 over http://, which is not followed from https://."},
      {"http://gw:8998/s", "http://u:s3cret@gw:8998/t", "holds a user name or a password"},
      {"http://gw:8998/s", "//u@listed/t", "holds a user name or a password"},
      {"http://gw:8998/s", "/t/@u", "http://gw:8998/t/@u"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.from + " to " + row.location);
    response answer;
    answer.status = row.status;
    answer.headers.add("Location", row.location);
    try {
      const auto to = redirect_target(parse_url(row.from), answer, {"listed", "PORTED:8998"});
      EXPECT_EQ(to ? to->origin() + to->target() : "", row.expected);
    } catch (const failure& reason) {
      EXPECT_EQ(reason.kind(), failure_kind::forbidden);
      EXPECT_THAT(reason.message(), HasSubstr(row.expected));
      EXPECT_FALSE(row.expected.empty());
      EXPECT_THAT(reason.message(), Not(HasSubstr("s3cret")));
    }
  }
}

TEST_F(Way, DoesNotFollowForEver) {
  raw_server server(loop_, answers({with_head("307 Temporary Redirect", "Location: /again\r\n")}));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(post(server.at("/x"), "{}"))).status, 307);
  EXPECT_EQ(heard_.size(), 4U);
}

TEST_F(Way, GivesARedirectToWhoWantsToSeeIt) {
  raw_server server(
      loop_,
      answers({with_head("307 Temporary Redirect", "Location: http://elsewhere.invalid/\r\n")}));
  auto client = make();
  auto outgoing = post(server.at("/x"), "");
  outgoing.follow_redirects = false;
  const auto answer = loop_.run(client.send(outgoing));
  EXPECT_EQ(answer.status, 307);
  EXPECT_EQ(answer.headers.get("Location"), "http://elsewhere.invalid/");
}

// Bodies that wait.

/// Hears a head, says something, hears the body, answers.
raw_server::script permitting(std::vector<std::string>& heard, std::string first,
                              std::size_t body_bytes) {
  return [&heard, first, body_bytes](tcp::socket& peer, int) -> task<void> {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      const auto more = co_await test::hear_some(peer);
      if (more.empty()) co_return;
      text += more;
    }
    EXPECT_TRUE(text.ends_with("\r\n\r\n")) << "the body did not wait";
    if (!first.empty()) co_await test::say(peer, first);
    const auto head = text.size();
    while (text.size() < head + body_bytes) {
      const auto more = co_await test::hear_some(peer);
      if (more.empty()) break;
      text += more;
    }
    heard.push_back(text);
    if (text.size() > head) co_await test::say(peer, fine);
  };
}

TEST_F(Way, SendsALongBodyWhenTheServerSaysContinue) {
  const std::string body(20'000, 'x');
  raw_server server(
      loop_, permitting(heard_, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
                        body.size()));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(post(server.at("/x"), body))).body, "ok");
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_THAT(heard_[0], HasSubstr("Expect: 100-continue\r\n"));
  EXPECT_TRUE(heard_[0].ends_with("\r\n\r\n" + body));
}

TEST_F(Way, SendsALongBodyToAServerThatDoesNotKnowExpectAndDoesNotAskItAgain) {
  const std::string body(20'000, 'x');
  raw_server server(loop_, [&](tcp::socket& peer, int connection) -> task<void> {
    if (connection == 0) co_return co_await permitting(heard_, "", body.size())(peer, connection);
    heard_.push_back(co_await test::hear(peer));
    co_await test::say(peer, fine);
  });
  auto client = make();
  loop_.run(client.send(post(server.at("/x"), body)));
  client.close_idle_connections();
  loop_.run(client.send(post(server.at("/x"), body)));
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_THAT(heard_[0], HasSubstr("Expect: 100-continue\r\n"));
  EXPECT_THAT(heard_[1], Not(HasSubstr("Expect")));
}

TEST_F(Way, KeepsTheBodyWhenTheServerRefusesTheHead) {
  raw_server server(loop_, permitting(heard_, with_head("401 Unauthorized", ""), 1));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(post(server.at("/x"), std::string(20'000, 'x')))).status, 401);
  EXPECT_EQ(client.idle_connections(), 0U);
  loop_.until([&] { return heard_.size() == 1; });
  EXPECT_TRUE(heard_[0].ends_with("\r\n\r\n"));
}

TEST_F(Way, SendsAgainWithoutExpectAfterA417) {
  const std::string body(20'000, 'x');
  raw_server server(loop_, [&](tcp::socket& peer, int connection) -> task<void> {
    if (connection == 0) {
      co_return co_await permitting(heard_, with_head("417 Expectation Failed", ""), 1)(peer, 0);
    }
    heard_.push_back(co_await test::hear(peer));
    co_await test::say(peer, fine);
  });
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(post(server.at("/x"), body))).body, "ok");
  loop_.until([&] { return heard_.size() == 2; });
}

TEST_F(Way, DoesNotAskForShortBodies) {
  raw_server server(loop_, answers({fine}));
  auto client = make();
  loop_.run(client.send(post(server.at("/x"), std::string(8 * 1024, 'x'))));
  EXPECT_THAT(heard_[0], Not(HasSubstr("Expect")));
}

}  // namespace
}  // namespace livyd::http
