// The agent's messages: what is asked of a session, and what its answers mean.
#include "agent/agent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "livy/jobs.hpp"
#include "livy/livy_server.hpp"

namespace livyd::agent {
namespace {

using nlohmann::json;
using test::failure_of;
using test::says;
using testing::HasSubstr;
using testing::Not;

constexpr auto nonce = "0123abcd";

/// A session whose agent answers each question with the same bytes.
class session_with_agent {
 public:
  explicit session_with_agent(std::string said) : said_(std::move(said)) {
    server.answer = [this](const http::server_request& request) {
      if (request.verb == "POST") {
        expression = test::expression_in(request.body);
        return says(201, R"({"id":1,"state":"SENT","result":null,"error":null})");
      }
      return says(200, test::finished_job(said_));
    };
  }

  template <class T>
  T run(task<T> work) {
    return server.loop.run(std::move(work));
  }
  json asked() const { return test::question_in(expression); }

  test::livy_server server;
  test::turned_clock time;
  remote agent{*server.livy, time, "5"};
  std::string expression;

 private:
  std::string said_;
};

TEST(Agent, TravelsAsOneSmallStatement) {
  for (const bool quiet : {false, true}) {
    const auto code = install_statement(nonce, quiet);
    EXPECT_LT(code.size(), 20'000U);
    EXPECT_THAT(code, HasSubstr(quiet ? R"(names["install"]("0123abcd", True))"
                                      : R"(names["install"]("0123abcd", False))"));
    EXPECT_THAT(code, HasSubstr("print("));
    EXPECT_TRUE(std::all_of(code.begin(), code.end(),
                            [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  }
}

TEST(Agent, GreetsInAnyLineOfWhatAStatementPrinted) {
  const auto said = read_greeting(
      "UserWarning: {old}\n{\"api\":1,\"nonce\":\"n\",\"python\":\"3.11.4\",\"run\":null}\n\n");
  EXPECT_EQ(said.api, 1);
  EXPECT_EQ(said.nonce, "n");
  EXPECT_EQ(said.python, "3.11.4");
  EXPECT_EQ(said.run, "");
  EXPECT_EQ(read_greeting(R"({"api":2,"nonce":"n","python":"3.8.1","run":"r.2"})").run, "r.2");
}

struct bad_greeting {
  std::string_view text;
  std::string_view words;
};

TEST(Agent, SaysWhyItCannotWork) {
  const bad_greeting cases[] = {
      {"", "it did not say that it has been installed"},
      {"NameError: x", "it did not say that it has been installed"},
      {R"({"error": "the shell is not Livy's."})", "session: the shell is not Livy's. Code"},
      {R"({"error": 5})", "it answers in another way"},
      {R"({"api": "one", "nonce": "n", "python": "3"})", "it answers in another way"},
      {R"({"api": 1})", "it answers in another way"},
  };
  for (const auto& one : cases) {
    const auto reason = failure_of([&] { read_greeting(one.text); });
    EXPECT_EQ(reason.kind(), failure_kind::unsupported) << one.text;
    EXPECT_THAT(reason.message(), HasSubstr(std::string(one.words)));
  }
}

TEST(Agent, IsInstalledThroughTheSideChannel) {
  session_with_agent session(R"({"api":1,"nonce":"0123abcd","python":"3.11.4","run":"a"})");
  EXPECT_EQ(session.run(session.agent.install(nonce)).run, "a");
  EXPECT_THAT(session.expression, HasSubstr(R"(names["install"]("0123abcd", False))"));
  EXPECT_THAT(session.expression, Not(HasSubstr("print(")));
}

TEST(Agent, SaysHelloOrIsNotThere) {
  session_with_agent session(R"({"api":1,"nonce":"n","python":"3.8.1","run":""})");
  EXPECT_EQ(session.run(session.agent.hello())->nonce, "n");
  EXPECT_EQ(session.asked(), json({{"do", "hello"}}));
  session_with_agent without("");
  EXPECT_FALSE(without.run(without.agent.hello()));
}

TEST(Agent, IsMissedByEveryOtherQuestion) {
  session_with_agent session("");
  const std::function<void()> questions[] = {
      [&] { session.run(session.agent.read("r", 0, 1, {})); },
      [&] { session.run(session.agent.interrupt("r")); },
      [&] { session.run(session.agent.withdraw("r")); },
      [&] { session.run(session.agent.result("r")); },
      [&] { session.run(session.agent.drop("r")); },
  };
  for (const auto& question : questions) {
    const auto reason = failure_of(question);
    EXPECT_EQ(reason.kind(), failure_kind::unsupported);
    EXPECT_THAT(reason.message(), HasSubstr("no agent"));
  }
}

TEST(Agent, ReadsAPieceOfARunsOutput) {
  session_with_agent session(
      "{\"known\":true,\"ran\":true,\"refused\":false,\"ended\":false,\"offset\":7,\"size\":99}\n"
      "{a}\nü\n");
  const auto piece = session.run(session.agent.read("r.2", 5, 1000, 1500ms));
  EXPECT_EQ(session.asked(),
            json({{"do", "read"}, {"run", "r.2"}, {"offset", 5}, {"limit", 1000}, {"wait", 1.5}}));
  EXPECT_TRUE(piece.known);
  EXPECT_TRUE(piece.ran);
  EXPECT_FALSE(piece.refused);
  EXPECT_FALSE(piece.ended);
  EXPECT_EQ(piece.offset, 7U);
  EXPECT_EQ(piece.size, 99U);
  EXPECT_EQ(piece.bytes, "{a}\nü\n");
}

TEST(Agent, ReadsNothingOfARunThatItDoesNotKnow) {
  session_with_agent session(
      R"({"known":false,"ran":false,"refused":true,"ended":false,"offset":0,"size":0})");
  const auto piece = session.run(session.agent.read("", 0, 10, {}));
  EXPECT_FALSE(piece.known);
  EXPECT_TRUE(piece.refused);
  EXPECT_EQ(piece.bytes, "");
}

TEST(Agent, IsNeverAskedToWaitLongerThanTenSeconds) {
  session_with_agent session(
      R"({"known":true,"ran":true,"refused":false,"ended":true,"offset":0,"size":0})");
  session.run(session.agent.read("r", 0, 10, 1h));
  EXPECT_EQ(session.asked()["wait"], 10.0);
  session.run(session.agent.read("r", 0, 10, -1s));
  EXPECT_EQ(session.asked()["wait"], 0.0);
}

TEST(Agent, IsAskedInCharactersThatPythonReadsUnchanged) {
  session_with_agent session("{}");
  session.run(session.agent.drop("a\"b\\c'\nü\xff"));
  EXPECT_EQ(session.asked(), json({{"do", "drop"}, {"run", "a\"b\\c'\nü\uFFFD"}}));
  EXPECT_TRUE(std::all_of(session.expression.begin(), session.expression.end(),
                          [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST(Agent, SaysWhatAnInterruptDid) {
  const std::pair<const char*, interruption> cases[] = {
      {"interrupted", interruption::interrupted},
      {"ended", interruption::ended},
      {"not running", interruption::not_running},
      {"unknown", interruption::unknown},
  };
  for (const auto& [done, expected] : cases) {
    session_with_agent session(json{{"done", done}}.dump());
    EXPECT_EQ(session.run(session.agent.interrupt("r")), expected);
    EXPECT_EQ(session.asked(), json({{"do", "interrupt"}, {"run", "r"}}));
  }
}

TEST(Agent, SaysWhetherARunWasWithdrawn) {
  for (const bool withdrawn : {false, true}) {
    session_with_agent session(json{{"withdrawn", withdrawn}}.dump());
    EXPECT_EQ(session.run(session.agent.withdraw("r")), withdrawn);
    EXPECT_EQ(session.asked(), json({{"do", "withdraw"}, {"run", "r"}}));
  }
}

TEST(Agent, RemembersHowARunEnded) {
  session_with_agent session(R"({"known":true,"reply":{"status":"ok","data":{}}})");
  const auto found = session.run(session.agent.result("r"));
  EXPECT_TRUE(found.known);
  EXPECT_EQ(json::parse(found.reply), json({{"status", "ok"}, {"data", json::object()}}));
  session_with_agent as_text(R"({"known":true,"reply":"{\"status\":\"ok\"}"})");
  EXPECT_EQ(as_text.run(as_text.agent.result("r")).reply, R"({"status":"ok"})");
  session_with_agent forgotten(R"({"known":false,"reply":null})");
  EXPECT_FALSE(forgotten.run(forgotten.agent.result("r")).known);
  EXPECT_EQ(forgotten.run(forgotten.agent.result("r")).reply, "");
}

TEST(Agent, PassesItsOwnErrorsOn) {
  session_with_agent session(R"({"error":"KeyError: 'do'"})");
  const auto reason = failure_of([&] { session.run(session.agent.drop("r")); });
  EXPECT_EQ(reason.kind(), failure_kind::unsupported);
  EXPECT_THAT(reason.message(), HasSubstr("KeyError: 'do'"));
}

TEST(Agent, OfAnotherShapeIsNotTrusted) {
  for (const auto* said :
       {"5", "[]", "no", "\n", "{", R"({"known":1})", R"({"error":[]})",
        R"({"known":true,"ran":true,"refused":false,"ended":false,"offset":-1,"size":0})",
        R"({"done":"maybe"})", R"({"withdrawn":"yes"})"}) {
    session_with_agent session(said);
    const std::function<void()> questions[] = {
        [&] { session.run(session.agent.read("r", 0, 1, {})); },
        [&] { session.run(session.agent.interrupt("r")); },
        [&] { session.run(session.agent.withdraw("r")); },
    };
    for (const auto& question : questions) {
      EXPECT_EQ(failure_of(question).kind(), failure_kind::unsupported) << said;
    }
  }
}

TEST(Agent, HasADeadlineForAnInterpreterThatNativeCodeHolds) {
  session_with_agent session("");
  session.server.answer = [](const http::server_request& request) {
    return says(request.verb == "POST" ? 201 : 200, R"({"id":1,"state":"STARTED"})");
  };
  EXPECT_EQ(failure_of([&] { session.run(session.agent.read("r", 0, 1, 5s)); }).kind(),
            failure_kind::timeout);
  EXPECT_EQ(session.time.passed(), 20s);
  EXPECT_EQ(failure_of([&] { session.run(session.agent.interrupt("r")); }).kind(),
            failure_kind::timeout);
}

TEST(Agent, CanBeCancelledWhileItWaits) {
  session_with_agent session("");
  session.server.silent = true;
  test::started<piece> reading(session.server.loop, session.agent.read("r", 0, 1, 5s));
  session.server.loop.until([&] { return !session.server.asked.empty(); });
  reading.cancel();
  EXPECT_EQ(failure_of([&] { reading.result(); }).kind(), failure_kind::cancelled);
}

}  // namespace
}  // namespace livyd::agent
