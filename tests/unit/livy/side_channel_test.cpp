// An expression goes out as a job, its looks follow the expected wait, and what is lost is said.
#include "livy/side_channel.hpp"

#include "jobs.hpp"
#include "livy_server.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

constexpr auto forgotten =
    R"json("java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: java.util.NoSuchElementException: 22d20f32-83ec-43f1-a2a1-0566ff52175c\n\tat org.apache.livy.rsc.driver.RSCDriver.handle(RSCDriver.java:474)")json";

http::server_response job(std::string_view state, json result = nullptr, json error = nullptr) {
  return says(200, test::job_text(state, std::move(result), std::move(error)));
}

http::server_response succeeds_with(std::string_view value) {
  return says(200, test::finished_job(value));
}

/// A server that takes a job and answers the looks at it one after the other, the last for ever.
class scripted_jobs {
 public:
  explicit scripted_jobs(std::vector<http::server_response> looks)
      : looks_(test::in_turn(std::move(looks), looked)) {
    server.answer = [this](const http::server_request& request) {
      return request.verb == "POST" ? taken : looks_(request);
    };
  }

  std::string evaluate(duration expected = {}, duration deadline = 60s) {
    return server.loop.run(channel.evaluate("1", expected, deadline));
  }
  failure failure_of_it(duration expected = {}, duration deadline = 60s) {
    return failure_of([&] { evaluate(expected, deadline); });
  }

  livy_server server;
  test::turned_clock time;
  side_channel channel{*server.livy, time, "5"};
  http::server_response taken = says(201, R"({"id":3,"state":"SENT","result":null,"error":null})");
  std::size_t looked = 0;

 private:
  livy_server::handler looks_;
};

TEST(SideChannel, SendsTheExpressionAsAJobAndLooksAtOnce) {
  scripted_jobs jobs({succeeds_with("hé\n")});
  EXPECT_EQ(jobs.evaluate(), "hé\n");
  ASSERT_EQ(jobs.server.asked.size(), 2U);
  EXPECT_EQ(jobs.server.asked[0].target, "/sessions/5/submit-job");
  const auto body = json::parse(jobs.server.asked[0].body);
  EXPECT_EQ(body, json({{"job", base64_encoded(pickled_function("1"))}, {"jobType", "pyspark"}}));
  EXPECT_EQ(jobs.server.asked[1].verb, "GET");
  EXPECT_EQ(jobs.server.asked[1].target, "/sessions/5/jobs/3");
  EXPECT_EQ(jobs.time.passed(), 0s);
}

TEST(SideChannel, ReadsWhatARealLivyAnswered) {
  scripted_jobs jobs({job("SUCCEEDED", "Z0FXVkNBQUFBQUFBQUFDTUJEVUtOZ3FVTGc9PQ==")});
  EXPECT_EQ(jobs.evaluate(), "5\n6\n");
}

TEST(SideChannel, LooksAgainUntilTheJobHasEnded) {
  scripted_jobs jobs({job("SENT"), job("QUEUED"), job("STARTED"), succeeds_with("x")});
  EXPECT_EQ(jobs.evaluate(), "x");
  EXPECT_THAT(jobs.time.slept, testing::ElementsAre(5ms, 5ms, 5ms));
}

TEST(SideChannel, LooksCalmlyWhileTheExpressionItselfWaits) {
  scripted_jobs jobs({job("STARTED")});
  const auto reason = jobs.failure_of_it(5s, 6s);
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_LE(jobs.looked, 40U + 50U) << "six a second, and closely when the answer is due";
  EXPECT_EQ(jobs.time.passed(), 6s);
}

struct wait_case {
  duration elapsed;
  duration expected;
  duration wait;
  duration quiet{};
};

TEST(SideChannel, WaitsLongerTheLaterTheAnswerIs) {
  const wait_case cases[] = {
      {0s, 0s, 5ms},          {99ms, 0s, 5ms},       {100ms, 0s, 20ms},     {999ms, 0s, 20ms},
      {1s, 0s, 100ms},        {10s, 0s, 300ms},      {0s, 5s, 15ms},        {30ms, 5s, 15ms},
      {300ms, 5s, 100ms},     {1s, 5s, 200ms},       {4999ms, 5s, 200ms},   {5s, 5s, 20ms},
      {5100ms, 5s, 20ms},     {6s, 5s, 100ms},       {15s, 5s, 300ms},      {0s, 5s, 15ms, 1h},
      {15ms, 5s, 20ms, 45ms}, {15ms, 5s, 200ms, 1h}, {200ms, 0s, 20ms, 1h},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(job_wait(one.elapsed, one.expected, one.quiet), one.wait);
  }
}

TEST(SideChannel, SaysWhatTheExpressionRaised) {
  scripted_jobs jobs({job("FAILED", nullptr,
                          "org.apache.livy.repl.PythonJobException: Client job error:\n"
                          "Traceback (most recent call last):\n  File \"<string>\", line 1\n"
                          "ZeroDivisionError: division by zero\n\n\tat org.apache.livy.X.y(Z:1)\n"
                          "Caused by: java.lang.Error\n")});
  const auto reason = jobs.failure_of_it();
  EXPECT_EQ(reason.kind(), failure_kind::unsupported);
  EXPECT_EQ(reason.message(),
            "The session's Python could not answer: ZeroDivisionError: division by zero");
  EXPECT_THAT(reason.detail(), HasSubstr("Traceback"));
}

TEST(SideChannel, SaysThatAJobFailedWithoutWords) {
  for (const auto* state : {"FAILED", "CANCELLED"}) {
    scripted_jobs jobs({job(state)});
    EXPECT_EQ(jobs.failure_of_it().message(), "The session's Python could not answer.");
  }
}

TEST(SideChannel, RefusesAValueThatIsNoText) {
  for (const auto* result : {"", "!", "gAU=", "Z0FWTkxnPT0="}) {
    scripted_jobs jobs({job("SUCCEEDED", result)});
    EXPECT_EQ(jobs.failure_of_it().kind(), failure_kind::unsupported) << result;
  }
}

TEST(SideChannel, SaysThatAnAnswerWasLost) {
  for (const auto* body : {forgotten, R"("java.util.NoSuchElementException: key not found: 3")"}) {
    scripted_jobs jobs({job("STARTED"), says(500, body)});
    EXPECT_EQ(jobs.failure_of_it().kind(), failure_kind::connection_lost);
    EXPECT_EQ(jobs.looked, 2U);
  }
}

TEST(SideChannel, SurvivesAHoleBetweenTheLooks) {
  scripted_jobs jobs({shows_page(502, "<title>Bad Gateway</title>"),
                      shows_page(200, "<title>Sign in</title>"), says(503, ""),
                      succeeds_with("x")});
  EXPECT_EQ(jobs.evaluate(), "x");
}

TEST(SideChannel, SurvivesAServerThatIsAwayForAWhile) {
  scripted_jobs jobs({job("STARTED"), succeeds_with("x")});
  int sleeps = 0;
  jobs.time.on_sleep = [&] {
    if (++sleeps == 1) jobs.server.stop();
    if (sleeps == 5) jobs.server.start_again();
  };
  EXPECT_EQ(jobs.evaluate(), "x");
  EXPECT_GE(sleeps, 5);
}

TEST(SideChannel, SaysWhyTheLooksFailedWhenTimeIsUp) {
  scripted_jobs jobs({shows_page(502, "<title>Bad Gateway</title>")});
  EXPECT_EQ(jobs.failure_of_it(0s, 10s).kind(), failure_kind::server_error);
  EXPECT_EQ(jobs.time.passed(), 10s);
}

TEST(SideChannel, HasADeadlineAlsoForASilentServer) {
  scripted_jobs jobs({job("STARTED")});
  jobs.server.silent = true;
  const auto reason = jobs.failure_of_it(0s, 50ms);
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_THAT(reason.message(), HasSubstr("did not answer in time"));
}

TEST(SideChannel, CanBeCancelledInEveryStep) {
  scripted_jobs jobs({job("STARTED")});
  jobs.server.silent = true;
  test::started<std::string> posting(jobs.server.loop, jobs.channel.evaluate("1", 0s, 60s));
  jobs.server.loop.until([&] { return jobs.server.asked.size() == 1; });
  posting.cancel();
  EXPECT_EQ(failure_of([&] { posting.result(); }).kind(), failure_kind::cancelled);
  jobs.server.silent = false;
  test::started<std::string> looking(jobs.server.loop, jobs.channel.evaluate("1", 0s, 24h));
  jobs.server.loop.until([&] { return jobs.looked > 2; });
  looking.cancel();
  EXPECT_EQ(failure_of([&] { looking.result(); }).kind(), failure_kind::cancelled);
}

struct refusal_case {
  http::server_response answer;
  failure_kind kind;
};

TEST(SideChannel, SaysWhyAJobIsNotTaken) {
  const refusal_case cases[] = {
      {shows_page(404, ""), failure_kind::unsupported},
      {shows_page(404, "<title>No such topology</title>"), failure_kind::not_livy},
      {says(404, R"({"msg":"Session '5' not found."})"), failure_kind::session_lost},
      {shows_page(403, "<title>Forbidden</title>"), failure_kind::unsupported},
      {shows_page(405, ""), failure_kind::unsupported},
      {says(501, R"({"msg":"no"})"), failure_kind::unsupported},
      {says(400, R"({"msg":"requirement failed: Session isn't active."})"),
       failure_kind::session_lost},
      {says(500, R"("java.lang.IllegalStateException: RPC channel is closed.")"),
       failure_kind::session_lost},
      {says(500, R"("java.lang.IllegalStateException: Session is in state starting")"),
       failure_kind::rejected},
      {says(500, R"("java.lang.IllegalStateException: Session is in state dead")"),
       failure_kind::session_lost},
      {says(502, ""), failure_kind::server_error},
      {says(401, ""), failure_kind::unauthorized},
      {says(201, R"({"hello":"world"})"), failure_kind::not_livy},
      {says(201, R"({"id":"x","state":"SENT"})"), failure_kind::not_livy},
      {says(201, "[]"), failure_kind::not_livy},
  };
  for (const auto& one : cases) {
    scripted_jobs jobs({job("STARTED")});
    jobs.taken = one.answer;
    EXPECT_EQ(jobs.failure_of_it().kind(), one.kind) << one.answer.status << one.answer.body;
    EXPECT_EQ(jobs.looked, 0U);
    EXPECT_EQ(jobs.server.asked.size(), 1U);
  }
}

TEST(SideChannel, SaysThatTheSessionDiedBetweenTheLooks) {
  scripted_jobs jobs(
      {job("STARTED"), says(400, R"({"msg":"requirement failed: Session isn't active."})")});
  EXPECT_EQ(jobs.failure_of_it().kind(), failure_kind::session_lost);
}

}  // namespace
}  // namespace livyd::livy
