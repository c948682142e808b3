// protocol.hpp against the samples printed with it, and against messages that are not ours.
#include "protocol/protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "test_data.hpp"

namespace livyd::protocol {
namespace {

using nlohmann::json;

json samples() {
  std::ifstream file(LIVYD_TEST_DATA "/../../protocol/samples.json");
  return json::parse(file);
}

template <class Type>
std::string refusal_of(const json& from) {
  try {
    static_cast<void>(from.get<Type>());
  } catch (const bad_message& reason) {
    return reason.what();
  }
  return "";
}

json whole_run() {
  return json::parse(R"({"run": "r", "profile": "local", "language": "python", "code": "1",
    "source": {"file": "/a.py", "firstLine": 1, "lastLine": 2}, "program": {"arguments": ["x"]}})");
}

TEST(Protocol, EverySampleSurvivesReadingAndPrinting) {
  const auto all = samples();
  std::set<std::string> seen;
  for_each_type([&]<class Type>(std::string_view name) {
    for (const auto& sample : all) {
      if (sample["type"] != name) continue;
      seen.emplace(name);
      const auto value = sample["value"].get<Type>();
      EXPECT_EQ(json(value), sample["value"]) << name;
      EXPECT_EQ(json(value).get<Type>(), value) << name;
    }
  });
  for (const auto& sample : all) EXPECT_TRUE(seen.contains(sample["type"])) << sample["type"];
}

TEST(Protocol, EveryTypeHasASample) {
  std::set<std::string> sampled;
  for (const auto& sample : samples()) sampled.insert(sample["type"]);
  for_each_type([&]<class Type>(std::string_view name) {
    EXPECT_TRUE(sampled.contains(std::string(name))) << name;
  });
}

TEST(Protocol, AMissingFieldIsNamedInEverySample) {
  for_each_type([&]<class Type>(std::string_view name) {
    for (const auto& sample : samples()) {
      if (sample["type"] != name || !sample["value"].is_object()) continue;
      for (const auto& [field, unused] : sample["value"].items()) {
        auto cut = sample["value"];
        cut.erase(field);
        const auto refusal = refusal_of<Type>(cut);
        // An optional field may be left out; whatever is refused is refused by its name.
        if (!refusal.empty()) EXPECT_EQ(refusal, "\"" + field + "\" is missing") << name;
      }
    }
  });
}

TEST(Protocol, NamesThePathOfWhatIsWrong) {
  auto run = whole_run();
  run["source"].erase("firstLine");
  EXPECT_EQ(refusal_of<RunStartParams>(run), "\"source.firstLine\" is missing");

  run = whole_run();
  run["source"]["firstLine"] = "1";
  EXPECT_EQ(refusal_of<RunStartParams>(run), "\"source.firstLine\" must be an integer");

  run = whole_run();
  run["program"]["arguments"] = json::array({"a", "b", nullptr});
  EXPECT_EQ(refusal_of<RunStartParams>(run), "\"program.arguments[2]\" must be a string");

  run = whole_run();
  run["program"] = json::array();
  EXPECT_EQ(refusal_of<RunStartParams>(run), "\"program\" must be an object");

  run = whole_run();
  run["program"]["arguments"] = "x";
  EXPECT_EQ(refusal_of<RunStartParams>(run), "\"program.arguments\" must be an array");

  const auto list = json::parse(R"({"sessions": [{"id": "1", "state": "idle", "mine": 1,
                                                 "active": true}]})");
  EXPECT_EQ(refusal_of<SessionListResult>(list), "\"sessions[0].mine\" must be true or false");
  EXPECT_EQ(refusal_of<Empty>(json::array()), "the message must be an object");
}

TEST(Protocol, RefusesAnUnknownWordAndNamesTheKnownOnes) {
  auto run = whole_run();
  run["language"] = "perl";
  EXPECT_EQ(refusal_of<RunStartParams>(run),
            "\"language\": unknown word \"perl\"; expected one of python, scala, sql, r");
  run["language"] = 3;
  EXPECT_EQ(refusal_of<RunStartParams>(run), "\"language\" must be a string");
  run["language"] = std::string(1000, 'x');
  EXPECT_EQ(refusal_of<RunStartParams>(run),
            "\"language\": unknown word (1000 bytes); expected one of python, scala, sql, r");
}

TEST(Protocol, TakesOnlyWholeNumbersThatFit) {
  const auto from = [](const std::string& number) {
    return refusal_of<RunAttachParams>(json::parse(R"({"run": "r", "from": )" + number + "}"));
  };
  EXPECT_EQ(from("9223372036854775807"), "");
  EXPECT_EQ(from("-9223372036854775808"), "");
  EXPECT_EQ(from("9223372036854775808"), "\"from\" is out of range");
  for (const auto* wrong : {"1.5", "1.0", "1e3", "true", "\"1\"", "null", "99999999999999999999"}) {
    EXPECT_EQ(from(wrong), "\"from\" must be an integer") << wrong;
  }
}

TEST(Protocol, IgnoresFieldsItDoesNotKnow) {
  auto run = whole_run();
  const auto expected = run.get<RunStartParams>();
  run["later"] = {{"deep", 1}};
  run["source"]["later"] = 1;
  EXPECT_EQ(run.get<RunStartParams>(), expected);
}

TEST(Protocol, AnAbsentOptionalStaysAbsentAndNullIsNotAbsent) {
  const RunStartParams params{.run = "r", .profile = "p", .code = "1"};
  const json printed(params);
  EXPECT_FALSE(printed.contains("source"));
  EXPECT_FALSE(printed.get<RunStartParams>().source);
  auto run = whole_run();
  run["source"] = nullptr;
  EXPECT_EQ(refusal_of<RunStartParams>(run), "\"source\" must be an object");
}

TEST(Protocol, KeepsProfilesAsTheyWereWritten) {
  const auto written =
      json::parse(R"({"trusted": true, "profiles": {"a": {"x": [1, null]}, "b": 7, "c": null}})");
  const auto configuration = written.get<Configuration>();
  EXPECT_EQ(configuration.profiles.at("a")["x"][1], nullptr);
  EXPECT_EQ(json(configuration), written);
}

TEST(Protocol, MessagesCarryTheirTypes) {
  static_assert(std::is_same_v<run_start::params, RunStartParams>);
  static_assert(std::is_same_v<run_start::result, RunInfo>);
  static_assert(std::is_same_v<run_output::params, RunOutput>);
  EXPECT_EQ(run_start::method, "run/start");
  EXPECT_EQ(protocol_hash.size(), 64U);
}

}  // namespace
}  // namespace livyd::protocol
