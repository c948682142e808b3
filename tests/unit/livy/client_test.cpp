// Livy's REST as typed requests.
#include "livy/client.hpp"

#include "livy_server.hpp"
#include "recording.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

constexpr auto version_09 = R"({"version":"0.9.0-incubating"})";
constexpr auto idle = R"({"id":5,"name":"n","state":"idle","kind":"pyspark","log":[]})";

struct asked_case {
  std::string verb;
  std::string target;
  std::string body;
};

/// The last request as verb, target and body.
void expect_asked(const livy_server& server, const asked_case& expected) {
  ASSERT_FALSE(server.asked.empty());
  const auto& last = server.asked.back();
  EXPECT_EQ(last.verb, expected.verb);
  EXPECT_EQ(last.target, expected.target);
  EXPECT_EQ(last.body, expected.body);
}

TEST(Client, SendsTheHeadersEveryServerAndGatewayNeeds) {
  livy_server server("/gateway/x/livy");
  server.answer = [](const auto&) { return says(200, idle); };
  server.loop.run(server.livy->connect("5"));
  expect_asked(server, {"POST", "/gateway/x/livy/sessions/5/connect", "{}"});
  const auto& headers = server.asked.back().headers;
  EXPECT_EQ(headers.get("Content-Type"), "application/json");
  EXPECT_EQ(headers.get("Accept"), "application/json");
  EXPECT_EQ(headers.get("X-Requested-By"), "livyd");
  EXPECT_EQ(headers.get("X-XSRF-HEADER"), "livyd");
}

TEST(Client, AsksForTheVersionOnce) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, version_09); };
  EXPECT_TRUE(server.loop.run(server.livy->version()).at_least(0, 9));
  EXPECT_TRUE(server.loop.run(server.livy->version()).at_least(0, 9));
  EXPECT_EQ(server.asked.size(), 1U);
  server.livy->forget_version();
  server.loop.run(server.livy->version());
  EXPECT_EQ(server.asked.size(), 2U);
}

TEST(Client, TakesAServerWithoutAVersionForTheOldest) {
  livy_server server;
  const auto version = server.loop.run(server.livy->version());
  EXPECT_EQ(version.major, 0);
  EXPECT_EQ(version.minor, 0);
}

TEST(Client, FindsOutWhetherPostsAreGuardedAgainstForgery) {
  struct row {
    http::server_response answer;
    std::optional<bool> guarded;
  };
  const row rows[] = {
      {says(404, R"({"msg":"Session '2147483647' not found."})"), false},
      {shows_page(400, "<title>Missing Required Header for CSRF protection.</title>"), true},
      {shows_page(400, "<title>Missing Required Header for Vulnerability Protection</title>"),
       true},
      {shows_page(400, "<title>Bad Request</title>"), std::nullopt},
      {shows_page(404, "<title>Not Found</title>"), std::nullopt},
      {says(500, ""), std::nullopt},
  };
  for (const auto& row : rows) {
    livy_server server;
    server.answer = [&](const auto&) { return row.answer; };
    EXPECT_EQ(server.loop.run(server.livy->guards_against_forgery()), row.guarded);
    expect_asked(server, {"POST", "/sessions/2147483647/connect", "{}"});
    EXPECT_FALSE(server.asked.back().headers.has("X-Requested-By"));
  }
}

TEST(Client, SaysThatALoginPageIsNoLivy) {
  livy_server server;
  server.answer = [](const auto&) { return shows_page(200, "<title>Sign in</title>"); };
  test::kept_output output;
  const std::function<void()> calls[] = {
      [&] { server.loop.run(server.livy->version()); },
      [&] { server.loop.run(server.livy->find_session("5")); },
      [&] { server.loop.run(server.livy->list_sessions()); },
      [&] { server.loop.run(server.livy->read_log("5", -1, 10)); },
      [&] { server.loop.run(server.livy->delete_session("5")); },
      [&] { server.loop.run(server.livy->connect("5")); },
      [&] { server.loop.run(server.livy->submit("5", "1", "pyspark")); },
      [&] { server.loop.run(server.livy->read_statement("5", 0, output)); },
      [&] { server.loop.run(server.livy->submit_job("5", "gAJ")); },
      [&] { server.loop.run(server.livy->read_job("5", 1)); },
      [&] { server.loop.run(server.livy->cancel_statement("5", 0)); },
  };
  for (const auto& call : calls) {
    const auto reason = failure_of(call);
    EXPECT_EQ(reason.kind(), failure_kind::not_livy);
    EXPECT_THAT(reason.message(), HasSubstr("(it sent a web page titled \"Sign in\")"));
  }
}

TEST(Client, NamesTheServerWhoseJsonIsOfAnotherKind) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, R"({"hello":"world"})"); };
  test::kept_output output;
  const std::function<void()> calls[] = {
      [&] { server.loop.run(server.livy->find_session("5")); },
      [&] { server.loop.run(server.livy->list_sessions()); },
      [&] { server.loop.run(server.livy->read_log("5", -1, 10)); },
      [&] { server.loop.run(server.livy->submit("5", "1", "pyspark")); },
      [&] { server.loop.run(server.livy->read_statement("5", 0, output)); },
      [&] { server.loop.run(server.livy->submit_job("5", "gAJ")); },
      [&] { server.loop.run(server.livy->read_job("5", 1)); },
  };
  for (const auto& call : calls) {
    const auto reason = failure_of(call);
    EXPECT_EQ(reason.kind(), failure_kind::not_livy);
    EXPECT_THAT(reason.message(), HasSubstr("http://127.0.0.1:"));
  }
}

TEST(Client, CreatesASessionForTheServersVersion) {
  for (const int status : {200, 201, 202}) {
    livy_server server;
    server.answer = [status](const http::server_request& request) {
      if (request.path == "/version") return says(200, R"({"version":"0.8.0"})");
      auto made = says(status, idle);
      made.headers.set("Location", "http://elsewhere.example.com/99");
      return made;
    };
    session_request wanted;
    wanted.name = "n";
    wanted.ttl = "1h";
    wanted.idle_timeout = "1h";
    std::vector<std::string> left_out;
    const auto made = server.loop.run(server.livy->create_session(wanted, left_out));
    EXPECT_EQ(made.id, "5");
    EXPECT_THAT(left_out, testing::ElementsAre("idleTimeout"));
    EXPECT_EQ(json::parse(server.asked.back().body),
              json({{"kind", "pyspark"}, {"name", "n"}, {"ttl", "1h"}}));
  }
}

TEST(Client, SendsNoSettingsThatAreNoText) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, version_09); };
  session_request wanted;
  wanted.queue = "\xff";
  std::vector<std::string> left_out;
  const auto reason =
      failure_of([&] { server.loop.run(server.livy->create_session(wanted, left_out)); });
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
  EXPECT_EQ(server.asked.size(), 1U);
}

TEST(Client, FindsASessionOrSaysThatThereIsNone) {
  livy_server server;
  server.answer = [](const http::server_request& request) {
    if (request.path == "/sessions/a b") return says(200, idle);
    return says(404, R"({"msg":"Session '7' not found."})");
  };
  EXPECT_EQ(server.loop.run(server.livy->find_session("a b"))->name, "n");
  expect_asked(server, {"GET", "/sessions/a%20b", ""});
  EXPECT_FALSE(server.loop.run(server.livy->find_session("7")));
}

TEST(Client, DoesNotTakeAGatewaysPageForAMissingSession) {
  livy_server server;
  server.answer = [](const auto&) { return shows_page(404, "<title>No such topology</title>"); };
  EXPECT_EQ(failure_of([&] { server.loop.run(server.livy->find_session("7")); }).kind(),
            failure_kind::not_livy);
  EXPECT_EQ(failure_of([&] { server.loop.run(server.livy->delete_session("7")); }).kind(),
            failure_kind::not_livy);
}

TEST(Client, ListsSessionsPageByPageAndOnce) {
  livy_server server;
  server.answer = [](const http::server_request& request) {
    const auto from = std::stoi(*request.parameter("from"));
    json sessions = json::array();
    // A session that was made meanwhile moves the last of each page to the next one.
    const auto first = from == 0 ? 0 : from - 1;
    for (int id = first; id < std::min(first + 100, 250); ++id) {
      sessions.push_back({{"id", id}, {"state", "idle"}});
    }
    return says(200, json{{"from", from}, {"total", 251}, {"sessions", sessions}}.dump());
  };
  const auto sessions = server.loop.run(server.livy->list_sessions());
  ASSERT_EQ(sessions.size(), 250U);
  EXPECT_EQ(sessions[249].id, "249");
  expect_asked(server, {"GET", "/sessions?from=200&size=100", ""});
}

TEST(Client, EndsAListThatNeverEnds) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, R"({"total":1000000,"sessions":[]})"); };
  EXPECT_TRUE(server.loop.run(server.livy->list_sessions()).empty());
}

TEST(Client, ReadsTheLogFromTheTailOrFromALine) {
  livy_server server;
  server.answer = [](const auto&) {
    return says(200, R"({"id":5,"from":3,"total":5,"log":["a","b"]})");
  };
  const auto page = server.loop.run(server.livy->read_log("5", -1, 10));
  expect_asked(server, {"GET", "/sessions/5/log?size=10", ""});
  EXPECT_EQ(page.from, 3);
  EXPECT_EQ(page.total, 5);
  EXPECT_THAT(page.lines, testing::ElementsAre("a", "b"));
  server.loop.run(server.livy->read_log("5", 3, 7));
  expect_asked(server, {"GET", "/sessions/5/log?from=3&size=7", ""});
}

TEST(Client, DeletesASessionThatMayBeGone) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, R"({"msg":"deleted"})"); };
  server.loop.run(server.livy->delete_session("5"));
  expect_asked(server, {"DELETE", "/sessions/5", ""});
  server.answer = [](const auto&) { return says(404, R"({"msg":"Session '5' not found."})"); };
  server.loop.run(server.livy->delete_session("5"));
  server.answer = [](const auto&) { return shows_page(500, "Service connectivity error."); };
  EXPECT_EQ(failure_of([&] { server.loop.run(server.livy->delete_session("5")); }).kind(),
            failure_kind::server_error);
}

TEST(Client, SendsCodeAsItIs) {
  livy_server server;
  server.answer = [](const auto&) { return says(201, R"({"id":12,"state":"waiting"})"); };
  const auto code = std::string("a\r\n\"é\u2028\\\t") + '\0' + "\x1f\x7f 🚀";
  EXPECT_EQ(server.loop.run(server.livy->submit("5", code, "pyspark")), 12);
  EXPECT_EQ(json::parse(server.asked.back().body), json({{"code", code}, {"kind", "pyspark"}}));
  server.loop.run(server.livy->submit("5", "", ""));
  expect_asked(server, {"POST", "/sessions/5/statements", R"({"code":""})"});
}

TEST(Client, SendsTenMegabytesOfCode) {
  livy_server server;
  server.answer = [](const http::server_request& request) {
    // Livy repeats the code.
    return says(201, concat(R"({"id":3,"state":"running","output":null,)", request.body.substr(1)));
  };
  std::string code;
  std::string written;
  while (code.size() < 10'000'000) {
    code.append("print(\"0123456789\")\n");
    written.append(R"(print(\"0123456789\")\n)");
  }
  EXPECT_EQ(server.loop.run(server.livy->submit("5", code, "pyspark")), 3);
  const auto expected = concat(R"({"code":")", written, R"(","kind":"pyspark"})");
  EXPECT_TRUE(server.asked.back().body == expected);  // not EXPECT_EQ: it would print both
}

TEST(Client, SendsNoCodeThatIsNoText) {
  livy_server server;
  const auto reason =
      failure_of([&] { server.loop.run(server.livy->submit("5", "x = '\xe9'", "pyspark")); });
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
  EXPECT_TRUE(server.asked.empty());
}

struct submit_case {
  http::server_response answer;
  failure_kind kind;
};

TEST(Client, SaysWhyCodeWasNotTaken) {
  const submit_case cases[] = {
      {says(404, R"({"msg":"Session '5' not found."})"), failure_kind::session_lost},
      {says(400, R"({"msg":"requirement failed: Session isn't active."})"),
       failure_kind::session_lost},
      {says(500, R"("java.lang.IllegalStateException: Session is in state dead")"),
       failure_kind::session_lost},
      {says(500, R"("java.lang.IllegalStateException: Session is in state starting")"),
       failure_kind::rejected},
      {says(500, R"("java.lang.IllegalStateException: Session is in state recovering")"),
       failure_kind::rejected},
      {says(400, R"("Unrecognized field \"x\"")"), failure_kind::rejected},
      {shows_page(500, "<title>Service connectivity error.</title>"), failure_kind::server_error},
      {says(500, R"("java.util.concurrent.CancellationException")"), failure_kind::server_error},
      {says(201, R"({"id":3,"state":"wai)"), failure_kind::not_livy},
      {says(403, ""), failure_kind::forbidden},
      {says(401, ""), failure_kind::unauthorized},
  };
  for (const auto& c : cases) {
    livy_server server;
    server.answer = [&c](const auto&) { return c.answer; };
    const auto reason =
        failure_of([&] { server.loop.run(server.livy->submit("5", "1", "pyspark")); });
    EXPECT_EQ(reason.kind(), c.kind) << c.answer.body;
    EXPECT_EQ(server.asked.size(), 1U) << "a POST is sent once";
  }
}

TEST(Client, ReadsAStatementIntoASink) {
  livy_server server;
  server.answer = [](const auto&) {
    return says(200, R"({"id":7,"code":"c","state":"available","output":{"status":"ok","data":)"
                     R"({"text/plain":"hi","application/json":[1]}},"completed":5})");
  };
  test::kept_output output;
  const auto seen = server.loop.run(server.livy->read_statement("5", 7, output));
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->complete());
  expect_asked(server, {"GET", "/sessions/5/statements/7", ""});
  EXPECT_THAT(output.texts, testing::ElementsAre("hi", "[1]"));
  EXPECT_THAT(output.mimes, testing::ElementsAre("text/plain", "application/json"));
  EXPECT_EQ(output.restarts, 0);
}

TEST(Client, TellsAMissingStatementFromAMissingSession) {
  livy_server server;
  test::kept_output output;
  const auto read = [&] { return server.loop.run(server.livy->read_statement("5", 7, output)); };
  server.answer = [](const auto&) { return says(404, R"("Statement not found")"); };
  EXPECT_FALSE(read());
  server.answer = [](const auto&) { return says(404, R"({"msg":"Session '5' not found."})"); };
  EXPECT_EQ(failure_of(read).kind(), failure_kind::session_lost);
  server.answer = [](const auto&) { return shows_page(404, ""); };
  EXPECT_EQ(failure_of(read).kind(), failure_kind::not_livy);
}

TEST(Client, KeepsTheUsersDataOutOfAFailuresDetail) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, R"({"id":7,"code":"secret","state":)"); };
  test::kept_output output;
  const auto reason =
      failure_of([&] { server.loop.run(server.livy->read_statement("5", 7, output)); });
  EXPECT_EQ(reason.kind(), failure_kind::not_livy);
  EXPECT_THAT(reason.detail(), testing::Not(HasSubstr("secret")));
}

TEST(Client, CancelsAStatement) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, R"({"msg":"canceled"})"); };
  server.loop.run(server.livy->cancel_statement("5", 7));
  expect_asked(server, {"POST", "/sessions/5/statements/7/cancel", "{}"});
}

TEST(Client, ReadsAJobUntilItsEndWasReadOnce) {
  livy_server server;
  server.answer = [](const auto&) {
    return says(200, R"({"id":3,"state":"FAILED","result":null,"error":"words"})");
  };
  const auto seen = server.loop.run(server.livy->read_job("5", 3));
  expect_asked(server, {"GET", "/sessions/5/jobs/3", ""});
  EXPECT_EQ(seen->id, 3);
  EXPECT_TRUE(seen->finished());
  EXPECT_EQ(seen->result, "");
  EXPECT_EQ(seen->error, "words");
}

TEST(Client, UnderstandsThatARealLivyHasForgottenAJob) {
  int forgotten = 0;
  for (const auto& exchange : test::recorded_exchanges()) {
    if (exchange.path.find("/jobs/") == std::string::npos || exchange.cut) continue;
    if (exchange.response.status != 500) continue;
    livy_server server;
    server.answer = [&exchange](const auto&) { return says(500, exchange.response.body); };
    EXPECT_FALSE(server.loop.run(server.livy->read_job("5", 3))) << exchange.step;
    ++forgotten;
  }
  EXPECT_GT(forgotten, 0);
}

TEST(Client, DoesNotTakeAnotherFailureForAForgottenJob) {
  livy_server server;
  server.answer = [](const auto&) {
    return says(500, R"("java.util.concurrent.CancellationException")");
  };
  EXPECT_EQ(failure_of([&] { server.loop.run(server.livy->read_job("5", 3)); }).kind(),
            failure_kind::server_error);
}

TEST(Client, CanBeCancelledWhileItWaits) {
  livy_server server;
  server.silent = true;
  test::started<std::vector<session_view>> listing(server.loop, server.livy->list_sessions());
  server.loop.until([&] { return !server.asked.empty(); });
  listing.cancel();
  EXPECT_EQ(failure_of([&] { listing.result(); }).kind(), failure_kind::cancelled);
}

TEST(Client, UnderstandsARealLivysSessions) {
  for (const auto& exchange : test::recorded_exchanges()) {
    if (exchange.step != "idle: by id" && exchange.step != "starting: by name") continue;
    livy_server server;
    server.answer = [&exchange](const auto&) { return says(200, exchange.response.body); };
    const auto found = server.loop.run(server.livy->find_session("5"));
    EXPECT_EQ(found->raw, exchange.body());
  }
}

}  // namespace
}  // namespace livyd::livy
