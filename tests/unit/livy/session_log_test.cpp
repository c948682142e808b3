// The line of a log that a person would quote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "livy/session.hpp"
#include "recording.hpp"

namespace livyd::livy {
namespace {

using lines = std::vector<std::string>;

struct log_case {
  std::string name;
  lines log;
  std::string reason;
};

const log_case reasons[] = {
    {"nothing", {}, ""},
    {"headings only", {"stdout: ", "\nstderr: ", "\nYARN Diagnostics: "}, ""},
    {"a machine that cannot start",
     {"stdout: ", "Error occurred during initialization of VM", "Too small maximum heap",
      "\nstderr: "},
     "Error occurred during initialization of VM: Too small maximum heap"},
    {"a missing file",
     {"stdout: ", "\nstderr: ", "26/11/21 03:49:26 INFO Client: Uploading",
      "Exception in thread \"main\" java.io.FileNotFoundException: File /no/such.py does not exist",
      "\tat org.apache.hadoop.fs.RawLocalFileSystem.open(RawLocalFileSystem.java:1)",
      "26/11/21 03:49:27 INFO ShutdownHookManager: Shutdown hook called",
      "\nYARN Diagnostics: ", "spark-submit start failed"},
     "java.io.FileNotFoundException: File /no/such.py does not exist"},
    {"the innermost cause",
     {"Exception in thread \"main\" org.apache.spark.SparkException: failed", "\tat a.b(C.java:1)",
      "Caused by: java.net.UnknownHostException: nowhere", "\t... 12 more"},
     "java.net.UnknownHostException: nowhere"},
    {"a warning's exception is not the reason",
     {"26/11/21 03:49:20 WARN SparkEntries: No Hive", "java.lang.ClassNotFoundException: hive",
      "\tat a.b(C.java:1)", "Caused by: java.x.DeepException: irrelevant",
      "26/11/21 03:49:27 ERROR SparkContext: Error initializing SparkContext.",
      "java.net.BindException: Address already in use", "\tat c.d(E.java:2)"},
     "java.net.BindException: Address already in use"},
    {"an error line without an exception",
     {"26/11/21 03:49:20 INFO A: b", "26/11/21 03:49:27 ERROR Utils: Uncaught trouble",
      "26/11/21 03:49:28 INFO A: bye"},
     "Utils: Uncaught trouble"},
    {"a Python that lacks a module",
     {"26/11/21 03:49:20 INFO A: b", "Traceback (most recent call last):",
      "  File \"/tmp/1\", line 3, in <module>", "ModuleNotFoundError: No module named 'py4j'"},
     "ModuleNotFoundError: No module named 'py4j'"},
    {"spark-submit's own words",
     {"Error: Cannot load main class from JAR", "Run with --help"},
     "Error: Cannot load main class from JAR"},
    {"a plain sentence",
     {"Cannot recover interactive session 21 because its RSCDriver URI is unknown."},
     "Cannot recover interactive session 21 because its RSCDriver URI is unknown."},
    {"no more than chatter",
     {"26/11/21 03:49:20 INFO A: b", "26/11/21 03:49:28 INFO A: bye"},
     "A: bye"},
    {"a queue without room",
     {"stdout: ", "\nstderr: ", "Exception in thread \"x\" a.BException: earlier",
      "\nYARN Diagnostics: ",
      "[Sat Nov 21 04:48:44 +0000 2026] Application is Activated, waiting for resources to be "
      "assigned for AM.  Details : AM Partition = <DEFAULT_PARTITION> ; much more"},
     "the YARN queue has no room (Application is Activated, waiting for resources to be assigned "
     "for AM.)"},
    {"Livy's own patience",
     {"\nYARN Diagnostics: ", "Application application_1_2 was killed by user livy at 127.0.0.1"},
     "Application application_1_2 was killed by user livy at 127.0.0.1 (Livy gives a driver 90 s "
     "to report; perhaps the YARN queue had no room)"},
    {"a killed container",
     {"\nYARN Diagnostics: \nApplication a failed 1 times (global limit =2; local limit is =1) due "
      "to AM Container for b exited with  exitCode: 137\nFailing this attempt."},
     "Application a failed 1 times (global limit =2; local limit is =1) due to AM Container for b "
     "exited with  exitCode: 137"},
    {"an unreadable file",
     {"\nYARN Diagnostics: ", "Application a failed 1 times due to … exitCode: -1000",
      "org.apache.hadoop.security.AccessControlException: Permission denied: user=livy",
      "\tat a.b(C.java:1)"},
     "org.apache.hadoop.security.AccessControlException: Permission denied: user=livy"},
};

TEST(ReasonInLog, IsTheLineThatSaysWhy) {
  for (const auto& c : reasons) EXPECT_EQ(reason_in_log(c.log), c.reason) << c.name;
}

TEST(ReasonInLog, IsShort) {
  const auto reason = reason_in_log({"Exception: " + std::string(5000, 'x')});
  EXPECT_EQ(reason.size(), 400U + std::string("…").size());
}

TEST(ReasonInLog, OfARealDeadInterpreterNamesItsLastException) {
  for (const auto& exchange : test::recorded_exchanges()) {
    if (exchange.step != "dead interpreter: session") continue;
    EXPECT_THAT(reason_in_log(read_session(exchange.body()).log),
                testing::StartsWith("ExecutionError: (<class 'py4j.protocol.Py4JJavaError'>"));
    return;
  }
  FAIL() << "the recording has no such step";
}

TEST(ProgressInLog, IsWhatTheSessionWaitsFor) {
  const std::pair<lines, std::string> cases[] = {
      {{}, ""},
      {{"stdout: ", "\nstderr: "}, ""},
      {{"\nstderr: ", "26/11/21 03:49:25 INFO Executor: Fetching a.jar", "\tat x.y(Z.java:1)"},
       "Executor: Fetching a.jar"},
      {{"26/11/21 03:49:25 INFO Client: Submitted", "\nYARN Diagnostics: ", ""},
       "Client: Submitted"},
      {{"26/11/21 03:49:25 INFO Client: Submitted", "\nYARN Diagnostics: ",
        "AM container is launched, waiting for AM container to Register with RM"},
       "AM container is launched, waiting for AM container to Register with RM"},
      {{"\nYARN Diagnostics: ",
        "[Sat Nov 21 04:48:44 +0000 2026] Application is added to the scheduler and is not yet "
        "activated. Queue's AM resource limit exceeded.  Details : x"},
       "the YARN queue has no room (Application is added to the scheduler and is not yet "
       "activated. Queue's AM resource limit exceeded.)"},
  };
  for (const auto& [log, progress] : cases) EXPECT_EQ(progress_in_log(log), progress);
}

TEST(SessionName, IsUniqueAndNeverDigits) {
  const auto name = new_session_name("ada", "cluster one/ä");
  EXPECT_THAT(name, testing::MatchesRegex("livyd-ada-cluster_one___-[0-9a-f]+"));
  EXPECT_EQ(name.size(), std::string("livyd-ada-cluster_one___-").size() + 8);
  EXPECT_NE(name, new_session_name("ada", "cluster one/ä"));
  EXPECT_LE(new_session_name(std::string(500, 'u'), std::string(500, 'p')).size(), 90U);
}

}  // namespace
}  // namespace livyd::livy
