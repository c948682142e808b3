// A session is watched until it is ready, and says why when it is not.
#include "livy/session.hpp"

#include "livy_server.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

class WaitUntilReady : public testing::Test {
 protected:
  /// What GET /sessions/5 answers, one after the other; the last one for ever.
  void sessions(std::vector<http::server_response> answers,
                http::server_response log = says(404, R"({"msg":"no log"})")) {
    server_.answer = [next = test::in_turn(std::move(answers), looks_),
                      log = std::move(log)](const auto& asked) {
      if (asked.path == "/sessions/5/log") return log;
      EXPECT_EQ(asked.path, "/sessions/5");
      return next(asked);
    };
  }

  session_view wait(std::string expected_name = {}) {
    session_progress progress = [this](const session_view& seen, std::string detail) -> task<void> {
      states_.push_back(seen.state);
      details_.push_back(std::move(detail));
      co_return;
    };
    return server_.loop.run(
        wait_until_ready(*server_.livy, clock_, "5", progress, std::move(expected_name)));
  }

  static http::server_response in_state(std::string state, std::vector<std::string> log = {}) {
    return says(200, json{{"id", 5}, {"name", "mine"}, {"state", state}, {"log", log}}.dump());
  }

  livy_server server_;
  test::turned_clock clock_;
  std::size_t looks_ = 0;
  std::vector<std::string> states_;
  std::vector<std::string> details_;
};

TEST_F(WaitUntilReady, ReturnsWhenTheSessionIsIdle) {
  sessions({in_state("not_started"), in_state("starting", {"26/11/21 03:49:26 INFO A: working"}),
            in_state("idle")});
  EXPECT_EQ(wait("mine").state, "idle");
  EXPECT_THAT(states_, testing::ElementsAre("not_started", "starting", "idle"));
  EXPECT_EQ(details_[1], "A: working");
  EXPECT_THAT(clock_.slept, testing::Each(testing::AllOf(testing::Ge(90ms), testing::Le(110ms))));
}

TEST_F(WaitUntilReady, TakesABusySession) {
  sessions({in_state("busy")});
  EXPECT_EQ(wait().state, "busy");
  EXPECT_EQ(server_.asked.size(), 1U);
}

TEST_F(WaitUntilReady, WaitsForMinutesAndLooksOnceASecond) {
  sessions(std::vector(600, in_state("starting", {"line"})));
  clock_.on_sleep = [this] {
    if (clock_.passed() > 5min) sessions({in_state("idle")});
  };
  wait();
  EXPECT_GT(clock_.passed(), 5min);
  EXPECT_LT(server_.asked.size(), 420U);
}

TEST_F(WaitUntilReady, TellsWhatYarnSays) {
  sessions({in_state("starting", {"26/11/21 03:49:26 INFO A: b", "\nYARN Diagnostics: ",
                                  "[x] Application is Activated, waiting for resources to be "
                                  "assigned for AM.  Details : y"}),
            in_state("idle")});
  wait();
  EXPECT_THAT(details_[0], HasSubstr("the YARN queue has no room"));
}

TEST_F(WaitUntilReady, ReadsTheLogWhereTheSessionShowsNone) {
  sessions({in_state("starting"), in_state("starting"), in_state("idle")},
           says(200, R"({"from":0,"total":1,"log":["26/11/21 03:49:26 INFO Client: Uploading"]})"));
  wait();
  EXPECT_THAT(details_, testing::ElementsAre("Client: Uploading", "Client: Uploading", ""));
  EXPECT_EQ(server_.asked.size(), 4U) << "the log is read every two seconds at most";
}

TEST_F(WaitUntilReady, TellsWhyASessionDied) {
  for (const auto* state : {"dead", "error", "killed", "shutting_down", "success"}) {
    sessions({in_state(state, {"last line"})},
             says(200, json{{"from", 0},
                            {"total", 3},
                            {"log",
                             {"stdout: ", "Error occurred during initialization of VM",
                              "Too small maximum heap"}}}
                           .dump()));
    const auto reason = failure_of([&] { wait(); });
    EXPECT_EQ(reason.kind(), failure_kind::session_failed);
    EXPECT_EQ(reason.message(),
              "The session could not start: Error occurred during initialization of VM: Too small "
              "maximum heap.");
    EXPECT_THAT(reason.detail(), HasSubstr("Too small maximum heap\n"));
    EXPECT_EQ(server_.asked.back().target, "/sessions/5/log?from=0&size=-1");
  }
}

TEST_F(WaitUntilReady, FallsBackToTheSessionsOwnLastLines) {
  sessions({in_state("dead", {"java.io.IOException: disk full"})}, shows_page(500, "no"));
  EXPECT_EQ(failure_of([&] { wait(); }).message(),
            "The session could not start: java.io.IOException: disk full.");
}

TEST_F(WaitUntilReady, SaysThatThereIsNoReason) {
  sessions({in_state("dead")});
  EXPECT_EQ(failure_of([&] { wait(); }).message(),
            "The session could not start: the server says \"dead\" and gives no reason.");
}

TEST_F(WaitUntilReady, SaysThatASessionIsGone) {
  sessions({in_state("starting"), says(404, R"({"msg":"Session '5' not found."})")});
  const auto reason = failure_of([&] { wait(); });
  EXPECT_EQ(reason.kind(), failure_kind::session_lost);
  EXPECT_EQ(reason.message(),
            "The session is gone: it was deleted, it expired, or the server restarted. Start a new "
            "one.");
}

TEST_F(WaitUntilReady, DoesNotTakeAnotherSessionWithTheSameId) {
  sessions({in_state("idle")});
  const auto reason = failure_of([&] { wait("another"); });
  EXPECT_EQ(reason.kind(), failure_kind::session_lost);
  EXPECT_THAT(reason.message(), HasSubstr("belongs to another session"));
}

TEST_F(WaitUntilReady, LooksThroughTroubleOnTheWay) {
  sessions({in_state("starting", {"line"}), shows_page(500, "<title>Service connectivity</title>"),
            shows_page(200, "<title>Sign in</title>"), says(401, ""), shows_page(404, ""),
            says(500, R"("java.util.concurrent.CancellationException")"), in_state("idle")});
  EXPECT_EQ(wait().state, "idle");
  EXPECT_THAT(details_[1], HasSubstr("Service connectivity"));
  EXPECT_THAT(details_[2], HasSubstr("Sign in"));
  EXPECT_THAT(details_[3], HasSubstr("wants to know who you are"));
  EXPECT_EQ(states_[5], "starting");
}

TEST_F(WaitUntilReady, ResumesWithinTwoSecondsOfTheServersReturn) {
  sessions({in_state("idle")});
  server_.stop();
  bool back = false;
  duration returned{};
  clock_.on_sleep = [&] {
    if (back || clock_.passed() < 3min) return;
    back = true;
    returned = clock_.passed();
    server_.start_again();
  };
  wait();
  EXPECT_TRUE(back);
  EXPECT_LE(clock_.passed() - returned, 2s);
  EXPECT_THAT(details_[0], HasSubstr("127.0.0.1"));
}

TEST_F(WaitUntilReady, EndsAtARefusal) {
  sessions({says(403, R"({"msg":"not yours"})")});
  EXPECT_EQ(failure_of([&] { wait(); }).kind(), failure_kind::forbidden);
}

TEST_F(WaitUntilReady, CanBeCancelled) {
  server_.silent = true;
  session_progress progress = [](const session_view&, std::string) -> task<void> { co_return; };
  test::started<session_view> waiting(server_.loop,
                                      wait_until_ready(*server_.livy, clock_, "5", progress));
  server_.loop.until([&] { return !server_.asked.empty(); });
  waiting.cancel();
  EXPECT_EQ(failure_of([&] { waiting.result(); }).kind(), failure_kind::cancelled);
}

}  // namespace
}  // namespace livyd::livy
