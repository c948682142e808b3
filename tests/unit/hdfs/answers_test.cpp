// What WebHDFS says, without a network.
#include "hdfs/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"

namespace livyd::hdfs {
namespace {

using testing::HasSubstr;
using testing::Not;

http::response answer(int status, std::string body) {
  http::response out;
  out.status = status;
  out.reason = "Reason";
  out.headers = {{"Content-Type", "application/json"}};
  out.body = std::move(body);
  return out;
}

http::response exception(int status, const std::string& name, const std::string& message) {
  return answer(status, concat(R"({"RemoteException":{"exception":")", name,
                               R"(","javaClassName":"org.apache.x.)", name, R"(","message":")",
                               message, "\"}}"));
}

const http::url root = http::parse_url("http://nn.example.com:9870/webhdfs/v1");

failure failed(const http::response& what) {
  return failure_from(what, "written", "/a/b", root);
}

TEST(Answers, AStackTraceIsCutToItsFirstLine) {
  const auto said = failed(
      exception(500, "RuntimeException", R"(no luck\n\tat org.apache.hadoop.Thing(Thing.java:1))"));
  EXPECT_EQ(said.message(), "/a/b was not written: no luck.");
  EXPECT_EQ(said.detail(), "RuntimeException (500)");
  EXPECT_EQ(said.kind(), failure_kind::server_error);
}

TEST(Answers, ExceptionsHaveTheirKinds) {
  const struct {
    int status;
    const char* name;
    failure_kind kind;
  } rows[] = {{404, "FileNotFoundException", failure_kind::not_found},
              {403, "AccessControlException", failure_kind::forbidden},
              {403, "SecurityException", failure_kind::forbidden},
              {403, "FileAlreadyExistsException", failure_kind::rejected},
              {403, "DSQuotaExceededException", failure_kind::rejected},
              {403, "PathIsNotEmptyDirectoryException", failure_kind::rejected},
              {403, "IOException", failure_kind::rejected},
              {400, "UnsupportedOperationException", failure_kind::unsupported},
              {400, "IllegalArgumentException", failure_kind::rejected},
              {500, "NullPointerException", failure_kind::server_error}};
  for (const auto& row : rows) {
    EXPECT_EQ(failed(exception(row.status, row.name, "m")).kind(), row.kind) << row.name;
  }
}

TEST(Answers, ARefusalSaysWhatToDo) {
  EXPECT_THAT(
      failed(exception(403, "DSQuotaExceededException", "The quota of /a is exceeded")).message(),
      HasSubstr("ask for more"));
  EXPECT_THAT(
      failed(exception(403, "AccessControlException", "Permission denied: user=bob")).message(),
      HasSubstr("Choose a folder"));
  EXPECT_EQ(failed(exception(404, "FileNotFoundException", "File does not exist: /a/b")).message(),
            "There is no /a/b in HDFS.");
  EXPECT_THAT(failed(answer(401, "<html>")).message(), HasSubstr("Check \"auth\""));
  EXPECT_THAT(failed(answer(404, "<html>")).message(), HasSubstr("Check \"webhdfs\""));
  EXPECT_THAT(failed(answer(503, "")).message(), HasSubstr("503"));
}

TEST(Answers, AnOldServersLongNameAndAWrappedExceptionAreUnderstood) {
  const auto old =
      remote_exception_in(exception(403, "org.apache.hadoop.security.AccessControlException", "m"));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->name, "AccessControlException");
  const auto wrapped =
      remote_exception_in(answer(403, R"({"RemoteException":{"exception":"RemoteException",
                     "javaClassName":"org.apache.hadoop.ipc.StandbyException","message":"m"}})"));
  ASSERT_TRUE(wrapped);
  EXPECT_TRUE(is_standby(*wrapped));
}

TEST(Answers, StandbyAndSafeModeAreKnownByNameAndByMessage) {
  EXPECT_TRUE(
      is_standby({"RemoteException", "Operation category READ is not supported in state standby"}));
  EXPECT_FALSE(is_standby({"IOException", "m"}));
  EXPECT_TRUE(is_passing({"RetriableException", "m"}));
  EXPECT_TRUE(is_passing({"SafeModeException", "m"}));
  EXPECT_TRUE(is_passing({"IOException", "Cannot create. Name node is in safe mode."}));
}

TEST(Answers, WhatIsNoJsonIsNoAnswer) {
  for (const auto* body :
       {"", "[]", "null", "<html>", "{\"FileStatus\": 5}", "{\"boolean\": \"x\"}",
        "{\"FileStatuses\": {\"FileStatus\": 3}}", "{\"Path\": 1}", "\xff\xfe"}) {
    const auto said = answer(200, body);
    EXPECT_FALSE(remote_exception_in(said)) << body;
    EXPECT_FALSE(status_in(said)) << body;
    EXPECT_FALSE(listing_in(said)) << body;
    EXPECT_FALSE(summary_in(said)) << body;
    EXPECT_FALSE(home_in(said)) << body;
    EXPECT_FALSE(boolean_in(said)) << body;
  }
}

TEST(Answers, AListingAndABatchAreReadAlike) {
  const std::string statuses =
      R"({"FileStatuses":{"FileStatus":[{"pathSuffix":"ä","type":"DIRECTORY","length":0},
         {"pathSuffix":"b","type":"FILE","length":5,"owner":"o","group":"g","permission":"644",
          "modificationTime":7,"replication":3}, 5]}})";
  const auto whole = listing_in(answer(200, statuses));
  ASSERT_TRUE(whole);
  ASSERT_EQ(whole->entries.size(), 2U);
  EXPECT_TRUE(whole->entries[0].folder);
  EXPECT_EQ(whole->entries[1].bytes, 5);
  EXPECT_EQ(whole->entries[1].modified, 7);
  EXPECT_EQ(whole->remaining, 0);
  const auto batch = listing_in(answer(200, concat(R"({"DirectoryListing":{"partialListing":)",
                                                   statuses, R"(,"remainingEntries":9}})")));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->entries.size(), 2U);
  EXPECT_EQ(batch->remaining, 9);
}

TEST(Answers, TheLocationIsTakenByteForByte) {
  auto header = answer(307, "");
  header.headers.set("Location", "https://gw:8443/x/data/v1/a%2Fb?_=AAAACAAAABA%2f==&x=%41+");
  const auto of_header = location_in(header, root);
  EXPECT_EQ(of_header.target(), "/x/data/v1/a%2Fb?_=AAAACAAAABA%2f==&x=%41+");
  const auto of_json = location_in(
      answer(200, "{\"Location\":\"http://dn:9864/webhdfs/v1/\u00e9%20+%25 x?op=CREATE\"}"), root);
  EXPECT_EQ(of_json.target(), "/webhdfs/v1/%C3%A9%20+%25%20x?op=CREATE");
}

TEST(Answers, ALocationThatCannotBeUsedIsNotQuoted) {
  auto bad = answer(307, "");
  bad.headers.set("Location", "dn:9864/x?delegation=TOKEN");
  try {
    location_in(bad, root);
    FAIL() << "nothing was thrown";
  } catch (const failure& reason) {
    EXPECT_EQ(reason.kind(), failure_kind::server_error);
    EXPECT_THAT(concat(reason.message(), reason.detail()), Not(HasSubstr("TOKEN")));
  }
}

}  // namespace
}  // namespace livyd::hdfs
