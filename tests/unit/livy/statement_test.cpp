// A statement is followed to its end, through whatever the network does.
#include "livy/statement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "livy_server.hpp"

namespace livyd::livy {
namespace {

constexpr auto running = R"({"id":7,"state":"running","output":null,"progress":0.5,"completed":0})";
constexpr auto torn =
    R"({"id":7,"state":"available","output":{"status":"ok","data":{"text/plain":"half"}},"completed":0})";
constexpr auto done =
    R"({"id":7,"state":"available","output":{"status":"ok","data":{"text/plain":"42"}},"progress":1.0,"completed":9})";

class FollowStatement : public testing::Test {
 protected:
  /// What GET of the statement answers, one after the other; the last one for ever.
  void statements(std::vector<http::server_response> answers) {
    server_.answer = [next = test::in_turn(std::move(answers), looks_)](const auto& asked) {
      EXPECT_EQ(asked.target, "/sessions/5/statements/7");
      return next(asked);
    };
  }

  task<statement_view> follow_task(std::function<bool()> watched = {},
                                   look_schedule* schedule = nullptr) {
    statement_observer observer = [this](const statement_progress& seen) -> task<void> {
      seen_.push_back(seen);
      co_return;
    };
    return follow_statement(*server_.livy, clock_, "5", 7, output_, observer, std::move(watched),
                            schedule);
  }

  statement_view follow(std::function<bool()> watched = {}, look_schedule* schedule = nullptr) {
    return server_.loop.run(follow_task(std::move(watched), schedule));
  }

  livy_server server_;
  test::turned_clock clock_;
  test::kept_output output_;
  std::size_t looks_ = 0;
  std::vector<statement_progress> seen_;
};

TEST_F(FollowStatement, ReturnsTheResult) {
  statements({says(200, R"({"id":7,"state":"waiting","output":null,"completed":0})"),
              says(200, running), says(200, done)});
  const auto result = follow();
  EXPECT_EQ(result.status, "ok");
  EXPECT_THAT(output_.texts, testing::ElementsAre("42"));
  EXPECT_EQ(output_.restarts, 0);
  ASSERT_EQ(seen_.size(), 3U);
  EXPECT_EQ(seen_[0].state, "waiting");
  EXPECT_EQ(seen_[1].state, "running");
  EXPECT_EQ(seen_[1].progress, 0.5);
  EXPECT_EQ(seen_[2].state, "available");
  EXPECT_GE(clock_.slept[0], 18ms);
  EXPECT_LE(clock_.slept[0], 22ms);
}

TEST_F(FollowStatement, ReadsATornAnswerAgain) {
  statements({says(200, R"({"id":7,"state":"available","output":null,"completed":0})"),
              says(200, torn), says(200, torn), says(200, done)});
  EXPECT_EQ(follow().completed, 9);
  EXPECT_THAT(output_.texts, testing::ElementsAre("42"));
  EXPECT_EQ(output_.restarts, 2);
}

TEST_F(FollowStatement, TakesATornAnswerAfterFiveSeconds) {
  statements({says(200, torn)});
  const auto result = follow();
  EXPECT_EQ(result.completed, 0);
  EXPECT_EQ(result.parts[0].preview, "half");
  EXPECT_THAT(output_.texts, testing::ElementsAre("half"));
  EXPECT_GE(clock_.passed(), 5s);
  EXPECT_LT(clock_.passed(), 6s);
}

TEST_F(FollowStatement, DoesNotWaitForTimesAServerNeverTells) {
  statements({says(200, R"({"id":7,"state":"available","output":null})"),
              says(200, R"({"id":7,"state":"available","output":{"status":"ok","data":{}}})")});
  EXPECT_EQ(follow().status, "ok");
  EXPECT_EQ(looks_, 2U);
}

TEST_F(FollowStatement, TakesACancelledStatementWithAndWithoutOutput) {
  statements({says(200, R"({"id":7,"state":"cancelled","output":null,"completed":3})")});
  EXPECT_EQ(follow().state, "cancelled");
  statements({says(200, R"({"id":7,"state":"cancelled","output":{"status":"error","ename":"E"},)"
                        R"("completed":3})")});
  EXPECT_EQ(follow().error_name, "E");
}

TEST_F(FollowStatement, KeepsLookingThroughAHoleOfThreeMinutes) {
  statements({says(200, running)});
  int phase = 0;
  duration returned{};
  clock_.on_sleep = [&] {
    if (phase == 0 && clock_.passed() > 10s) {
      server_.stop();
      phase = 1;
    } else if (phase == 1 && clock_.passed() > 10s + 1min) {
      server_.start_again();
      statements({shows_page(500, "Service connectivity error."), says(401, ""),
                  shows_page(200, "<title>Sign in</title>"), shows_page(404, ""),
                  says(200, R"({"id":7,"sta)")});
      phase = 2;
    } else if (phase == 2 && clock_.passed() > 10s + 3min) {
      returned = clock_.passed();
      statements({says(200, done)});
      phase = 3;
    }
  };
  const auto result = follow();
  EXPECT_EQ(phase, 3);
  EXPECT_EQ(result.status, "ok");
  EXPECT_LE(clock_.passed() - returned, 2s);
  EXPECT_THAT(output_.texts, testing::ElementsAre("42"));
  std::set<std::string> troubles;
  for (const auto& seen : seen_) troubles.insert(seen.trouble);
  EXPECT_EQ(troubles.size(), 7U) << "none, refused, and the five wrong answers";
  EXPECT_EQ(seen_.back().trouble, "");
  for (const auto& seen : seen_) {
    if (!seen.trouble.empty()) EXPECT_EQ(seen.state, "running") << "what was last known";
  }
}

TEST_F(FollowStatement, VoidsTheOutputOfAnAnswerThatWasCut) {
  statements({says(200, R"({"id":7,"state":"available","output":{"data":{"text/plain":"hal)"),
              says(200, done)});
  EXPECT_EQ(follow().status, "ok");
  EXPECT_EQ(output_.restarts, 1);
  EXPECT_THAT(output_.texts, testing::ElementsAre("42"));
}

TEST_F(FollowStatement, SaysThatTheSessionIsGone) {
  statements({says(200, running), says(404, R"({"msg":"Session '5' not found."})")});
  EXPECT_EQ(failure_of([&] { follow(); }).kind(), failure_kind::session_lost);
}

TEST_F(FollowStatement, SaysThatTheDriverDied) {
  statements({says(200, running), says(500, R"("java.util.concurrent.CancellationException")"),
              says(400, R"({"msg":"requirement failed: Session isn't active."})")});
  EXPECT_EQ(failure_of([&] { follow(); }).kind(), failure_kind::session_lost);
  EXPECT_EQ(looks_, 3U);
}

TEST_F(FollowStatement, SaysThatTheStatementIsForgotten) {
  statements({says(404, R"("Statement not found")")});
  const auto reason = failure_of([&] { follow(); });
  EXPECT_EQ(reason.kind(), failure_kind::not_found);
  EXPECT_EQ(reason.message(),
            "The server no longer knows statement 7, so its result is lost. Run the code again.");
}

TEST_F(FollowStatement, EndsAtARefusal) {
  statements({says(403, "")});
  EXPECT_EQ(failure_of([&] { follow(); }).kind(), failure_kind::forbidden);
}

TEST_F(FollowStatement, LooksLessOftenWhenNobodyLooksOn) {
  statements({says(200, running)});
  clock_.on_sleep = [&] {
    if (clock_.passed() > 30s) statements({says(200, done)});
  };
  follow([] { return false; });
  EXPECT_LE(server_.asked.size(), 36U);
}

TEST_F(FollowStatement, PausesAsLongAsItsScheduleSays) {
  statements({says(200, running)});
  look_schedule schedule(server_.loop.io.get_executor());
  schedule.pause = [] { return 2s; };
  clock_.on_sleep = [&] {
    if (clock_.passed() > 30s) statements({says(200, done)});
  };
  follow({}, &schedule);
  EXPECT_LE(server_.asked.size(), 17U);
}

TEST_F(FollowStatement, LooksAtOnceWhenThatWasAskedForDuringALook) {
  look_schedule schedule(server_.loop.io.get_executor());
  schedule.pause = [] { return 1h; };
  statements({says(200, done)});
  server_.answer = [&, then = server_.answer](const auto& asked) {
    if (looks_ > 0) return then(asked);
    ++looks_;
    schedule.look_now();  // the end comes while the answer is on its way
    return says(200, running);
  };
  EXPECT_EQ(follow({}, &schedule).status, "ok");
  EXPECT_LT(clock_.passed(), 2h) << "one pause before the first look, none before the second";
}

TEST_F(FollowStatement, CanBeCancelledAndSendsNothing) {
  server_.silent = true;
  test::started<statement_view> following(server_.loop, follow_task());
  server_.loop.until([&] { return !server_.asked.empty(); });
  following.cancel();
  EXPECT_EQ(failure_of([&] { following.result(); }).kind(), failure_kind::cancelled);
  EXPECT_EQ(server_.asked.size(), 1U);
}

TEST_F(FollowStatement, PassesOnWhatTheSinkThrows) {
  class full final : public output_sink {
   public:
    task<void> restart() override { co_return; }
    task<void> write(std::size_t, std::string_view, std::string_view) override {
      throw failure(failure_kind::io, "The disk is full.");
      co_return;
    }
  };
  statements({says(200, done)});
  full sink;
  statement_observer observer = [](const statement_progress&) -> task<void> { co_return; };
  const auto reason = failure_of(
      [&] { server_.loop.run(follow_statement(*server_.livy, clock_, "5", 7, sink, observer)); });
  EXPECT_EQ(reason.message(), "The disk is full.");
}

}  // namespace
}  // namespace livyd::livy
