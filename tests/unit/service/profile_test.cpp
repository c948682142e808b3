#include "service/profile.hpp"

#include <gtest/gtest.h>

namespace livyd {
namespace {

using json = nlohmann::json;

std::string complaint(const std::string& name, const json& written) {
  try {
    read_profile(name, written);
  } catch (const failure& reason) {
    EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
    return reason.message();
  }
  return "no complaint";
}

TEST(Profile, ReadsEveryField) {
  const auto read = read_profile(
      "cluster",
      json::parse(R"({"url": "https://gw.example.com:8443/gateway/x/livy", "kind": "spark",
        "auth": {"type": "bearer"}, "tls": {"verify": false, "caFile": "/ca.pem"}, "confirm": true,
        "session": {"driverMemory": "4g", "executorCores": 2, "numExecutors": 3, "queue": "etl",
          "jars": ["a.jar"], "pyFiles": ["b.zip"], "conf": {"spark.a": 1, "spark.b": true, "c": "d"},
          "ttl": "1h", "heartbeatTimeoutInSecond": 0}})"));
  EXPECT_FALSE(read.local());
  EXPECT_EQ(read.session.kind, "spark");
  EXPECT_EQ(read.auth.kind, authentication_kind::bearer);
  EXPECT_FALSE(read.tls.verify);
  EXPECT_EQ(read.tls.ca_file, "/ca.pem");
  EXPECT_TRUE(read.confirm);
  EXPECT_EQ(read.session.driver_memory, "4g");
  EXPECT_EQ(read.session.executor_cores, 2);
  EXPECT_EQ(read.session.executor_count, 3);
  EXPECT_EQ(read.session.heartbeat_timeout_seconds, 0);
  EXPECT_EQ(read.session.jars, std::vector<std::string>{"a.jar"});
  const std::map<std::string, std::string> conf{{"c", "d"}, {"spark.a", "1"}, {"spark.b", "true"}};
  EXPECT_EQ(read.session.conf, conf);
}

struct bad_profile {
  const char* written;
  const char* complaint;
};

class BadProfile : public testing::TestWithParam<bad_profile> {};

TEST_P(BadProfile, SaysWhatIsWrong) {
  EXPECT_EQ(complaint("cluster", json::parse(GetParam().written)), GetParam().complaint);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadProfile,
    testing::Values(
        bad_profile{R"({"url": "http://a", "session": {"drivrMemory": "1g"}})",
                    "In profile \"cluster\": unknown field \"drivrMemory\". Did you mean "
                    "driverMemory?"},
        bad_profile{R"({"url": "http://a", "zzzzzzzz": 1})",
                    "In profile \"cluster\": unknown field \"zzzzzzzz\". Known are url, kind, "
                    "session, auth, tls, python, confirm, agent."},
        bad_profile{R"({"url": 5})", "In profile \"cluster\": \"url\" must be text in quotes."},
        bad_profile{R"({"url": "http://a", "confirm": "yes"})",
                    "In profile \"cluster\": \"confirm\" must be true or false."},
        bad_profile{R"({"url": "http://a", "session": {"driverCores": 1.5}})",
                    "In profile \"cluster\": \"session.driverCores\" must be a whole number of 0 "
                    "or more."},
        bad_profile{R"({"url": "http://a", "session": {"jars": "a.jar"}})",
                    "In profile \"cluster\": \"session.jars\" must be a list of texts."},
        bad_profile{R"({"url": "http://a", "session": {"conf": {"a": {}}}})",
                    "In profile \"cluster\": \"session.conf.a\" must be text, a number, true or "
                    "false."},
        bad_profile{R"({"url": "http://a", "session": []})",
                    "In profile \"cluster\": \"session\" must be an object."},
        bad_profile{R"({"url": "http://a", "kind": "pyspak"})",
                    "In profile \"cluster\": \"kind\" must be pyspark, spark, sparkr or sql."},
        bad_profile{R"({"url": "http://a", "auth": {"type": "kerbros"}})",
                    "In profile \"cluster\": \"auth.type\" must be \"none\" or \"bearer\"."},
        bad_profile{"[]", "In profile \"cluster\": it must be an object."},
        bad_profile{R"({"url": "http://a", "python": "python3"})",
                    "In profile \"cluster\": \"python\" is for the embedded endpoint only. For a "
                    "server set \"spark.pyspark.python\" in \"session.conf\"."}));

TEST(Profile, NeedsAUrl) {
  EXPECT_NE(complaint("cluster", json::object()).find("it has no \"url\""), std::string::npos);
}

TEST(Profile, IsLocalByNameOrByWord) {
  EXPECT_TRUE(read_profile("local", json::object()).local());
  EXPECT_TRUE(read_profile("mine", {{"url", "local"}, {"python", "/usr/bin/python3"}}).local());
}

TEST(ProfileSet, AlwaysHasLocalAndTellsProblems) {
  const profile_set profiles({{"bad", {{"urk", 1}}}, {"ok", {{"url", "http://h:1/sessions"}}}},
                             true, {});
  EXPECT_TRUE(profiles.at("local").local());
  EXPECT_EQ(profiles.at("ok").name, "ok");
  EXPECT_THROW(profiles.at("bad"), failure);
  const auto rows = profiles.summaries();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].name, "bad");
  EXPECT_TRUE(rows[0].problem.has_value());
  EXPECT_EQ(rows[2].url, "http://h:1/");
}

TEST(ProfileSet, NamesTheNearestProfile) {
  const profile_set profiles({{"cluster", {{"url", "http://h"}}}}, true, {});
  try {
    profiles.at("clutser");
    FAIL();
  } catch (const failure& reason) {
    EXPECT_EQ(reason.message(), "There is no profile \"clutser\". Did you mean cluster?");
  }
}

TEST(ProfileSet, AnUntrustedWorkspaceHasOnlyTheBuiltInLocal) {
  const profile_set profiles({{"local", {{"python", "/tmp/evil"}}}, {"c", {{"url", "http://h"}}}},
                             false, {});
  EXPECT_EQ(profiles.at("local").python, "");
  EXPECT_EQ(profiles.summaries().size(), 1U);
  EXPECT_THROW(profiles.at("c"), failure);
}

}  // namespace
}  // namespace livyd
