// The statements that look after a session's modules, and what their answers mean.
#include "agent/modules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "livy/livy_server.hpp"

namespace livyd::agent {
namespace {

using test::failure_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr auto request = R"({"do":"state","tops":["etl"]})";

TEST(Modules, TravelAsOneSmallStatement) {
  const auto whole = modules_statement(request, false);
  const auto brief = modules_statement(request, true);
  EXPECT_LT(whole.size(), 17'000U);
  EXPECT_LT(brief.size(), 400U);
  for (const auto& code : {whole, brief}) {
    EXPECT_TRUE(std::all_of(code.begin(), code.end(),
                            [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    EXPECT_THAT(code, HasSubstr(R"(.run("{\"do\":\"state\",\"tops\":[\"etl\"]}"))"));
    EXPECT_EQ(std::count(code.begin(), code.end(), '\n'), 1);
  }
  EXPECT_THAT(brief, Not(HasSubstr("b85decode")));
}

TEST(Modules, KeepTheEscapesOfARequest) {
  const auto code = modules_statement(R"({"file":"\u00fc \"x\""})", true);
  EXPECT_THAT(code, HasSubstr(R"(.run("{\"file\":\"\\u00fc \\\"x\\\"\"}"))"));
}

TEST(Modules, AnswerInAnyLine) {
  const auto said = read_modules_answer(
      "livyd-modules: of the user\nstep livyd-modules: {}\n\n"
      R"(livyd-modules: {"reloaded": ["etl.a", "etl"], "kept": [["etl.b", "NameError: x"]],)"
      R"( "executors": "stale", "executors_detail": "stopped"})"
      "\nUserWarning: late\n");
  EXPECT_FALSE(said.missing);
  EXPECT_EQ(said.problem, "");
  EXPECT_THAT(said.reloaded, ElementsAre("etl.a", "etl"));
  EXPECT_THAT(said.kept, ElementsAre(Pair("etl.b", "NameError: x")));
  EXPECT_EQ(said.executors, "stale");
  EXPECT_EQ(said.executors_detail, "stopped");
}

TEST(Modules, AnswerWhatWasAsked) {
  const auto state = read_modules_answer(R"(livyd-modules: {"files": {"etl/a.py": "00ff"}})");
  EXPECT_THAT(state.files, ElementsAre(Pair("etl/a.py", "00ff")));
  EXPECT_EQ(read_modules_answer(R"(livyd-modules: {"staged": 1048576})").staged, 1048576);
  EXPECT_TRUE(read_modules_answer(R"(livyd-modules: {"missing": true})").missing);
  EXPECT_EQ(read_modules_answer(R"(livyd-modules: {"problem": "No."})").problem, "No.");
}

TEST(Modules, AreNotMisunderstood) {
  for (const auto* text : {"", "livyd-modules: ", "livyd-modules: {", "livyd-modules: 5",
                           " livyd-modules: {}", "NameError: x"}) {
    const auto reason = failure_of([&] { read_modules_answer(text); });
    EXPECT_EQ(reason.kind(), failure_kind::unsupported) << text;
    EXPECT_THAT(reason.message(), HasSubstr("did not answer"));
  }
  for (const auto* text : {R"(livyd-modules: {"files": 5})", R"(livyd-modules: {"kept": [["a"]]})",
                           R"(livyd-modules: {"problem": null})"}) {
    const auto reason = failure_of([&] { read_modules_answer(text); });
    EXPECT_EQ(reason.kind(), failure_kind::unsupported) << text;
    EXPECT_THAT(reason.message(), HasSubstr("does not understand"));
  }
}

}  // namespace
}  // namespace livyd::agent
