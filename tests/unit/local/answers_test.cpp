// Who is let in, how bodies are read, and what Livy's answers look like: no network, no process.
#include <gmock/gmock.h>

#include "local/access.hpp"
#include "local/jackson.hpp"
#include "local/job_board.hpp"
#include "local/output.hpp"
#include "local/requests.hpp"
#include "local/state_file.hpp"

namespace livyd::local {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Access ------------------------------------------------------------------------------------------

http::server_request asking(http::fields headers) {
  http::server_request request;
  request.headers = std::move(headers);
  return request;
}

int status_for(http::fields headers) {
  const auto refusal = refusal_of(asking(std::move(headers)), "right");
  return refusal ? refusal->status : 0;
}

TEST(Access, IsForTheTokenOnLoopback) {
  EXPECT_EQ(status_for({{"Host", "127.0.0.1:80"}, {"Authorization", "Bearer right"}}), 0);
  EXPECT_EQ(status_for({{"Host", "LocalHost"}, {"authorization", "bearer right"}}), 0);
  EXPECT_EQ(status_for({{"Host", "[::1]:80"}, {"Authorization", "Bearer right"}}), 0);
}

TEST(Access, IsRefusedWithoutTheToken) {
  EXPECT_EQ(status_for({{"Host", "localhost"}}), 401);
  EXPECT_EQ(status_for({{"Host", "localhost"}, {"Authorization", "Bearer wrong"}}), 401);
  EXPECT_EQ(status_for({{"Host", "localhost"}, {"Authorization", "Bearer righ"}}), 401);
  EXPECT_EQ(status_for({{"Host", "localhost"}, {"Authorization", "Bearer right2"}}), 401);
  EXPECT_EQ(status_for({{"Host", "localhost"}, {"Authorization", "Basic right"}}), 401);
}

TEST(Access, IsRefusedToPagesAndForeignNamesEvenWithTheToken) {
  const std::pair<std::string, std::string> token{"Authorization", "Bearer right"};
  EXPECT_EQ(status_for({{"Host", "localhost"}, {"Origin", "null"}, token}), 403);
  EXPECT_EQ(status_for({{"Host", "evil.example:8080"}, token}), 403);
  EXPECT_EQ(status_for({{"Host", "127.0.0.1.evil.example"}, token}), 403);
  EXPECT_EQ(status_for({token}), 403);
}

// Bodies ------------------------------------------------------------------------------------------

template <class Work>
http::server_response refusal_from(Work work) {
  try {
    work();
  } catch (const refused& refusal) {
    return refusal.answer();
  }
  return message(0, "not refused");
}

http::server_response refusal_of_session(std::string_view body) {
  return refusal_from([body] { read_session_request(session_object(body)); });
}

struct refusal_case {
  const char* body;
  int status;
  const char* answer;
};

// The words are those of the recording.
TEST(SessionRequest, IsRefusedInLivysWords) {
  const refusal_case cases[] = {
      {R"({"kind":)", 400,
       R"("Unexpected end-of-input within/between Object entries\n at [Source: )"
       R"((org.eclipse.jetty.server.HttpInputOverHTTP); line: 1, column: 9]")"},
      {"[]", 400,
       R"("Cannot deserialize value of type `org.apache.livy.server.interactive.)"
       R"(CreateInteractiveRequest` from Array value (token `JsonToken.START_ARRAY`)\n at [Source: )"
       R"((org.eclipse.jetty.server.HttpInputOverHTTP); line: 1, column: 1]")"},
      {R"({"kind": "cobol"})", 400,
       R"("Invalid kind: cobol (through reference chain: org.apache.livy.server.interactive.)"
       R"_(CreateInteractiveRequest[\"kind\"])")_"},
      {R"({"name": "12345"})", 400, R"({"msg":"Rejected, Reason: Invalid session name: 12345"})"},
      {R"({"ttl": "soon"})", 400, R"({"msg":"Rejected, Reason: Invalid time string: soon"})"},
      {R"({"conf": {"spark.submit.deployMode": "cluster"}})", 400,
       R"({"msg":"Rejected, Reason: Blacklisted configuration values in session config: )"
       R"(spark.submit.deployMode"})"},
      {R"({"pyFiles": ["file:/no/such/file.py"]})", 400,
       R"({"msg":"Rejected, Reason: requirement failed: Local path /no/such/file.py cannot be )"
       R"(added to user sessions."})"},
      {"", 400,
       R"("No content to map due to end-of-input\n at [Source: )"
       R"((org.eclipse.jetty.server.HttpInputOverHTTP); line: 1, column: 0]")"},
  };
  for (const auto& one : cases) {
    const auto answer = refusal_of_session(one.body);
    EXPECT_EQ(answer.status, one.status) << one.body;
    EXPECT_EQ(answer.body, one.answer) << one.body;
  }
}

TEST(SessionRequest, NamesAnUnknownFieldAndWhereItStands) {
  const auto answer = refusal_of_session(R"({"kind": "pyspark", "colour": "red"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, StartsWith(R"("Unrecognized field \"colour\" (class org.apache.livy)"));
  EXPECT_THAT(answer.body, HasSubstr("line: 1, column: 32]"));
}

TEST(SessionRequest, FailsLateOnACountThatIsNone) {
  EXPECT_NO_THROW(session_object(R"({"driverCores": "many"})"));
  const auto answer = refusal_of_session(R"({"driverCores": "many"})");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, StartsWith(R"("java.lang.ClassCastException: )"));
}

TEST(SessionRequest, KeepsWhatWasAsked) {
  const auto request = read_session_request(session_object(
      R"({"kind": "python", "name": "n", "conf": {"spark.x": 5}, "executorCores": 2, "ttl": "600m",
          "heartbeatTimeoutInSecond": 60})"));
  EXPECT_EQ(request.kind, "pyspark");
  EXPECT_EQ(request.name, "n");
  EXPECT_EQ(request.conf.at("spark.x"), "5");
  EXPECT_EQ(request.executor_cores, 2);
  EXPECT_EQ(request.heartbeat_seconds, 60);
}

TEST(StatementRequest, MakesWindowsLineEndsPlain) {
  EXPECT_EQ(read_statement_request("{\"code\": \"a\\r\\nb\\rc\\n\"}").code, "a\nb\rc\n");
}

TEST(StatementRequest, IsRefusedInLivysWords) {
  const auto none = refusal_from([] { read_statement_request(R"({"kind": "pyspark"})"); });
  EXPECT_EQ(none.status, 500);
  EXPECT_THAT(none.body, HasSubstr("NullPointerException"));
  const auto other = refusal_from([] { read_statement_request("1+1"); });
  EXPECT_EQ(other.body,
            R"("Unexpected character ('+' (code 43)): Expected space separating root-level )"
            R"(values\n at [Source: (org.eclipse.jetty.server.HttpInputOverHTTP); line: 1, )"
            R"(column: 3]")");
  const auto unknown =
      refusal_from([] { read_statement_request(R"({"code": "1", "colour": "red"})"); });
  EXPECT_THAT(unknown.body, HasSubstr(R"(3 known properties: \"msg_type\", \"kind\", \"code\"])"));
  EXPECT_THAT(unknown.body, HasSubstr("column: 31]"));
}

TEST(StatementRequest, TakesHalfASurrogatePair) {
  EXPECT_EQ(read_statement_request(R"({"code": "\ud83d!"})").code, "\xEF\xBF\xBD!");
}

TEST(Durations, AreLivysTimeStrings) {
  using std::chrono::milliseconds;
  EXPECT_EQ(duration_of("600m"), milliseconds(36'000'000));
  EXPECT_EQ(duration_of("90s"), milliseconds(90'000));
  EXPECT_EQ(duration_of("5"), milliseconds(5));
  EXPECT_EQ(duration_of("2d"), milliseconds(172'800'000));
  EXPECT_EQ(duration_of("soon"), std::nullopt);
  EXPECT_EQ(duration_of("5x"), std::nullopt);
  EXPECT_EQ(duration_of(""), std::nullopt);
  EXPECT_TRUE(duration_of("9223372036854775807d"));
}

TEST(Numbers, AreReadAsJavaReadsThem) {
  EXPECT_EQ(java_int("-12"), -12);
  for (const char* text : {"first", "", "1 ", "99999999999", "0x1"}) {
    const auto answer = refusal_from([text] { java_int(text); });
    EXPECT_EQ(answer.status, 400) << text;
    EXPECT_THAT(answer.body, StartsWith(R"({"msg":"For input string: )"));
  }
}

TEST(Jackson, NamesTheFirstMistake) {
  const std::pair<const char*, const char*> cases[] = {
      {"from a child", "Unrecognized token 'from'"},
      {R"({"a": NaN})", "Non-standard token 'NaN'"},
      {R"({"a" 1})", "was expecting a colon"},
      {R"({"a": 1)", "Unexpected end-of-input: expected close marker for Object"},
      {R"("abc)", "was expecting closing quote"},
      {"{a: 1}", "was expecting double-quote to start field name"},
      {"[1 2]", "was expecting comma to separate Array entries"},
      {"01", "Leading zeroes"},
      {R"("\x")", "Unrecognized character escape 'x'"},
  };
  for (const auto& [text, words] : cases) {
    const auto complaint = complaint_about(text, "s");
    ASSERT_TRUE(complaint) << text;
    EXPECT_THAT(complaint->message, HasSubstr(words)) << text;
  }
  EXPECT_FALSE(complaint_about(R"( {"a": [1, -2.5e3, true, null, "\u00e9"]} )", "s"));
}

TEST(Jackson, StopsAtADepthThatWouldEndTheStack) {
  const auto complaint = complaint_about(std::string(100'000, '['), "s");
  ASSERT_TRUE(complaint);
  EXPECT_THAT(complaint->message, HasSubstr("nesting depth"));
}

// Outputs -----------------------------------------------------------------------------------------

TEST(Output, IsWhatTheShellAnswered) {
  EXPECT_EQ(
      output_of_reply(
          7, R"({"msg_type":"execute_reply","content":{"data":{"text/plain":"2"},"status":"ok"}})",
          false),
      R"({"status":"ok","execution_count":7,"data":{"text/plain":"2"}})");
}

constexpr const char* failed_reply =
    R"({"msg_type":"execute_reply","content":{"ename":"E","evalue":"v","traceback":["t\n"],)"
    R"("status":"error","data":{"text/plain":"before"}}})";

TEST(Output, KeepsWhatAFailedCellPrintedOnlyWhenAsked) {
  EXPECT_EQ(output_of_reply(1, failed_reply, true),
            R"({"status":"error","execution_count":1,"ename":"E","evalue":"v","traceback":["t\n"],)"
            R"("data":{"text/plain":"before"}})");
  EXPECT_THAT(output_of_reply(1, failed_reply, false), ::testing::Not(HasSubstr("before")));
}

TEST(Output, IsLivysComplaintAboutALineThatIsNoReply) {
  EXPECT_EQ(
      output_of_reply(32, "from a child", false),
      R"({"status":"error","execution_count":32,"ename":)"
      R"("com.fasterxml.jackson.core.JsonParseException","evalue":"Unrecognized token 'from': )"
      R"(was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n)"
      R"( at [Source: (String)\"from a child\"; line: 1, column: 5]","traceback":[]})");
  EXPECT_THAT(output_of_reply(1, "42", false), HasSubstr("org.json4s.MappingException"));
  EXPECT_THAT(output_of_reply(1, "", false), HasSubstr("No content to map"));
}

TEST(Output, MeasuresTextsAsJavaDoes) {
  const auto nested = [](const char* text) { return ordered_json{{"a", {1, {{"b", text}}}}}; };
  EXPECT_EQ(refused_text_length(nested("1234"), 4), 0U);
  EXPECT_EQ(refused_text_length(nested("12345"), 4), 5U);
  EXPECT_EQ(refused_text_length(nested("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"), 4), 0U);
  EXPECT_EQ(refused_text_length(nested("\xF0\x9F\x9A\x80\xF0\x9F\x9A\x80"), 3), 4U);
}

TEST(Output, RefusesATextBeyondJacksonsLimit) {
  const ordered_json content = {{"status", "ok"},
                                {"data", {{"text/plain", std::string(text_limit + 1, 'x')}}}};
  EXPECT_EQ(output_of_content(3, content, false),
            R"_({"status":"error","execution_count":3,"ename":)_"
            R"_("com.fasterxml.jackson.core.exc.StreamConstraintsException","evalue":)_"
            R"_("String value length (20000001) exceeds the maximum allowed (20000000, from )_"
            R"_(`StreamReadConstraints.getMaxStringLength()`)","traceback":[]})_");
}

TEST(Output, SurvivesHalfASurrogatePair) {
  EXPECT_THAT(
      output_of_reply(
          1,
          R"({"msg_type":"execute_reply","content":{"status":"ok","data":{"text/plain":"\ud83d"}}})",
          false),
      HasSubstr("\xEF\xBF\xBD"));
}

// Jobs --------------------------------------------------------------------------------------------

TEST(Jobs, TellTheirEndOnce) {
  job_board jobs;
  const auto id = jobs.add();
  EXPECT_EQ(id, 1);
  EXPECT_EQ(jobs.tell(id).body, R"({"id":1,"state":"SENT","result":null,"error":null})");
  jobs.started(id);
  EXPECT_THAT(jobs.tell(id).body, HasSubstr("STARTED"));
  jobs.succeeded(id, "cmVzdWx0");
  EXPECT_EQ(jobs.tell(id).body, R"({"id":1,"state":"SUCCEEDED","result":"cmVzdWx0","error":null})");
  EXPECT_EQ(jobs.tell(id).status, 500);
  EXPECT_THAT(jobs.tell(id).body, HasSubstr("RpcException: java.util.NoSuchElementException"));
}

TEST(Jobs, ThatNeverWereAreAnError) {
  job_board jobs;
  const auto answer = refusal_from([&jobs] { jobs.tell(9999); });
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, R"("java.util.NoSuchElementException: key not found: 9999")");
}

TEST(Jobs, ThatWereCancelledStayCancelled) {
  job_board jobs;
  const auto id = jobs.add();
  jobs.cancelled(id);
  jobs.succeeded(id, "late");
  EXPECT_THAT(jobs.tell(id).body, HasSubstr("CANCELLED"));
}

// The state file ----------------------------------------------------------------------------------

TEST(StateFile, IsReadAsItWasWritten) {
  const auto read = endpoint_state_from(
      text_of({.url = "http://127.0.0.1:1", .token = "t", .version = "v", .process = 7}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->url, "http://127.0.0.1:1");
  EXPECT_EQ(read->token, "t");
  EXPECT_EQ(read->version, "v");
  EXPECT_EQ(read->process, 7);
}

TEST(StateFile, IsNoneWhenItCannotBeUnderstood) {
  for (const char* text : {"", "{", "[]", R"({"url":"u"})", R"({"url":1,"token":2})"}) {
    EXPECT_FALSE(endpoint_state_from(text)) << text;
  }
}

}  // namespace
}  // namespace livyd::local
