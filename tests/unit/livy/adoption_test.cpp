// What a lost answer amounts to: every branch of the decision.
#include "livy/adoption.hpp"

#include <gtest/gtest.h>

namespace livyd::livy {
namespace {

using step = adoption_step;
using seen = seen_statement;

struct adoption_case {
  const char* what;
  adoption_facts facts;
  bool has_agent;
  adoption_decision expected;
};

adoption_facts facts(std::int64_t last_known, std::optional<std::int64_t> fence,
                     std::map<std::int64_t, seen> seen_ids = {},
                     std::optional<bool> agent_saw_it = std::nullopt) {
  return {.last_known = last_known,
          .fence = fence,
          .seen = std::move(seen_ids),
          .agent_saw_it = agent_saw_it};
}

void expect(const adoption_case& one) {
  const auto next = next_adoption_step(one.facts, one.has_agent);
  EXPECT_EQ(next.step, one.expected.step) << one.what;
  EXPECT_EQ(next.statement, one.expected.statement) << one.what;
  EXPECT_EQ(next.evicted, one.expected.evicted) << one.what;
}

TEST(Adoption, TakesTheSameFirstStepsWithAndWithoutAnAgent) {
  const adoption_case cases[] = {
      {"nothing is known", facts(-1, {}), true, {.step = step::post_fence}},
      {"the newest is read first", facts(4, 8), true, {.step = step::read, .statement = 7}},
      {"then the one below",
       facts(4, 8, {{7, seen::other}}),
       true,
       {.step = step::read, .statement = 6}},
      {"an evicted one does not end it",
       facts(4, 8, {{7, seen::absent}, {6, seen::other}}),
       true,
       {.step = step::read, .statement = 5}},
      {"the first statement of all", facts(-1, 1), true, {.step = step::read, .statement = 0}},
      {"no more than most_reads",
       facts(-1, 1000, {}),
       true,
       {.step = step::read, .statement = 999}},
      {"ours below the fence",
       facts(4, 8, {{7, seen::other}, {6, seen::ours}}),
       true,
       {.step = step::adopt, .statement = 6}},
      {"ours above the fence",
       facts(4, 8, {{9, seen::ours}}),
       true,
       {.step = step::adopt, .statement = 9}},
      {"ours before there is a fence",
       facts(4, {}, {{5, seen::ours}}),
       true,
       {.step = step::adopt, .statement = 5}},
      {"the agent ran it, its statement is looked for",
       facts(4, 6, {}, true),
       true,
       {.step = step::read, .statement = 5}},
      {"the agent ran it before there is a fence",
       facts(4, {}, {}, true),
       true,
       {.step = step::post_fence}},
      {"the agent ran it and it is found",
       facts(4, 6, {{5, seen::ours}}, true),
       true,
       {.step = step::adopt, .statement = 5}},
      {"the agent ran it, its statement is evicted",
       facts(4, 6, {{5, seen::absent}}, true),
       true,
       {.step = step::adopt_by_agent}},
      {"the agent ran it, its statement came late",
       facts(4, 6, {{5, seen::other}}, true),
       true,
       {.step = step::adopt_by_agent}},
      {"withdrawn", facts(4, 6, {{5, seen::other}}, false), true, {.step = step::never_ran}},
      {"withdrawn, and its statement arrived after that",
       facts(4, 6, {{5, seen::ours}}, false),
       true,
       {.step = step::never_ran}},
  };
  for (auto one : cases) {
    expect(one);
    one.has_agent = false;
    expect(one);
  }
}

TEST(Adoption, AsksTheAgentOnceEverythingWasRead) {
  const adoption_case cases[] = {
      {"not found", facts(4, 6, {{5, seen::other}}), true, {.step = step::withdraw}},
      {"evicted", facts(4, 6, {{5, seen::absent}}), true, {.step = step::withdraw}},
      {"nothing lies between", facts(5, 6), true, {.step = step::withdraw}},
      {"ids started again", facts(50, 6), true, {.step = step::withdraw}},
  };
  for (const auto& one : cases) expect(one);
}

TEST(Adoption, WatchesTheIdsAboveTheFenceWithoutAnAgent) {
  const adoption_case cases[] = {
      {"not found", facts(4, 6, {{5, seen::other}}), false, {.step = step::watch, .statement = 7}},
      {"nothing lies between", facts(5, 6), false, {.step = step::watch, .statement = 7}},
      {"evicted",
       facts(4, 6, {{5, seen::absent}}),
       false,
       {.step = step::watch, .statement = 7, .evicted = true}},
      {"not there yet is not evicted",
       facts(4, 6, {{5, seen::other}, {7, seen::absent}}),
       false,
       {.step = step::watch, .statement = 7}},
      {"others came",
       facts(4, 6, {{5, seen::other}, {7, seen::other}, {8, seen::other}}),
       false,
       {.step = step::watch, .statement = 9}},
      {"ids started again",
       facts(50, 6),
       false,
       {.step = step::watch, .statement = 7, .evicted = true}},
      {"ids are the same again",
       facts(6, 6),
       false,
       {.step = step::watch, .statement = 7, .evicted = true}},
  };
  for (const auto& one : cases) expect(one);
}

TEST(Adoption, ReadsABoundedNumberAndCountsTheRestAsEvicted) {
  auto known = facts(-1, 1000);
  std::int64_t reads = 0;
  auto next = next_adoption_step(known, false);
  for (; next.step == step::read; next = next_adoption_step(known, false)) {
    known.seen[next.statement] = seen::other;
    ++reads;
  }
  EXPECT_EQ(reads, most_reads);
  EXPECT_EQ(known.seen.begin()->first, 1000 - most_reads);
  EXPECT_EQ(next.step, step::watch);
  EXPECT_TRUE(next.evicted);
}

TEST(Adoption, ReadsExactlyAsManyAsAllowedWithoutSuspicion) {
  auto known = facts(10, 11 + most_reads);
  auto next = next_adoption_step(known, false);
  for (; next.step == step::read; next = next_adoption_step(known, false)) {
    known.seen[next.statement] = seen::other;
  }
  EXPECT_EQ(known.seen.begin()->first, 11);
  EXPECT_FALSE(next.evicted);
}

}  // namespace
}  // namespace livyd::livy
