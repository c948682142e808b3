#include "service/profile_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/profile.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

struct imported {
  const char* title;
  const char* file;
  const char* profiles;
  std::vector<std::string> remarks;
};

class Import : public testing::TestWithParam<imported> {};

TEST_P(Import, GivesProfilesThatTheReaderTakes) {
  const auto out = import_profiles(GetParam().file, "mine");
  EXPECT_EQ(json(out.profiles), json::parse(GetParam().profiles));
  EXPECT_EQ(out.remarks, GetParam().remarks);
  for (const auto& [name, written] : out.profiles) {
    const auto values = process_variables({});
    EXPECT_NO_THROW(read_profile(name, resolved_profile(name, out.profiles, values)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Import,
    testing::Values(
        imported{"sparkmagic with Kerberos",
                 R"({"kernel_python_credentials": {"username": "", "password": "",
                      "url": "https://gw:8443/gateway/x/livy", "auth": "Kerberos"},
                     "kernel_scala_credentials": {"username": "", "password": "",
                      "url": "https://gw:8443/gateway/x/livy", "auth": "Kerberos"},
                     "session_configs": {"driverMemory": "1000M", "executorCores": 2,
                      "conf": {"spark.a": "b"}},
                     "livy_server_heartbeat_timeout_seconds": 60, "ignore_ssl_errors": false,
                     "custom_headers": {"X-Requested-By": "livy", "X-Team": "a"}})",
                 R"({"mine": {"url": "https://gw:8443/gateway/x/livy", "auth": {"type": "kerberos"},
                      "headers": {"X-Team": "a"},
                      "session": {"driverMemory": "1000M", "executorCores": 2,
                                  "conf": {"spark.a": "b"}, "heartbeatTimeoutInSecond": 60}}})",
                 {"The header \"X-Requested-By\" was left out: livyd sends it by itself."}},
        imported{
            "sparkmagic with a password",
            R"({"kernel_python_credentials": {"username": "alice", "password": "hunter2",
                      "url": "http://a:8998", "auth": "Basic_Access"},
                     "kernel_r_credentials": {"url": "http://b:8998", "auth": "None"},
                     "ignore_ssl_errors": true, "logging_config": {"version": 1},
                     "custom_headers": {"X-Auth-Token": "hunter3"}})",
            R"({"mine": {"url": "http://a:8998", "auth": {"type": "basic", "user": "alice"},
                      "tls": {"verify": false}},
                     "mine-r": {"url": "http://b:8998", "kind": "sparkr",
                      "tls": {"verify": false}}})",
            {"The header \"X-Auth-Token\" was left out: it may hold a secret. livyd asks for "
             "secrets; see \"auth\".",
             "\"ignore_ssl_errors\" was taken over: any certificate is accepted. Better name the "
             "authority in \"tls.caFile\".",
             "\"logging_config\" has no place in a profile and was left out.",
             "The value of \"password\" was not taken over: livyd asks for secrets and never "
             "writes them down."}},
        imported{"a console script",
                 R"({"name": "cluster", "livy_url": "https://gw/livy", "webhdfs_url":
                      "https://gw/webhdfs/v1", "driver_memory": "4g", "executor_memory": "8g",
                     "executor_cores": "4", "num_executors": 10, "ttl": "8h", "queue": "etl",
                     "proxy_user": "svc", "auth": "kerberos", "poll_interval": 2, "token": "t"})",
                 R"({"cluster": {"url": "https://gw/livy", "webhdfs": "https://gw/webhdfs/v1",
                      "auth": {"type": "kerberos"},
                      "session": {"driverMemory": "4g", "executorMemory": "8g", "executorCores": 4,
                                  "numExecutors": 10, "ttl": "8h", "queue": "etl",
                                  "proxyUser": "svc"}}})",
                 {"\"poll_interval\" has no place in a profile and was left out.",
                  "The value of \"token\" was not taken over: livyd asks for secrets and never "
                  "writes them down."}},
        imported{
            "a console script with Basic and nobody's name",
            R"({"livy_url": "https://gw/livy", "auth": "basic", "proxy": "http://p:3128",
                     "verify": false, "ca_file": "/ca.pem"})",
            R"({"mine": {"url": "https://gw/livy", "proxy": "http://p:3128",
                      "tls": {"verify": false, "caFile": "/ca.pem"},
                      "auth": {"type": "basic", "user": "${user}"}}})",
            {"The file names no user for Basic authentication: \"${user}\" stands for yours."}},
        imported{"an authentication from elsewhere",
                 R"({"livy_url": "https://gw/livy", "auth": "ntlm"})",
                 R"({"mine": {"url": "https://gw/livy"}})",
                 {"The authentication \"ntlm\" is not known here. Set \"auth\" in the profile."}}),
    [](const auto& info) {
      std::string name = info.param.title;
      for (auto& c : name) {
        if (c == ' ' || c == '\'') c = '_';
      }
      return name;
    });

TEST(ImportRefuses, WhatIsNeitherOfTheTwo) {
  for (const char* text :
       {"", "[]", "{}", "{\"a\": 1}", "{\"kernel_python_credentials\": {}}", "not json"}) {
    EXPECT_THROW(import_profiles(text, "x"), failure) << text;
  }
}

TEST(ImportedProfiles, NeverHoldASecret) {
  const auto out = import_profiles(
      R"({"kernel_python_credentials": {"username": "a", "base64_password": "aHVudGVyMg==",
          "password": "hunter2", "url": "http://a"}, "custom_headers":
          {"Authorization": "Basic hunter2", "Cookie": "hunter2"},
          "session_configs": {"secret": "hunter2"}})",
      "x");
  const auto all = json(out).dump();
  EXPECT_EQ(all.find("hunter2"), std::string::npos) << all;
  EXPECT_EQ(all.find("aHVudGVyMg"), std::string::npos) << all;
  EXPECT_THAT(out.remarks, Contains(HasSubstr("\"Authorization\" was left out")));
}

}  // namespace
}  // namespace livyd
