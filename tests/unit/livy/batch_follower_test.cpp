// A batch followed to its end, at a Livy in this process.
#include "livy/batch_follower.hpp"

#include "livy_server.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using lines = std::vector<std::string>;

/// One look is a state and a page of the log; the last look stays.
struct look {
  std::string state;
  lines log;
};

class BatchFollower : public testing::Test {
 protected:
  BatchFollower() {
    server.answer = [this](const http::server_request& asked) {
      const bool is_log = asked.path.ends_with("/log");
      if (trouble) {
        if (auto wrong = trouble(is_log)) return *wrong;
      }
      if (!is_log && asked_before) at = std::min(at + 1, looks.size() - 1);
      asked_before = true;
      const auto& now = looks[at];
      if (is_log) return says(200, json({{"id", 7}, {"from", 0}, {"log", now.log}}).dump());
      auto shown = batch;
      shown["state"] = now.state;
      return says(200, shown.dump());
    };
  }

  task<void> follow() {
    batch_view begun;
    begun.id = "7";
    begun.name = "n";
    begun.state = "starting";
    return follow_batch(
        [this]() -> task<std::shared_ptr<client>> {
          ++opened;
          co_return std::shared_ptr<client>(&*server.livy, [](client*) {});
        },
        [this](http::url address) -> task<http::response> {
          if (!node_manager) throw failure(failure_kind::connection_refused, "Nobody listens.");
          co_return node_manager(address.path);
        },
        time, begun,
        [this](batch_view seen, std::string detail) -> task<void> {
          states.push_back(seen.state);
          details.push_back(std::move(detail));
          events.push_back(concat("is ", seen.state));
          co_return;
        },
        [this](followed_lines now) -> task<void> {
          for (auto& line : now.lines) events.push_back(line);
          told.insert(told.end(), now.lines.begin(), now.lines.end());
          if (now.gap) ++gaps;
          co_return;
        });
  }
  void follow_to_the_end() { server.loop.run(follow()); }

  livy_server server;
  test::turned_clock time;
  json batch = {{"id", 7}, {"name", "n"}, {"appId", nullptr}, {"appInfo", json::object()}};
  std::vector<look> looks;
  std::size_t at = 0;
  bool asked_before = false;
  std::function<std::optional<http::server_response>(bool is_log)> trouble;
  std::function<http::response(const std::string& path)> node_manager;
  lines states, details, told, events;
  int gaps = 0;
  int opened = 0;
};

TEST_F(BatchFollower, TellsEachLineOnceAndEndsWithTheBatch) {
  looks = {{"starting", {}}, {"running", {"a"}}, {"running", {"a", "b"}}, {"success", {"a", "b"}}};
  follow_to_the_end();
  EXPECT_THAT(states, ElementsAre("starting", "running", "success"));
  EXPECT_THAT(details, ElementsAre("", "", ""));
  EXPECT_THAT(told, ElementsAre("a", "b"));
}

TEST_F(BatchFollower, TellsTheLastLinesBeforeTheLastState) {
  looks = {{"running", {"a"}}, {"success", {"a", "b", "c"}}};
  follow_to_the_end();
  EXPECT_THAT(events, ElementsAre("a", "is running", "b", "c", "is success"));
}

TEST_F(BatchFollower, WaitsForWordsThatComeAfterTheEnd) {
  looks = {{"dead", {"a"}}};
  time.on_sleep = [this] {
    if (time.slept.size() == 1) looks[0].log = {"a", "ValueError: late"};
  };
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("a", "ValueError: late"));
  EXPECT_THAT(details, ElementsAre("It failed: ValueError: late."));
}

TEST_F(BatchFollower, SaysWhereLinesMayBeMissing) {
  lines first, second;
  for (int n = 0; n < 200; ++n) first.push_back(concat("line ", n));
  for (int n = 300; n < 500; ++n) second.push_back(concat("line ", n));
  looks = {{"running", first}, {"success", second}};
  follow_to_the_end();
  EXPECT_EQ(told.size(), 400U);
  EXPECT_GE(gaps, 1);
}

TEST_F(BatchFollower, LooksThroughTroubleAndAsksForTheWayAgain) {
  looks = {{"running", {"a"}}, {"running", {"a"}}, {"running", {"a"}}, {"success", {"a"}}};
  int failures = 0;
  trouble = [&](bool) -> std::optional<http::server_response> {
    if (at != 1 || ++failures > 3) return std::nullopt;
    return says(502, "");
  };
  follow_to_the_end();
  EXPECT_THAT(states, ElementsAre("running", "running", "running", "success"));
  EXPECT_THAT(details[1], HasSubstr("livyd keeps looking."));
  EXPECT_EQ(details[2], "");
  EXPECT_EQ(opened, 4);
}

TEST_F(BatchFollower, SaysThatTheBatchIsGone) {
  looks = {{"running", {"a"}}, {"running", {"a"}}};
  trouble = [this](bool is_log) -> std::optional<http::server_response> {
    if (is_log || told.empty()) return std::nullopt;
    return says(404, R"({"msg":"Session '7' not found."})");
  };
  const auto reason = failure_of([&] { follow_to_the_end(); });
  EXPECT_EQ(reason.kind(), failure_kind::not_found);
  EXPECT_THAT(reason.message(), HasSubstr("The batch is gone"));
}

TEST_F(BatchFollower, DoesNotTakeAnotherBatchWithTheSameIdForThisOne) {
  looks = {{"running", {"a"}}, {"running", {"another's"}}};
  time.on_sleep = [this] { batch["name"] = "m"; };
  EXPECT_EQ(failure_of([&] { follow_to_the_end(); }).kind(), failure_kind::not_found);
  EXPECT_THAT(told, ElementsAre("a"));
}

TEST_F(BatchFollower, ThrowsWhatCannotPass) {
  looks = {{"running", {}}};
  trouble = [](bool) { return says(403, ""); };
  EXPECT_EQ(failure_of([&] { follow_to_the_end(); }).kind(), failure_kind::forbidden);
}

TEST_F(BatchFollower, ReadsTheDriversOwnLogInTheCluster) {
  batch["appId"] = "application_1";
  batch["appInfo"] = {{"driverLogUrl", "http://node:8042/node/containerlogs/c1/me/"}};
  const lines log{"stdout: ", "submitted",
                  "\nYARN Diagnostics: ", "User application exited with status 1"};
  looks = {{"running", {"stdout: ", "submitted"}}, {"dead", log}};
  node_manager = [](const std::string& path) {
    http::response text;
    text.status = 200;
    text.headers = {{"Content-Type", "text/plain"}};
    const bool out = path.find("stdout") != std::string::npos;
    text.body = out ? "Traceback (most recent call last):\nKeyError: 'x'\n" : "26/11/21 x\n";
    return text;
  };
  follow_to_the_end();
  EXPECT_THAT(told, testing::Contains("KeyError: 'x'").Times(1));
  EXPECT_THAT(told, testing::Contains("submitted").Times(1));
  EXPECT_EQ(details.back(), "It failed: KeyError: 'x' (User application exited with status 1).");
}

TEST_F(BatchFollower, LooksOftenAtFirstAndCalmlyWhileNothingMoves) {
  looks.assign(60, {"running", {"a"}});
  looks.push_back({"success", {"a"}});
  follow_to_the_end();
  ASSERT_GT(time.slept.size(), 30U);
  EXPECT_LE(time.slept.front(), duration(200ms));
  for (const auto span : time.slept) EXPECT_LE(span, duration(3s));
  EXPECT_EQ(time.slept[30], duration(3s));
}

TEST_F(BatchFollower, StopsWhenItIsCancelled) {
  server.silent = true;
  test::started<void> following(server.loop, follow());
  server.loop.until([&] { return !server.asked.empty(); });
  following.cancel();
  EXPECT_EQ(failure_of([&] { following.result(); }).kind(), failure_kind::cancelled);
}

}  // namespace
}  // namespace livyd::livy
