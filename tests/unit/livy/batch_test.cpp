// Batches as Livy shows and takes them.
#include "livy/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failure.hpp"
#include "livy/session.hpp"
#include "loop.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using lines = std::vector<std::string>;

batch_view in_state(std::string state) {
  batch_view seen;
  seen.id = "3";
  seen.state = std::move(state);
  return seen;
}

TEST(Batch, IsReadAsLivyShowsIt) {
  const auto seen = read_batch(json::parse(
      R"({"id":3,"name":"etl","owner":"alice","proxyUser":null,"state":"running",
          "appId":"application_1","appInfo":{"driverLogUrl":"http://n/l","sparkUiUrl":"http://n/u"},
          "log":["a","b"]})"));
  EXPECT_EQ(seen.id, "3");
  EXPECT_EQ(seen.name, "etl");
  EXPECT_EQ(seen.owner, "alice");
  EXPECT_EQ(seen.proxy_user, "");
  EXPECT_EQ(seen.application_id, "application_1");
  EXPECT_EQ(seen.driver_log_url, "http://n/l");
  EXPECT_EQ(seen.spark_ui_url, "http://n/u");
  EXPECT_THAT(seen.log, testing::ElementsAre("a", "b"));
}

TEST(Batch, OfAnOldServerHasNoName) {
  EXPECT_EQ(read_batch(json::parse(R"({"id":0,"state":"starting"})")).name, "");
}

TEST(Batch, IsNotReadFromSomethingElse) {
  for (const auto* text : {"[]", "{}", R"({"id":1})", R"({"state":"dead"})", "null"}) {
    const auto reason = test::failure_of([&] { read_batch(json::parse(text)); });
    EXPECT_EQ(reason.kind(), failure_kind::not_livy);
    EXPECT_THAT(reason.message(), HasSubstr("not a batch"));
  }
}

TEST(Batch, IsFinishedInLivysFourFinalStates) {
  for (const auto* state : {"success", "dead", "killed", "error", "SUCCESS"}) {
    EXPECT_TRUE(in_state(state).finished()) << state;
  }
  for (const auto* state : {"starting", "running", "recovering", "not_started", "else"}) {
    EXPECT_FALSE(in_state(state).finished()) << state;
  }
}

TEST(BatchPage, IsCalledSessions) {
  const auto page =
      read_batch_page(json::parse(R"({"from":0,"total":9,"sessions":[{"id":1,"state":"dead"}]})"));
  EXPECT_EQ(page.total, 9);
  ASSERT_EQ(page.batches.size(), 1U);
  EXPECT_EQ(page.batches[0].id, "1");
  EXPECT_EQ(test::failure_of([] { read_batch_page(json::parse("{}")); }).kind(),
            failure_kind::not_livy);
}

TEST(BatchBody, SendsNothingThatIsNotSet) {
  batch_request wanted;
  wanted.file = "hdfs:///a.py";
  EXPECT_EQ(batch_body(wanted), json({{"file", "hdfs:///a.py"}}));
}

TEST(BatchBody, HoldsWhatTheProfileSaysOfSessionsAndBatchesKnow) {
  session_request session;
  session.kind = "pyspark";
  session.ttl = "1h";
  session.idle_timeout = "1h";
  session.heartbeat_timeout_seconds = 5;
  session.proxy_user = "bob";
  session.queue = "q";
  session.driver_memory = "1g";
  session.executor_memory = "2g";
  session.driver_cores = 1;
  session.executor_cores = 2;
  session.executor_count = 3;
  session.jars = {"j"};
  session.py_files = {"p"};
  session.files = {"f"};
  session.archives = {"a"};
  session.conf = {{"k", "v"}};
  auto wanted = batch_of(session);
  wanted.file = "x";
  wanted.name = "n";
  wanted.arguments = {"--date", "", "ü"};
  EXPECT_EQ(batch_body(wanted), json::parse(R"({
    "file":"x","name":"n","args":["--date","","ü"],"proxyUser":"bob","queue":"q",
    "driverMemory":"1g","executorMemory":"2g","driverCores":1,"executorCores":2,"numExecutors":3,
    "jars":["j"],"pyFiles":["p"],"files":["f"],"archives":["a"],
    "conf":{"k":"v","spark.yarn.maxAppAttempts":"1"}})"));
}

TEST(BatchBody, LetsTheProfileSayHowManyAttemptsThereAre) {
  session_request session;
  session.conf = {{"spark.yarn.maxAppAttempts", "3"}};
  EXPECT_EQ(batch_of(session).conf.at("spark.yarn.maxAppAttempts"), "3");
}

TEST(WordsOfBatch, SayNothingWhereThereIsNothingToSay) {
  const lines log{"stdout: ", "26/11/21 03:49:26 ERROR X: y"};
  EXPECT_EQ(words_of_batch(in_state("success"), log), "");
  EXPECT_EQ(words_of_batch(in_state("running"), log), "");
  EXPECT_EQ(words_of_batch(in_state("starting"), log), "");
  EXPECT_EQ(words_of_batch(in_state("killed"), log), "");
}

TEST(WordsOfBatch, SayWhatYarnLetsItWaitFor) {
  const lines log{"stdout: ", "x", "\nYARN Diagnostics: ",
                  "[Sat Nov 21 04:48:44 +0000 2026] Application is added to the scheduler and is "
                  "waiting for resources"};
  EXPECT_THAT(words_of_batch(in_state("starting"), log), HasSubstr("YARN queue has no room"));
}

TEST(WordsOfBatch, SayWhoKilledItWhereYarnKnows) {
  const lines log{"stdout: ", "ValueError: x", "\nYARN Diagnostics: ",
                  "Application application_1 was killed by user alice at 10.0.0.1"};
  EXPECT_EQ(words_of_batch(in_state("killed"), log),
            "Application application_1 was killed by user alice at 10.0.0.1.");
}

TEST(WordsOfBatch, SayTheExceptionThatEndedIt) {
  const lines log{"stdout: ",
                  "printed",
                  "Traceback (most recent call last):",
                  "  File \"/x/job.py\", line 2, in <module>",
                  "    raise ValueError(\"boom.\")",
                  "ValueError: boom.",
                  "26/11/21 03:49:26 INFO ShutdownHookManager: Deleting directory /tmp/x",
                  "\nstderr: "};
  EXPECT_EQ(words_of_batch(in_state("dead"), log), "It failed: ValueError: boom.");
}

TEST(WordsOfBatch, DoNotTakeTheLastLineForTheReason) {
  const lines log{"stdout: ", "printed", "26/11/21 03:49:26 INFO ShutdownHookManager: Deleting /x"};
  EXPECT_EQ(words_of_batch(in_state("dead"), log), "It failed, and its log does not say why.");
  EXPECT_EQ(words_of_batch(in_state("error"), {}), "It failed, and its log does not say why.");
}

TEST(WordsOfBatch, TakeTheExceptionFromTheDriverInTheCluster) {
  const lines log{"stdout: ", "submitted",
                  "\nYARN Diagnostics: ", "User application exited with status 1"};
  EXPECT_EQ(words_of_batch(in_state("dead"), log),
            "It failed: User application exited with status 1.");
  EXPECT_EQ(
      words_of_batch(in_state("dead"), log,
                     {"Traceback (most recent call last):", "ZeroDivisionError: division by zero"}),
      "It failed: ZeroDivisionError: division by zero (User application exited with status "
      "1).");
}

}  // namespace
}  // namespace livyd::livy
