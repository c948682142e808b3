#include "service/profile.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/text.hpp"
#include "test_data.hpp"

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
        "auth": {"type": "bearer", "tokenCommand": "token"}, "confirm": true,
        "tls": {"verify": false, "caFile": "/ca.pem", "caFolder": "/cas", "certificate": "/me.pem",
          "key": "/me.key", "encryptedKey": true},
        "proxy": {"url": "http://proxy:3128", "bypass": [".local"],
          "auth": {"type": "basic", "user": "bob"}},
        "headers": {"X-Team": "a b"}, "redirectHosts": ["livy2:8998"], "allowInsecure": true,
        "webhdfs": "https://gw/webhdfs/v1",
        "session": {"driverMemory": "4g", "executorCores": 2, "numExecutors": 3, "queue": "etl",
          "jars": ["a.jar"], "pyFiles": ["b.zip"], "conf": {"spark.a": 1, "spark.b": true, "c": "d"},
          "ttl": "1h", "heartbeatTimeoutInSecond": 0}})"));
  EXPECT_FALSE(read.local());
  EXPECT_EQ(read.session.kind, "spark");
  EXPECT_EQ(read.auth.kind, authentication_kind::bearer);
  EXPECT_FALSE(read.tls.verify);
  EXPECT_EQ(read.auth.token_command, "token");
  EXPECT_EQ(read.tls.ca_file, "/ca.pem");
  EXPECT_EQ(read.tls.ca_folder, "/cas");
  EXPECT_EQ(read.tls.certificate, "/me.pem");
  EXPECT_EQ(read.tls.key, "/me.key");
  EXPECT_TRUE(read.encrypted_key);
  EXPECT_EQ(read.proxy.from, http::proxy_settings::choice::own);
  EXPECT_EQ(read.proxy.url, "http://proxy:3128");
  EXPECT_EQ(read.proxy.bypass, std::vector<std::string>{".local"});
  EXPECT_EQ(read.proxy.user, "bob");
  EXPECT_EQ(read.headers.get("x-team"), "a b");
  EXPECT_EQ(read.redirect_hosts, std::vector<std::string>{"livy2:8998"});
  EXPECT_TRUE(read.allow_insecure);
  EXPECT_EQ(read.webhdfs, std::vector<std::string>{"https://gw/webhdfs/v1"});
  const std::vector<protocol::SecretKind> asked{protocol::SecretKind::key_passphrase,
                                                protocol::SecretKind::proxy_password};
  EXPECT_EQ(secrets_of(read), asked);
  EXPECT_TRUE(read.confirm);
  EXPECT_EQ(read.session.driver_memory, "4g");
  EXPECT_EQ(read.session.executor_cores, 2);
  EXPECT_EQ(read.session.executor_count, 3);
  EXPECT_EQ(read.session.heartbeat_timeout_seconds, 0);
  EXPECT_EQ(read.session.jars, std::vector<std::string>{"a.jar"});
  const std::map<std::string, std::string> conf{{"c", "d"}, {"spark.a", "1"}, {"spark.b", "true"}};
  EXPECT_EQ(read.session.conf, conf);
}

TEST(Profile, ReadsKerberos) {
  const auto read = read_profile("cluster", json::parse(R"({"url": "https://gw", "auth":
    {"type": "kerberos", "principal": "a@R", "keytab": "/k", "cache": "FILE:/c", "service": "HTTP@x",
     "delegate": true, "mutual": "required"}, "proxy": "none"})"));
  EXPECT_EQ(read.auth.kind, authentication_kind::kerberos);
  EXPECT_EQ(read.auth.kerberos.principal, "a@R");
  EXPECT_EQ(read.auth.kerberos.keytab, "/k");
  EXPECT_EQ(read.auth.kerberos.cache, "FILE:/c");
  EXPECT_EQ(read.auth.kerberos.service, "HTTP@x");
  EXPECT_TRUE(read.auth.kerberos.delegate);
  EXPECT_EQ(read.auth.kerberos.mutual, http::mutual_authentication::required);
  EXPECT_EQ(read.proxy.from, http::proxy_settings::choice::direct);
  EXPECT_TRUE(secrets_of(read).empty());
}

TEST(Profile, AsksForWhatItsAuthenticationNeeds) {
  const auto asked = [](const char* auth) {
    return secrets_of(read_profile("c", {{"url", "https://h"}, {"auth", json::parse(auth)}}));
  };
  using kinds = std::vector<protocol::SecretKind>;
  EXPECT_EQ(asked(R"({"type": "basic", "user": "a"})"), kinds{protocol::SecretKind::password});
  EXPECT_EQ(asked(R"({"type": "bearer"})"), kinds{protocol::SecretKind::token});
  EXPECT_EQ(asked(R"({"type": "bearer", "tokenCommand": "t"})"), kinds{});
}

TEST(Profile, TheEmbeddedEndpointNeedsNothingOfWhatItsBaseSays) {
  EXPECT_TRUE(secrets_of(read_profile("development", json::parse(R"({"url": "local",
    "auth": {"type": "basic", "user": "a"}})")))
                  .empty());
}

TEST(Profile, AProxyIsTheEnvironmentsUnlessItSaysOtherwise) {
  const auto from = [](const json& proxy) {
    return read_profile("c", {{"url", "https://h"}, {"proxy", proxy}}).proxy.from;
  };
  EXPECT_EQ(from(nullptr), http::proxy_settings::choice::environment);
  EXPECT_EQ(from("environment"), http::proxy_settings::choice::environment);
  EXPECT_EQ(from("none"), http::proxy_settings::choice::direct);
  EXPECT_EQ(from("http://p:1"), http::proxy_settings::choice::own);
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
                    "session, auth, tls, proxy, headers, redirectHosts, allowInsecure, webhdfs, "
                    "deploy, python, confirm, agent, extends, abstract."},
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
                    "In profile \"cluster\": \"auth.type\" must be \"none\", \"basic\", "
                    "\"bearer\" or \"kerberos\"."},
        bad_profile{
            R"({"url": "http://a", "auth": {"type": "basic"}})",
            "In profile \"cluster\": \"auth.user\" must be the name to log in with, without "
            "a colon."},
        bad_profile{R"({"url": "http://a", "auth": {"type": "kerberos", "user": "a"}})",
                    "In profile \"cluster\": \"auth.user\" belongs to the type \"basic\", and the "
                    "type is \"kerberos\". Remove it, or change the type."},
        bad_profile{R"({"url": "http://a", "auth": {"tokenCommand": "a"}})",
                    "In profile \"cluster\": \"auth.tokenCommand\" belongs to the type \"bearer\", "
                    "and the type is \"none\". Remove it, or change the type."},
        bad_profile{R"({"url": "http://a", "auth": {"type": "kerberos", "mutual": "yes"}})",
                    "In profile \"cluster\": \"auth.mutual\" must be \"off\", \"optional\" or "
                    "\"required\"."},
        bad_profile{R"({"url": "http://a", "auth": {"type": "basic", "password": "x"}})",
                    "In profile \"cluster\": unknown field \"password\". Known are type, user, "
                    "tokenCommand, principal, keytab, cache, service, delegate, mutual."},
        bad_profile{R"({"url": "http://a", "tls": {"key": "k"}})",
                    "In profile \"cluster\": \"tls\" has a key and no \"certificate\". Name the "
                    "certificate that the key belongs to."},
        bad_profile{
            R"({"url": "http://a", "proxy": {"url": "http://p", "auth": {"type": "bearer"}}})",
            "In profile \"cluster\": \"proxy.auth.type\" must be \"none\", \"basic\" or "
            "\"kerberos\"."},
        bad_profile{R"({"url": "http://a", "headers": {"Host": "b"}})",
                    "In profile \"cluster\": \"headers.Host\" cannot be set here: livyd writes it "
                    "itself. Remove it."},
        bad_profile{R"({"url": "http://a", "headers": {"authorization": "b"}})",
                    "In profile \"cluster\": \"headers.authorization\" cannot be set here: set "
                    "\"auth\" instead."},
        bad_profile{
            R"({"url": "http://a", "headers": {"Cookie": "b"}})",
            "In profile \"cluster\": \"headers.Cookie\" cannot be set here: livyd keeps the "
            "server's cookies itself. Remove it."},
        bad_profile{R"({"url": "http://a", "headers": {"X-A": "b\r\nHost: c"}})",
                    "In profile \"cluster\": \"headers.X-A\" must be one line of text."},
        bad_profile{R"({"url": "http://a", "headers": {"X A": "b"}})",
                    "In profile \"cluster\": \"headers.X A\" is not the name of a header."},
        bad_profile{R"({"url": "http://a", "redirectHosts": ["http://b"]})",
                    "In profile \"cluster\": \"redirectHosts\" must be a list of hosts, like "
                    "\"livy2.example.com:8998\"."},
        bad_profile{R"({"url": "http://a", "deploy": {"by": "ftp"}})",
                    "In profile \"cluster\": \"deploy.by\" must be \"webhdfs\", \"livy\" or "
                    "\"session\"."},
        bad_profile{R"({"url": "http://a", "deploy": {"root": "livyd"}})",
                    "In profile \"cluster\": \"deploy.root\" must be an absolute path on HDFS, "
                    "such as \"/user/alice/livyd\"."},
        bad_profile{R"({"url": "http://a", "deploy": {"bundles": {}}})",
                    "In profile \"cluster\": \"deploy.bundles\" must be a list of objects."},
        bad_profile{R"({"url": "http://a", "deploy": {"bundles": [{"name": "a/b"}]}})",
                    "In profile \"cluster\": \"deploy.bundles[0].name\" must be a name of letters, "
                    "digits, \"_\", \"-\" and \".\"."},
        bad_profile{R"({"url": "http://a", "deploy": {"bundles": [{"name": "a", "as": "egg"}]}})",
                    "In profile \"cluster\": \"deploy.bundles[0].as\" must be \"pyFiles\", "
                    "\"jars\", \"files\" or \"archives\"."},
        bad_profile{R"({"url": "http://a", "deploy": {"bundles": [{"name": "a", "alias": "b"}]}})",
                    "In profile \"cluster\": \"deploy.bundles[0].alias\" is for \"as\": "
                    "\"archives\" only."},
        bad_profile{R"({"url": "http://a", "deploy": {"bundles": [{"name": "a"}, {"name": "a"}]}})",
                    "In profile \"cluster\": \"deploy.bundles\" has two bundles with the name "
                    "\"a\". Rename one of them."},
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

// ---------------------------------------------------------------- extends and variables

variable_values values_here() {
  variable_values out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "AD_USER" ? std::optional<std::string>("alice") : std::nullopt;
  };
  out.workspace_folder = "/home/me/project";
  out.user_home = "/home/me";
  out.user = "me";
  return out;
}

json resolved(const std::string& name, const char* written) {
  return resolved_profile(name, json::parse(written).get<std::map<std::string, json>>(),
                          values_here());
}

std::string unresolved(const std::string& name, const char* written) {
  try {
    return resolved(name, written).dump();
  } catch (const failure& reason) {
    EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
    return reason.message();
  }
}

TEST(Profile, WebHdfsIsOneRootOrSeveral) {
  const auto roots = [](const char* webhdfs) {
    return read_profile("p", {{"url", "https://h"}, {"webhdfs", json::parse(webhdfs)}}).webhdfs;
  };
  EXPECT_EQ(roots(R"("http://nn1:9870/webhdfs/v1")").size(), 1U);
  EXPECT_EQ(roots(R"(["http://nn1:9870/webhdfs/v1", "http://nn2:9870/webhdfs/v1"])").size(), 2U);
  EXPECT_TRUE(roots(R"("")").empty());
  EXPECT_TRUE(roots("null").empty());
  for (const auto* bad : {"5", "[5]", R"(["nn1"])", R"("nn1:9870")", R"([""])",
                          R"("http://nn/webhdfs/v1?op=LISTSTATUS")"}) {
    EXPECT_THROW(roots(bad), failure) << bad;
  }
}

TEST(Profile, ASecretIsNotMeantForAnotherHdfs) {
  const auto with = [](const char* webhdfs) {
    return read_profile("p", {{"url", "https://h"}, {"webhdfs", webhdfs}});
  };
  EXPECT_TRUE(with("https://nn/webhdfs/v1").asks_for_the_same(with("https://nn/webhdfs/v1")));
  EXPECT_FALSE(with("https://nn/webhdfs/v1").asks_for_the_same(with("https://evil/webhdfs/v1")));
}

TEST(Extends, MergesObjectsReplacesListsAndTakesAwayByNull) {
  const auto out = resolved("production", R"({
    "base": {"abstract": true, "url": "https://gw/x", "auth": {"type": "kerberos", "delegate": true},
             "session": {"queue": "dev", "jars": ["a", "b"], "conf": {"x": 1, "y": 2}}},
    "test": {"extends": "base", "session": {"conf": {"y": 3}}},
    "production": {"extends": "test", "confirm": true, "auth": {"delegate": null},
             "session": {"queue": "prod", "jars": ["c"]}}})");
  EXPECT_EQ(out,
            json::parse(R"({"url": "https://gw/x", "confirm": true, "auth": {"type": "kerberos"},
    "session": {"queue": "prod", "jars": ["c"], "conf": {"x": 1, "y": 3}}})"));
}

TEST(Extends, SaysWhatIsWrong) {
  EXPECT_EQ(unresolved("a", R"({"a": {"extends": "bse"}, "base": {}})"),
            "In profile \"a\": it extends \"bse\", which is not there. Did you mean base?");
  EXPECT_EQ(unresolved("a", R"({"a": {"extends": "b"}, "b": {"extends": "a"}})"),
            "In profile \"a\": \"extends\" goes in a circle: b extends a.");
  EXPECT_EQ(unresolved("a", R"({"a": {"extends": "a"}})"),
            "In profile \"a\": \"extends\" goes in a circle: a extends a.");
  EXPECT_EQ(unresolved("a", R"({"a": {"extends": 5}})"),
            "In profile \"a\": \"extends\" must be the name of a profile.");
  EXPECT_EQ(unresolved("a", R"({"a": {"extends": "b"}, "b": []})"),
            "In profile \"a\": it extends \"b\", which is not an object.");
}

TEST(Variables, AreReplacedInAllTexts) {
  const auto out = resolved("cluster", R"({"cluster": {
    "auth": {"user": "${env:AD_USER}", "keytab": "~/k"},
    "session": {"files": ["${workspaceFolder}/a", "${userHome}-${user}"],
                "conf": {"n": 1, "app": "${profile}", "opts": "-Dx=$${spark.dir}"}},
    "tls": {"caFile": "~/ca.pem", "key": "~"}, "python": "~/bin/python"}})");
  EXPECT_EQ(out, json::parse(R"({"auth": {"user": "alice", "keytab": "/home/me/k"},
    "session": {"files": ["/home/me/project/a", "/home/me-me"],
                "conf": {"n": 1, "app": "cluster", "opts": "-Dx=${spark.dir}"}},
    "tls": {"caFile": "/home/me/ca.pem", "key": "~"}, "python": "/home/me/bin/python"})"));
}

TEST(Variables, AValueIsNotReadAgain) {
  auto values = values_here();
  values.environment = [](const std::string&) { return std::optional<std::string>("${user}"); };
  const auto out = resolved_profile("p", {{"p", {{"kind", "${env:X}"}}}}, values);
  EXPECT_EQ(out["kind"], "${user}");
}

TEST(Variables, SayWhatIsWrong) {
  EXPECT_EQ(unresolved("a", R"({"a": {"kind": "${usr}"}})"),
            "In profile \"a\": ${usr} is not known. Did you mean ${user}?");
  EXPECT_EQ(unresolved("a", R"({"a": {"kind": "${spark.yarn.dir}"}})"),
            "In profile \"a\": ${spark.yarn.dir} is not known. Write $${ for a ${ that stays.");
  EXPECT_EQ(
      unresolved("a", R"({"a": {"kind": "${env:NOT_SET}"}})"),
      "In profile \"a\": ${env:NOT_SET} is not set in the environment of livyd. Set it before "
      "VS Code or the shell starts, or write its value here.");
}

TEST(ProfileSet, AnAbstractProfileIsOnlyThereToBeExtended) {
  const profile_set profiles(
      {{"base", {{"abstract", true}, {"url", "https://h"}}}, {"test", {{"extends", "base"}}}}, true,
      values_here());
  EXPECT_EQ(profiles.at("test").url, "https://h");
  EXPECT_THROW(profiles.at("base"), failure);
  ASSERT_EQ(profiles.summaries().size(), 2U);
  EXPECT_EQ(profiles.summaries()[1].name, "test");
}

TEST(ProfileSet, InAnUntrustedWorkspaceNothingIsEvaluated) {
  auto values = values_here();
  values.environment = [](const std::string&) -> std::optional<std::string> {
    ADD_FAILURE() << "the environment was read";
    return std::nullopt;
  };
  const profile_set profiles(
      {{"c",
        {{"url", "https://${env:AD_USER}"}, {"auth", {{"type", "bearer"}, {"tokenCommand", "x"}}}}},
       {"local", {{"python", "${env:AD_USER}"}}}},
      false, values);
  ASSERT_EQ(profiles.summaries().size(), 1U);
  EXPECT_EQ(profiles.at("local").python, "");
}

TEST(ProfileSet, SecretsAreForOneUserAtOneServer) {
  const auto with = [](const char* url, const char* user) {
    return read_profile("c", {{"url", url}, {"auth", {{"type", "basic"}, {"user", user}}}});
  };
  EXPECT_TRUE(with("https://a", "u").asks_for_the_same(with("https://a", "u")));
  EXPECT_FALSE(with("https://a", "u").asks_for_the_same(with("https://b", "u")));
  EXPECT_FALSE(with("https://a", "u").asks_for_the_same(with("https://a", "v")));
}

// ---------------------------------------------------------------- the schema

/// The names that the reader knows in one object of a profile, from what it says about another.
std::vector<std::string> names_known_at(const std::string& pointer) {
  json written = json::parse(R"({"url": "https://h", "proxy": {"url": "http://p"}})");
  written[json::json_pointer(pointer + "/qqqqqqqqqqqqqqqqqqqqqqqqqqqq")] = 1;
  const auto words = complaint("p", written);
  const std::string before = "Known are ";
  const auto begin = words.find(before);
  EXPECT_NE(begin, std::string::npos) << words;
  std::vector<std::string> out;
  const auto list = words.substr(begin + before.size());
  for (const auto name : split(list, ',')) {
    auto word = std::string(trimmed(name));
    if (word.ends_with('.')) word.pop_back();
    out.push_back(word);
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// "/auth/user" as messages call it: "auth.user".
std::string replaced_slashes(std::string pointer) {
  std::replace(pointer.begin(), pointer.end(), '/', '.');
  return pointer.empty() ? pointer : pointer.substr(1);
}

/// Compares each object of the schema that is closed, and gives the reader every example.
void walk(const json& schema, const std::string& pointer, int& objects) {
  if (schema.contains("anyOf")) {
    for (const auto& one : schema["anyOf"]) walk(one, pointer, objects);
  }
  for (const char* list : {"enum", "examples"}) {
    for (const auto& example : schema.value(list, json::array())) {
      json written = json::parse(R"({"url": "https://h"})");
      if (pointer.starts_with("/proxy/")) written["proxy"]["url"] = "http://p";
      written[json::json_pointer(pointer)] = example;
      const auto words = complaint("p", written);
      EXPECT_EQ(words.find("unknown field"), std::string::npos) << pointer << ": " << words;
      const auto own = concat("\"", replaced_slashes(pointer), "\" must be");
      EXPECT_EQ(words.find(own), std::string::npos) << pointer << ": " << words;
    }
  }
  if (schema.contains("items")) walk(schema["items"], pointer + "/0", objects);
  if (schema.value("additionalProperties", json(true)) != json(false)) return;
  ++objects;
  std::vector<std::string> names;
  for (const auto& [name, part] : schema["properties"].items()) {
    names.push_back(name);
    walk(part, concat(pointer, "/", name), objects);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, names_known_at(pointer)) << "at " << pointer;
}

TEST(ProfileSchema, SaysTheSameAsTheReader) {
  const auto manifest = json::parse(read_file(LIVYD_TEST_DATA "/../../extension/package.json"));
  const auto& schema = manifest["contributes"]["configuration"]["properties"]["livyd.profiles"];
  int objects = 0;
  walk(schema["additionalProperties"], "", objects);
  EXPECT_EQ(objects, 8) << "a profile, session, auth, tls, proxy, proxy.auth, deploy, a bundle";
}

}  // namespace
}  // namespace livyd
