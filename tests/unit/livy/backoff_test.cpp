// When livyd looks again.
#include "livy/backoff.hpp"

#include <gtest/gtest.h>

namespace livyd::livy {
namespace {

constexpr double neutral = 0.5;

struct statement_case {
  duration elapsed;
  duration round_trip;
  bool watched;
  duration expected;
};

class StatementWait : public testing::TestWithParam<statement_case> {};

TEST_P(StatementWait, FollowsTheWork) {
  const auto& c = GetParam();
  EXPECT_EQ(statement_wait(c.elapsed, c.round_trip, c.watched, neutral), c.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, StatementWait,
    testing::Values(statement_case{0s, 0s, true, 20ms}, statement_case{0s, 5ms, true, 20ms},
                    statement_case{0s, 45ms, true, 45ms}, statement_case{1s, 0s, true, 30ms},
                    statement_case{1s, 45ms, true, 45ms}, statement_case{5s, 0s, true, 150ms},
                    statement_case{10s, 0s, true, 300ms}, statement_case{59s, 0s, true, 300ms},
                    statement_case{1s, 3s, true, 300ms},  // a slow gateway does not slow us more
                    statement_case{1min, 0s, true, 500ms}, statement_case{9min, 0s, true, 500ms},
                    statement_case{10min, 0s, true, 1s}, statement_case{100h, 0s, true, 1s},
                    statement_case{0s, 0s, false, 1s}, statement_case{5s, 0s, false, 1s},
                    statement_case{100h, 0s, false, 1s}));

struct wait_case {
  duration elapsed;
  duration expected;
};

class SessionWait : public testing::TestWithParam<wait_case> {};

TEST_P(SessionWait, GrowsToASecond) {
  EXPECT_EQ(session_wait(GetParam().elapsed, neutral), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, SessionWait,
                         testing::Values(wait_case{0s, 100ms}, wait_case{2s, 100ms},
                                         wait_case{4s, 200ms}, wait_case{10s, 500ms},
                                         wait_case{20s, 1s}, wait_case{1h, 1s}));

TEST(FailureWait, DoublesUpToTwoSeconds) {
  const duration expected[] = {100ms, 200ms, 400ms, 800ms, 1600ms, 2s, 2s};
  for (int failures = 1; failures <= 7; ++failures) {
    EXPECT_EQ(failure_wait(failures, neutral), expected[failures - 1]) << failures;
  }
  EXPECT_EQ(failure_wait(0, neutral), 100ms);
  EXPECT_EQ(failure_wait(2'000'000'000, neutral), 2s);
}

TEST(Backoff, NeverShrinksWhileTimePasses) {
  duration statement{};
  duration session{};
  for (duration elapsed{}; elapsed < 15min; elapsed += 37ms) {
    const auto next = statement_wait(elapsed, 15ms, true, neutral);
    EXPECT_GE(next, statement);
    EXPECT_GE(statement_wait(elapsed, 15ms, false, neutral), next);
    EXPECT_GE(session_wait(elapsed, neutral), session);
    statement = next;
    session = session_wait(elapsed, neutral);
  }
}

TEST(Backoff, JitterMovesAWaitByATenthAtMost) {
  for (int step = 0; step <= 100; ++step) {
    const auto jitter = step / 100.0;
    const auto statement = statement_wait(10s, 0s, true, jitter);
    EXPECT_GE(statement, 270ms - 1us);
    EXPECT_LE(statement, 330ms + 1us);
    EXPECT_GE(session_wait(0s, jitter), 90ms - 1us);
    EXPECT_LE(session_wait(0s, jitter), 110ms + 1us);
    EXPECT_LE(failure_wait(9, jitter), 2s);
    EXPECT_GE(failure_wait(9, jitter), 1800ms - 1us);
  }
  EXPECT_LT(statement_wait(10s, 0s, true, 0.0), statement_wait(10s, 0s, true, 1.0));
}

TEST(Backoff, RandomJitterStaysInItsRangeAndVaries) {
  double lowest = 1;
  double highest = 0;
  for (int count = 0; count < 1000; ++count) {
    const auto jitter = random_jitter();
    lowest = std::min(lowest, jitter);
    highest = std::max(highest, jitter);
  }
  EXPECT_GE(lowest, 0.0);
  EXPECT_LT(highest, 1.0);
  EXPECT_GT(highest - lowest, 0.5);
}

}  // namespace
}  // namespace livyd::livy
