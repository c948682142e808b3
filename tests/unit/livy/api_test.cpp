// Livy's shapes, errors, versions and URLs.
#include "livy/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "loop.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;
using test::failure_of;
using testing::HasSubstr;
using testing::Not;

http::url gateway() {
  return http::parse_url("https://gw.example.com/gateway/x/livy/sessions/5");
}

http::response answer(int status, std::string content_type, std::string body) {
  http::response made;
  made.status = status;
  made.reason = "Reason";
  made.headers.set("Content-Type", std::move(content_type));
  made.body = std::move(body);
  return made;
}

http::response json_answer(int status, std::string body) {
  return answer(status, "application/json;charset=utf-8", std::move(body));
}

http::response page(int status, std::string body) {
  return answer(status, "text/html;charset=utf-8", std::move(body));
}

constexpr auto jetty_page =
    "<html><head><title>Error 400 Missing Required Header for CSRF protection.</title></head><body>"
    "<h2>HTTP ERROR 400</h2><table><tr><th>URI:</th><td>/sessions</td></tr><tr><th>MESSAGE:</th>"
    "<td>Missing Required Header for CSRF protection.</td></tr></table><hr>Powered by Jetty://";
constexpr auto knox_page =
    "<html><head><title>Error 500 Server Error</title></head><body><h2>HTTP ERROR 500 Server Error"
    "</h2><table><tr><th>MESSAGE:</th><td>Server Error</td></tr><tr><th>CAUSED BY:</th><td>x</td>";

struct words_case {
  http::response answer;
  std::string words;
};

TEST(ServerWords, AreFoundInEveryFormOfAnErrorBody) {
  const words_case cases[] = {
      {json_answer(404, R"({"msg":"Session '5' not found."})"), "Session '5' not found."},
      {json_answer(404, R"("Statement not found")"), "Statement not found"},
      {json_answer(500, R"("java.lang.IllegalStateException: Session is in state starting")"),
       "Session is in state starting"},
      {json_answer(500,
                   R"("java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcExcep)"
                   R"(tion: java.lang.IllegalArgumentException: Invalid kind: cobol\n\tat a.b(C)"
                   R"(.scala:1)\nCaused by: java.x.YException: z")"),
       "Invalid kind: cobol"},
      {json_answer(500,
                   R"("java.util.concurrent.ExecutionException: java.util.NoSuchElementException)"
                   R"(: 933c9e46\n\tat a.b")"),
       "NoSuchElementException: 933c9e46"},
      {json_answer(500, R"("java.util.concurrent.CancellationException")"),
       "java.util.concurrent.CancellationException"},
      {json_answer(400, R"("Unexpected character\n at [Source: (x); line: 1, column: 3]")"),
       "Unexpected character"},
      {json_answer(502, R"({"error":{"code":"x","message":"Bad gateway"}})"), "Bad gateway"},
      {json_answer(403, R"({"RemoteException":{"message":"Permission denied"}})"),
       "Permission denied"},
      {json_answer(500, R"({"msg":["no","text"]})"), ""},
      {json_answer(500, "[]"), ""},
      {json_answer(403, ""), ""},
      {page(400, jetty_page), "Missing Required Header for CSRF protection."},
      {page(500, knox_page), "Server Error"},
      {page(503, "<HTML><HEAD><TITLE>503 Service\n Unavailable &amp; more</TITLE></HEAD>"),
       "503 Service Unavailable & more"},
      {page(502, "<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"), "502 Bad Gateway"},
      {page(404, ""), ""},
      {answer(500, "", "  <html><title>No type</title>"), "No type"},
      {answer(429, "text/plain", "slow down\nplease\n"), "slow down please"},
      {answer(500, "text/plain", "bad \xff byte"), "bad \uFFFD byte"},
  };
  for (const auto& c : cases) EXPECT_EQ(server_words(c.answer), c.words) << c.answer.body;
}

TEST(ServerWords, AreOneShortLine) {
  const auto words = server_words(json_answer(400, json(std::string(2000, 'w')).dump()));
  EXPECT_EQ(words, std::string(500, 'w') + "…");
}

struct failure_case {
  http::response answer;
  failure_kind kind;
  std::string message;
};

http::response with_header(http::response made, std::string name, std::string value) {
  made.headers.add(std::move(name), std::move(value));
  return made;
}

TEST(Failure, SaysWhatAStatusMeans) {
  const std::string not_livy = "https://gw.example.com answers, but not as a Livy server (";
  const failure_case cases[] = {
      {page(200, "<html><head><title> Sign in </title></head>"), failure_kind::not_livy,
       not_livy + "it sent a web page titled \"Sign in\"). Check the URL."},
      {page(200, "<p>hello</p>"), failure_kind::not_livy,
       not_livy + "it sent a web page). Check the URL."},
      {answer(200, "text/plain", "hello"), failure_kind::not_livy,
       not_livy + "its answer is not JSON). Check the URL."},
      {json_answer(200, ""), failure_kind::not_livy,
       not_livy + "it sent an empty answer). Check the URL."},
      {json_answer(200, "{}"), failure_kind::not_livy,
       not_livy + "its answer is JSON of another kind). Check the URL."},
      {with_header(page(302, ""), "Location", "https://sso.example.com/login?back=secret"),
       failure_kind::not_livy, not_livy + "it redirects to sso.example.com). Check the URL."},
      {with_header(page(302, ""), "Location", "/login"), failure_kind::not_livy,
       not_livy + "it redirects to another page). Check the URL."},
      {page(401, "<html>"), failure_kind::unauthorized,
       "gw.example.com wants to know who you are, and does not say how. Set \"auth\" in the "
       "profile."},
      {with_header(page(401, ""), "WWW-Authenticate", "BEARER realm=x"), failure_kind::unauthorized,
       "gw.example.com asks for a token. Set \"auth\": {\"type\": \"bearer\"} in the profile, or "
       "--auth bearer."},
      {with_header(page(401, ""), "WWW-Authenticate", "Negotiate"), failure_kind::unauthorized,
       "gw.example.com asks for a Kerberos ticket. Set \"auth\": {\"type\": \"kerberos\"} in the "
       "profile, or --auth kerberos."},
      {with_header(page(401, ""), "WWW-Authenticate", "BASIC realm=\"application\""),
       failure_kind::unauthorized,
       "gw.example.com asks for a user name and a password. Set \"auth\": {\"type\": \"basic\"} in "
       "the profile, or --auth basic."},
      {page(407, ""), failure_kind::unauthorized,
       "A proxy in front of gw.example.com asks for authentication."},
      {json_answer(403, R"({"msg":"User 'a' not allowed to impersonate 'Some(b)'."})"),
       failure_kind::forbidden,
       "The server does not allow you to stop it: User 'a' not allowed to impersonate 'Some(b)'."},
      {answer(403, "", ""), failure_kind::forbidden, "The server does not allow you to stop it."},
      {json_answer(404, R"({"msg":"Session '5' not found."})"), failure_kind::not_found,
       "The server could not stop it: Session '5' not found."},
      {page(404, ""), failure_kind::not_livy,
       not_livy + "there is nothing at /gateway/x/livy/sessions/5). Check the URL."},
      {json_answer(404, R"({"message":"no Route matched with those values"})"),
       failure_kind::not_livy,
       not_livy + "there is nothing at /gateway/x/livy/sessions/5). Check the URL."},
      {json_answer(400, R"({"msg":"Rejected, Reason: Invalid time string: soon"})"),
       failure_kind::rejected,
       "The server refused to stop it: Rejected, Reason: Invalid time string: soon."},
      {json_answer(406, R"({"msg":"No value found for '99'"})"), failure_kind::rejected,
       "The server refused to stop it: No value found for '99'."},
      {answer(431, "", ""), failure_kind::rejected,
       "The server refused to stop it: it answered 431 Reason."},
      {answer(429, "text/plain", "slow down"), failure_kind::server_error,
       "The server failed to stop it: slow down."},
      {page(503, "<title>503 Service Unavailable</title>"), failure_kind::server_error,
       "The server failed to stop it: 503 Service Unavailable."},
      {json_answer(500, R"("java.lang.IllegalStateException: RPC channel is closed.")"),
       failure_kind::server_error, "The server failed to stop it: RPC channel is closed."},
  };
  for (const auto& c : cases) {
    const auto reason = failure_from(c.answer, gateway(), "stop it");
    EXPECT_EQ(reason.kind(), c.kind) << c.message;
    EXPECT_EQ(reason.message(), c.message);
    EXPECT_THAT(reason.detail(), Not(HasSubstr("secret")));
  }
}

TEST(SessionFailure, TellsAGoneSessionFromAGatewaysPage) {
  const failure_case cases[] = {
      {json_answer(404, R"({"msg":"Session '5' not found."})"), failure_kind::session_lost,
       "The session is gone: it was deleted, it expired, or the server restarted. Start a new "
       "one."},
      {json_answer(400, R"({"msg":"requirement failed: Session isn't active."})"),
       failure_kind::session_lost, "The session has ended. Start a new one."},
      {json_answer(500, R"("java.lang.IllegalStateException: RPC channel is closed.")"),
       failure_kind::session_lost,
       "The server has lost its connection to the session's driver. Start a new one."},
      {json_answer(500,
                   R"("java.util.concurrent.ExecutionException: java.net.ConnectException: Conn)"
                   R"(ection refused: host/10.0.0.1:10000")"),
       failure_kind::session_lost,
       "The server has lost its connection to the session's driver. Start a new one."},
      {json_answer(500, R"("java.lang.IllegalStateException: Session is in state dead")"),
       failure_kind::session_lost, "The session has ended. Start a new one."},
      {json_answer(500, R"("java.lang.IllegalStateException: Session is in state starting")"),
       failure_kind::server_error, "The server failed to stop it: Session is in state starting."},
      {json_answer(500, R"("java.util.concurrent.CancellationException")"),
       failure_kind::server_error,
       "The server failed to stop it: java.util.concurrent.CancellationException."},
      {json_answer(404, R"("Statement not found")"), failure_kind::not_found,
       "The server could not stop it: Statement not found."},
      {page(500, "<title>Connection refused</title>"), failure_kind::server_error,
       "The server failed to stop it: Connection refused."},
      {page(404, "<title>Session not found</title>"), failure_kind::not_livy,
       "https://gw.example.com answers, but not as a Livy server (there is nothing at "
       "/gateway/x/livy/sessions/5). Check the URL."},
  };
  for (const auto& c : cases) {
    const auto reason = session_failure_from(c.answer, gateway(), "stop it");
    EXPECT_EQ(reason.kind(), c.kind) << c.message;
    EXPECT_EQ(reason.message(), c.message);
  }
}

TEST(JsonBody, IsParsedOrExplained) {
  EXPECT_EQ(json_body(json_answer(201, R"({"id":1})"), gateway(), "x")["id"], 1);
  const auto login = page(200, "<title>Sign in</title>");
  EXPECT_THAT(failure_of([&] { json_body(login, gateway(), "x"); }).message(),
              HasSubstr("a web page titled \"Sign in\""));
}

TEST(Version, IsReadFromWhateverTheServerWrote) {
  struct version_case {
    json body;
    int major;
    int minor;
    bool embedded;
  };
  const version_case cases[] = {
      {{{"version", "0.9.0-incubating"}}, 0, 9, false},
      {{{"version", "1.12"}}, 1, 12, false},
      {{{"version", "0.8.0.7.1.9-387"}}, 0, 8, false},
      {{{"version", "2"}}, 2, 0, false},
      {{{"version", "unknown"}}, 0, 0, false},
      {{{"version", nullptr}}, 0, 0, false},
      {json::array(), 0, 0, false},
      {{{"version", "0.9.0-livyd"}}, 0, 9, true},
      {{{"version", "99999999999999.1"}}, 0, 0, false},
      {{{"version", "0.9.0-incubating"}, {"livyd", "0.1.0"}}, 0, 9, true},
  };
  for (const auto& c : cases) {
    const auto version = read_version(c.body);
    EXPECT_EQ(version.major, c.major) << c.body;
    EXPECT_EQ(version.minor, c.minor) << c.body;
    EXPECT_EQ(version.embedded, c.embedded) << c.body;
  }
}

session_request everything() {
  session_request wanted;
  wanted.name = "n";
  wanted.proxy_user = "p";
  wanted.queue = "q";
  wanted.driver_memory = "1g";
  wanted.executor_memory = "2g";
  wanted.ttl = "10h";
  wanted.idle_timeout = "1h";
  wanted.driver_cores = 1;
  wanted.executor_cores = 2;
  wanted.executor_count = 3;
  wanted.heartbeat_timeout_seconds = 0;
  wanted.jars = {"a.jar"};
  wanted.py_files = {"a.py"};
  wanted.files = {"f"};
  wanted.archives = {"z.zip"};
  wanted.conf = {{"spark.x", "y"}};
  return wanted;
}

TEST(SessionBody, HoldsWhatTheVersionKnowsAndNamesTheRest) {
  struct body_case {
    std::string version;
    std::vector<std::string> left_out;
  };
  const body_case cases[] = {
      {"0.9.0-incubating", {}},
      {"1.0.0-SNAPSHOT", {}},
      {"0.8.0-incubating", {"idleTimeout"}},
      {"0.7.1-incubating", {"ttl", "idleTimeout"}},
      {"0.5.0", {"ttl", "idleTimeout"}},
      {"", {"ttl", "idleTimeout"}},
  };
  const json whole{{"kind", "pyspark"},
                   {"name", "n"},
                   {"proxyUser", "p"},
                   {"queue", "q"},
                   {"driverMemory", "1g"},
                   {"executorMemory", "2g"},
                   {"ttl", "10h"},
                   {"idleTimeout", "1h"},
                   {"driverCores", 1},
                   {"executorCores", 2},
                   {"numExecutors", 3},
                   {"heartbeatTimeoutInSecond", 0},
                   {"jars", {"a.jar"}},
                   {"pyFiles", {"a.py"}},
                   {"files", {"f"}},
                   {"archives", {"z.zip"}},
                   {"conf", {{"spark.x", "y"}}}};
  for (const auto& c : cases) {
    auto expected = whole;
    for (const auto& name : c.left_out) expected.erase(name);
    std::vector<std::string> left_out;
    EXPECT_EQ(session_body(everything(), read_version({{"version", c.version}}), left_out),
              expected);
    EXPECT_EQ(left_out, c.left_out) << c.version;
  }
}

TEST(SessionBody, SendsNothingThatWasNotSaid) {
  std::vector<std::string> left_out;
  EXPECT_EQ(session_body({}, {}, left_out), json({{"kind", "pyspark"}}));
  EXPECT_TRUE(left_out.empty());
}

TEST(Session, IsReadTolerantly) {
  const auto view = read_session({{"id", "ab-1"},
                                  {"state", "warming_up"},
                                  {"log", "one\ntwo"},
                                  {"appInfo", {{"sparkUiUrl", "http://ui"}, {"driverLogUrl", 5}}},
                                  {"appId", nullptr},
                                  {"name", 12}});
  EXPECT_EQ(view.id, "ab-1");
  EXPECT_EQ(view.name, "12");
  EXPECT_EQ(view.phase(), session_phase::starting);
  EXPECT_EQ(view.spark_ui_url, "http://ui");
  EXPECT_EQ(view.driver_log_url, "5");
  EXPECT_THAT(view.log, testing::ElementsAre("one", "two"));
  EXPECT_EQ(read_session({{"id", 7}, {"state", "idle"}}).id, "7");
}

TEST(Session, NeedsAnIdAndAState) {
  const json bodies[] = {json(nullptr),
                         json::array(),
                         json("text"),
                         json::object(),
                         {{"id", 1}},
                         {{"state", "idle"}},
                         {{"id", nullptr}, {"state", "idle"}},
                         {{"id", json::array()}, {"state", "idle"}}};
  for (const auto& body : bodies) {
    EXPECT_EQ(failure_of([&] { read_session(body); }).kind(), failure_kind::not_livy) << body;
    EXPECT_EQ(failure_of([&] { read_session_page(body); }).kind(), failure_kind::not_livy) << body;
    EXPECT_EQ(failure_of([&] { read_log_page(body); }).kind(), failure_kind::not_livy) << body;
  }
}

TEST(SessionPhase, CoversLivysWordsAndThoseOfOthers) {
  const std::pair<std::string, session_phase> words[] = {{"not_started", session_phase::starting},
                                                         {"starting", session_phase::starting},
                                                         {"recovering", session_phase::starting},
                                                         {"whatever", session_phase::starting},
                                                         {"idle", session_phase::idle},
                                                         {"IDLE", session_phase::idle},
                                                         {"busy", session_phase::busy},
                                                         {"running", session_phase::busy},
                                                         {"shutting_down", session_phase::ending},
                                                         {"error", session_phase::failed},
                                                         {"dead", session_phase::dead},
                                                         {"killed", session_phase::dead},
                                                         {"success", session_phase::dead}};
  for (const auto& [word, phase] : words) EXPECT_EQ(phase_of(word), phase) << word;
}

TEST(BaseUrl, IsTheServersRootHoweverItIsWritten) {
  const std::pair<std::string, std::string> urls[] = {
      {"http://host:8998", "http://host:8998/"},
      {"http://host:8998/", "http://host:8998/"},
      {"  http://host:8998//  ", "http://host:8998/"},
      {"http://host:8998/sessions", "http://host:8998/"},
      {"http://host:8998/sessions/", "http://host:8998/"},
      {"http://host:8998/sessions/12", "http://host:8998/"},
      {"http://host:8998/sessions/12/statements", "http://host:8998/"},
      {"http://host:8998/batches", "http://host:8998/"},
      {"http://host:8998/batches/3/", "http://host:8998/"},
      {"http://host:8998/ui", "http://host:8998/"},
      {"http://host:8998/ui/", "http://host:8998/"},
      {"http://host:8998/ui/session/3", "http://host:8998/"},
      {"http://host:8998/ui#top", "http://host:8998/"},
      {"http://host:8998/version", "http://host:8998/"},
      {"http://host:8998/sessions?from=1", "http://host:8998/"},
      {"https://gw/gateway/x/livy", "https://gw/gateway/x/livy"},
      {"https://gw/gateway/x/livy/v1/", "https://gw/gateway/x/livy/v1"},
      {"https://gw/gateway/x/livy/v1/sessions/", "https://gw/gateway/x/livy/v1"},
      {"https://gw:8443/a%20b/livy/sessions", "https://gw:8443/a%20b/livy"},
      {"https://gw/sessions/livy", "https://gw/sessions/livy"},
      {"https://[::1]:8998/ui", "https://[::1]:8998/"},
  };
  for (const auto& [text, root] : urls) EXPECT_EQ(base_url(text).shown(), root) << text;
  EXPECT_EQ(base_url("http://h/sessions?a=b").query, "");
}

TEST(BaseUrl, RefusesWhatIsNone) {
  for (const auto* text : {"", "host:8998", "ftp://host", "http://", "http://me:pw@host"}) {
    EXPECT_EQ(failure_of([&] { base_url(text); }).kind(), failure_kind::invalid_input) << text;
  }
}

}  // namespace
}  // namespace livyd::livy
