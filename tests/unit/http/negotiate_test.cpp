// SPNEGO without a network: servers as functions, tickets out of thin air, a client that does with
// cookies what the real one does. What is counted are the tokens that a server sees.
#include "http/auth/negotiate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "base/text.hpp"
#include "loop.hpp"

namespace livyd::http {
namespace {

using test::failure_of;
using testing::HasSubstr;
using testing::StartsWith;

class hand_clock final : public clock {
 public:
  time_point now() const override { return now_; }
  std::int64_t wall_milliseconds() const override { return wall; }
  task<void> sleep_for(duration /*span*/) override { co_return; }
  void advance(duration span) { now_ += span; }

  std::int64_t wall = 1'795'262'400'000;  // Sat, 21 Nov 2026 12:00:00 GMT

 private:
  time_point now_{};
};

/// The server's word is good when it is "proof-of-" and the token.
class paper_context final : public security_context {
 public:
  explicit paper_context(std::string token) : token_(std::move(token)) {}
  const std::string& token() const override { return token_; }
  task<void> finish(std::string answer) override {
    if (answer == concat("proof-of-", token_)) co_return;
    throw failure(failure_kind::unauthorized, "The server did not prove itself.");
  }

 private:
  std::string token_;
};

class paper_tickets final : public kerberos {
 public:
  task<std::unique_ptr<security_context>> begin(std::string host) override {
    if (!problem.empty()) throw failure(failure_kind::unauthorized, problem);
    co_return std::make_unique<paper_context>(concat("token-", ++count, "-for-", host));
  }
  task<std::optional<ticket>> find_ticket() override { co_return std::nullopt; }
  std::string service_for(const std::string& host) const override { return concat("HTTP@", host); }

  std::string problem;
  int count = 0;
};

response answer_of(int status, fields headers = {}, std::string reason = {}) {
  response out;
  out.status = status;
  out.reason = std::move(reason);
  out.headers = std::move(headers);
  return out;
}

response challenge() {
  return answer_of(401, {{"WWW-Authenticate", "Negotiate"}, {"Set-Cookie", "hadoop.auth="}});
}

bool has_token(const request& heard) {
  return heard.headers.get("Authorization").starts_with("Negotiate ");
}

/// hadoop-auth, with a secret of its own for every route as Knox has it.
class hadoop_server {
 public:
  response answer(const request& heard) {
    if (has_token(heard)) {
      const std::string token(heard.headers.get("Authorization"));
      ++tokens[heard.route];
      if (!seen_.insert(token).second) {
        return answer_of(403, {{"Set-Cookie", "hadoop.auth="}},
                         "GSSException: Failure unspecified at GSS-API level (Mechanism level: "
                         "Request is a replay (34))");
      }
      auto out = answer_of(200);
      if (gives_cookies) out.headers.add("Set-Cookie", cookie(heard.route, ++number_));
      return out;
    }
    const auto shown = heard.headers.get("Cookie");
    if (!shown.empty() && shown == cookie(heard.route, number_) && takes_cookies) {
      return answer_of(200);
    }
    ++refused;
    return challenge();
  }

  void restart() { number_ += 1000; }

  bool gives_cookies = true;
  bool takes_cookies = true;
  int refused = 0;
  std::map<std::string, int> tokens;

 private:
  static std::string cookie(const std::string& route, int number) {
    return concat("hadoop.auth=\"", route, number, "\"");
  }
  std::set<std::string> seen_;
  int number_ = 0;
};

class Negotiate : public testing::Test {
 protected:
  using server = std::function<response(const request&)>;

  void make(mutual_authentication mutual = mutual_authentication::off,
            bool allow_insecure = false) {
    auth_ = negotiate_authentication(tickets_, mutual, allow_insecure, time_);
  }

  static request to(const std::string& route, const std::string& origin = "https://gw.a.test") {
    request outgoing;
    outgoing.target = parse_url(concat(origin, route, "/sessions"));
    outgoing.route = route;
    return outgoing;
  }

  /// As client.cpp does it, without the wire.
  task<response> exchange(request outgoing, server peer) {
    const auto own = outgoing.headers;
    for (int attempt = 1;; ++attempt) {
      outgoing.headers = own;
      add_cookie(outgoing);
      const auto own_turn = co_await auth_->wait_for_turn(outgoing);
      if (own_turn.waited) add_cookie(outgoing);
      co_await auth_->prepare(outgoing);
      ++sent_;
      co_await asio::post(asio::use_awaitable);  // others begin meanwhile
      const auto answer = peer(outgoing);
      const auto field = answer.headers.get("Set-Cookie");
      if (!field.empty()) jar_[outgoing.route] = field.ends_with('=') ? "" : std::string(field);
      const auto found = co_await auth_->judge(outgoing, answer);
      if (found == verdict::again_without_cookies) jar_.erase(outgoing.route);
      if (found == verdict::final || attempt == 3) co_return answer;
    }
  }

  void add_cookie(request& outgoing) {
    const auto cookie = jar_[outgoing.route];
    if (!cookie.empty()) outgoing.headers.set("Cookie", cookie);
  }

  /// So many exchanges at once; all must be let in.
  task<void> at_once(int count) {
    auto executor = co_await asio::this_coro::executor;
    notification ended(executor);
    int left = count;
    for (int n = 0; n < count; ++n) {
      asio::co_spawn(executor, exchange(to("/livy"), hadoop()),
                     [&](std::exception_ptr error, const response& answer) {
                       EXPECT_FALSE(error);
                       EXPECT_EQ(answer.status, 200);
                       --left;
                       ended.notify_all();
                     });
    }
    while (left > 0) co_await ended.wait();
  }

  int status(request outgoing, server peer) {
    return loop_.run(exchange(std::move(outgoing), std::move(peer))).status;
  }
  int status(request outgoing) { return status(std::move(outgoing), hadoop()); }

  failure refused(request outgoing, server peer) {
    return failure_of([&] { status(std::move(outgoing), std::move(peer)); });
  }

  server hadoop() {
    return [this](const request& heard) { return hadoop_.answer(heard); };
  }

  test::loop loop_;
  std::shared_ptr<hand_clock> time_ = std::make_shared<hand_clock>();
  std::shared_ptr<paper_tickets> tickets_ = std::make_shared<paper_tickets>();
  std::unique_ptr<authentication> auth_ =
      negotiate_authentication(tickets_, mutual_authentication::off, false, time_);
  std::map<std::string, std::string> jar_;
  hadoop_server hadoop_;
  int sent_ = 0;
};

TEST_F(Negotiate, CostsAThousandRequestsOneToken) {
  for (int n = 0; n < 1000; ++n) ASSERT_EQ(status(to("/livy")), 200);
  EXPECT_EQ(hadoop_.tokens["/livy"], 1);
  EXPECT_EQ(sent_, 1000);
}

TEST_F(Negotiate, CostsOneTokenForEachRouteWithASecretOfItsOwn) {
  hadoop_server knox[2];
  for (int n = 0; n < 100; ++n) {
    ASSERT_EQ(status(to("/livy"), [&](const request& r) { return knox[0].answer(r); }), 200);
    ASSERT_EQ(status(to("/webhdfs"), [&](const request& r) { return knox[1].answer(r); }), 200);
  }
  EXPECT_EQ(knox[0].tokens["/livy"], 1);
  EXPECT_EQ(knox[1].tokens["/webhdfs"], 1);
}

TEST_F(Negotiate, CostsOneTokenAlsoWhenManyBeginAtOnce) {
  loop_.run(at_once(5));
  EXPECT_EQ(hadoop_.tokens["/livy"], 1);
  hadoop_.restart();
  loop_.run(at_once(5));
  EXPECT_EQ(hadoop_.tokens["/livy"], 2);
}

TEST_F(Negotiate, SendsATokenEachTimeWhereThereAreNoCookies) {
  hadoop_.gives_cookies = false;
  for (int n = 0; n < 10; ++n) ASSERT_EQ(status(to("/livy")), 200);
  EXPECT_EQ(sent_, 10);
  EXPECT_EQ(hadoop_.tokens["/livy"], 10);
}

TEST_F(Negotiate, GivesCookiesUpThatAreNeverTaken) {
  hadoop_.takes_cookies = false;
  for (int n = 0; n < 20; ++n) ASSERT_EQ(status(to("/livy")), 200);
  EXPECT_EQ(hadoop_.refused, 3);
  EXPECT_EQ(sent_, 23);
}

TEST_F(Negotiate, DropsACookieThatIsRefusedAndGoesOn) {
  for (int restarts = 1; restarts <= 10; ++restarts) {
    ASSERT_EQ(status(to("/livy")), 200);
    ASSERT_EQ(status(to("/livy")), 200);
    hadoop_.restart();
    ASSERT_EQ(status(to("/livy")), 200);
    EXPECT_EQ(hadoop_.refused, restarts);
  }
  EXPECT_EQ(hadoop_.tokens["/livy"], 11);
}

TEST_F(Negotiate, KeepsTheCookieThatSomebodyElseGotMeanwhile) {
  status(to("/livy"));
  auto old = to("/livy");
  old.headers.set("Cookie", "hadoop.auth=\"old\"");
  EXPECT_EQ(loop_.run(auth_->judge(old, challenge())), verdict::again_without_cookies);
  EXPECT_EQ(loop_.run(auth_->judge(old, challenge())), verdict::again);
}

TEST_F(Negotiate, SendsATokenBesideTheCookieWhereTheBodyCannotBeSentTwice) {
  status(to("/webhdfs"));
  auto upload = to("/webhdfs");
  upload.always_prove = true;
  EXPECT_EQ(status(upload), 200);
  EXPECT_EQ(hadoop_.tokens["/webhdfs"], 2);
}

TEST_F(Negotiate, LetsAGoodCookieDoWhenTheTicketIsGone) {
  status(to("/webhdfs"));
  tickets_->problem = "There is no Kerberos ticket. Run kinit.";
  EXPECT_EQ(status(to("/webhdfs")), 200);
  auto upload = to("/webhdfs");
  upload.always_prove = true;
  EXPECT_EQ(status(upload), 200);
  hadoop_.restart();
  EXPECT_EQ(refused(to("/webhdfs"), hadoop()).message(), tickets_->problem);
}

TEST_F(Negotiate, ResumesWithTheNewTicket) {
  tickets_->problem = "Your Kerberos ticket expired. Run kinit.";
  EXPECT_EQ(refused(to("/livy"), hadoop()).message(), tickets_->problem);
  tickets_->problem.clear();
  EXPECT_EQ(status(to("/livy")), 200);
}

TEST_F(Negotiate, SettlesAfterConcurrentFirstRequests) {
  std::deque<test::started<response>> first;
  for (int n = 0; n < 4; ++n) first.emplace_back(loop_, exchange(to("/livy"), hadoop()));
  for (auto& one : first) EXPECT_EQ(one.result().status, 200);
  const auto spent = hadoop_.tokens["/livy"];
  EXPECT_LE(spent, 4);
  for (int n = 0; n < 100; ++n) ASSERT_EQ(status(to("/livy")), 200);
  EXPECT_EQ(hadoop_.tokens["/livy"], spent);
}

TEST_F(Negotiate, IsNotSentOverPlainHttpToAnotherMachine) {
  const auto thrown = refused(to("/livy", "http://gw.a.test:8999"), hadoop());
  EXPECT_EQ(thrown.kind(), failure_kind::invalid_input);
  EXPECT_EQ(tickets_->count, 0);
  EXPECT_EQ(status(to("/livy", "http://localhost:8999")), 200);
  make(mutual_authentication::off, true);
  EXPECT_EQ(status(to("/livy", "http://gw.a.test:8999")), 200);
}

// ------------------------------------------------------------------ mutual authentication

struct proof {
  mutual_authentication wanted;
  std::string_view said;  ///< by the server: "" for nothing
  bool good;
};

class MutualAuthentication : public Negotiate, public testing::WithParamInterface<proof> {};

TEST_P(MutualAuthentication, IsAsStrictAsTheProfile) {
  const auto& given = GetParam();
  make(given.wanted);
  const auto peer = [&](const request& heard) {
    auto answer = answer_of(200);
    if (!given.said.empty()) {
      const auto token = heard.headers.get("Authorization").substr(10);
      answer.headers.add("WWW-Authenticate", concat("negotiate ", given.said, token));
    }
    return answer;
  };
  if (given.good) {
    EXPECT_EQ(status(to("/livy"), peer), 200);
  } else {
    EXPECT_EQ(refused(to("/livy"), peer).kind(), failure_kind::unauthorized);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, MutualAuthentication,
                         testing::Values(proof{mutual_authentication::off, "", true},
                                         proof{mutual_authentication::off, "lie-", true},
                                         proof{mutual_authentication::optional, "", true},
                                         proof{mutual_authentication::optional, "proof-of-", true},
                                         proof{mutual_authentication::optional, "lie-", false},
                                         proof{mutual_authentication::required, "", false},
                                         proof{mutual_authentication::required, "proof-of-", true},
                                         proof{mutual_authentication::required, "lie-", false}));

TEST_F(Negotiate, TrustsNoCookieOfAServerThatDidNotProveItself) {
  make(mutual_authentication::required);
  const auto peer = [](const request& heard) {
    return answer_of(has_token(heard) ? 200 : 204, {{"Set-Cookie", "hadoop.auth=\"x\""}});
  };
  EXPECT_THAT(refused(to("/livy"), peer).message(), HasSubstr("did not prove who it is"));
  time_->advance(6s);
  EXPECT_EQ(refused(to("/livy"), peer).kind(), failure_kind::unauthorized);
}

// ------------------------------------------------------------------ refusals

struct refusal {
  std::string_view name;
  int status;
  fields headers;
  std::string_view reason;
  std::string_view body;
  std::string_view sentence;  ///< after "gw.a.test:443 "; "" when the answer is the caller's
};

const refusal refusals[] = {
    {"KnoxToldByTheBackEnd",
     401,
     {},
     "Unauthorized",
     "",
     "took the Kerberos token, but a server behind it refused the gateway itself. That is not your "
     "ticket: tell the gateway's administrator."},
    {"OtherMechanisms",
     401,
     {{"WWW-Authenticate", "Basic realm=\"a\""}, {"WWW-Authenticate", "Bearer"}},
     "Unauthorized",
     "",
     "does not take Kerberos. It takes Basic and Bearer. Set \"auth\" in the profile."},
    {"WithoutReason",
     401,
     {{"WWW-Authenticate", "Negotiate"}},
     "Unauthorized",
     "<html><title>401 Unauthorized</title>",
     "refused the Kerberos token for HTTP@gw.a.test. Its keytab may be old or made for another "
     "name: tell its administrator, or name its service (\"HTTP@name\") in the profile."},
    {"Replay",
     403,
     {{"Content-Type", "text/html"}},
     "GSSException: Failure unspecified at GSS-API level (Mechanism level: Request is a replay "
     "(34))",
     "",
     "refused the Kerberos token: it takes it for a copy of an earlier one (Request is a replay "
     "(34)). Try again."},
    {"SkewWithTheirClock",
     403,
     {{"Date", "Sat, 21 Nov 2026 11:53:00 GMT"}},
     "GSSException: Failure unspecified at GSS-API level (Mechanism level: Clock skew too great "
     "(37))",
     "",
     "refused the Kerberos token: clock skew too great. This machine's clock is 7 min ahead of the "
     "server's. Set the one that is wrong."},
    {"SkewBehindInThePage",
     403,
     {{"Date", "Sat, 21 Nov 2026 12:10:30 GMT"}, {"Content-Type", "text/html;charset=utf-8"}},
     "Forbidden",
     "<html><head><title>Error 403 GSSException: Failure unspecified at GSS-API level (Mechanism "
     "level: Clock skew too great (37))</title>",
     "refused the Kerberos token: clock skew too great. This machine's clock is 10 min behind the "
     "server's. Set the one that is wrong."},
    {"SkewWithoutTheirClock",
     403,
     {},
     "GSSException: Clock skew too great (37)",
     "",
     "refused the Kerberos token: clock skew too great. Compare this machine's clock with the "
     "server's."},
    {"WrongService",
     403,
     {},
     "GSSException: No valid credentials provided (Mechanism level: Failed to find any Kerberos "
     "credentials)",
     "",
     "refused the Kerberos token: it has no fitting key for HTTP@gw.a.test (Failed to find any "
     "Kerberos credentials). Name its service (\"HTTP@name\") in the profile, or tell its "
     "administrator."},
    {"Garbage",
     403,
     {},
     "java.lang.IllegalArgumentException: newLimit > capacity: (112 > 9)",
     "",
     "refused the Kerberos token: it could not read it (newLimit > capacity: (112 > 9)). Something "
     "on the way may have cut it: tell the server's administrator."},
    {"UnknownWords",
     403,
     {{"Set-Cookie", "hadoop.auth=; HttpOnly"}},
     "Something new & odd",
     "",
     "refused the Kerberos token: Something new & odd. Tell the server's administrator."},
    {"NoWordsButTheCookieIsTakenBack",
     403,
     {{"Set-Cookie", "hadoop.auth=; HttpOnly"}},
     "",
     "",
     "refused the Kerberos token: it does not say why. Tell the server's administrator."},
    {"PermissionAsJson",
     403,
     {{"Content-Type", "application/json"}},
     "Forbidden",
     R"({"msg":"User 'alice' not allowed to impersonate 'Some(bob)'."})",
     ""},
    {"PermissionAsPage",
     403,
     {{"Content-Type", "text/html"}},
     "Forbidden",
     "<html><title>403 Forbidden</title>You don't have permission",
     ""},
    {"PermissionWithoutWords", 403, {}, "", "", ""},
};

class RefusedToken : public Negotiate, public testing::WithParamInterface<refusal> {};

TEST_P(RefusedToken, IsExplainedAndNotSentAgain) {
  const auto& given = GetParam();
  const auto peer = [&given](const request&) {
    auto answer = answer_of(given.status, given.headers, std::string(given.reason));
    answer.body = given.body;
    return answer;
  };
  if (given.sentence.empty()) {
    EXPECT_EQ(status(to("/livy"), peer), given.status);
  } else {
    const auto thrown = refused(to("/livy"), peer);
    EXPECT_EQ(thrown.kind(), failure_kind::unauthorized);
    EXPECT_EQ(thrown.message(), concat("gw.a.test:443 ", given.sentence));
  }
  EXPECT_EQ(sent_, 1);
}

INSTANTIATE_TEST_SUITE_P(Each, RefusedToken, testing::ValuesIn(refusals),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_F(Negotiate, LeavesARouteAloneForAWhileAfterARefusal) {
  const auto peer = [](const request&) { return answer_of(403, {}, "GSSException: no"); };
  const auto first = refused(to("/livy"), peer);
  time_->advance(4900ms);
  EXPECT_EQ(refused(to("/livy"), peer).message(), first.message());
  EXPECT_EQ(sent_, 1);
  EXPECT_EQ(tickets_->count, 1);
  time_->advance(200ms);
  EXPECT_EQ(status(to("/livy")), 200);
  EXPECT_EQ(status(to("/livy")), 200);
}

TEST_F(Negotiate, AsksAnotherRouteMeanwhile) {
  refused(to("/livy"), [](const request&) { return answer_of(403, {}, "GSSException: no"); });
  EXPECT_EQ(status(to("/webhdfs")), 200);
}

TEST_F(Negotiate, EndsAtTheRefusalThatFollowsARefusedCookie) {
  status(to("/livy"));
  EXPECT_THAT(refused(to("/livy"), [](const request&) { return challenge(); }).message(),
              StartsWith("gw.a.test:443 refused the Kerberos token"));
  EXPECT_EQ(sent_, 3);  // the first, the cookie, the token
}

TEST_F(Negotiate, ForgetsHandshakesWhoseAnswersNeverCame) {
  make(mutual_authentication::required);
  for (int n = 0; n < 200; ++n) {
    auto lost = to("/livy");
    loop_.run(auth_->prepare(lost));
  }
  const auto peer = [](const request& heard) {
    return answer_of(
        200, {{"WWW-Authenticate",
               concat("Negotiate proof-of-", heard.headers.get("Authorization").substr(10))}});
  };
  EXPECT_EQ(status(to("/livy"), peer), 200);
}

}  // namespace
}  // namespace livyd::http
