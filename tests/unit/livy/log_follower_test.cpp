#include "livy/log_follower.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "livy_server.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;
using test::says;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using lines = std::vector<std::string>;

/// A Livy with one session, number 7, whose log is `pages`, one after the other; then it is gone.
class LogFollower : public testing::Test {
 protected:
  LogFollower() {
    server.answer = [this](const http::server_request& request) { return answer(request); };
  }

  http::server_response answer(const http::server_request& request) {
    const bool is_log = request.target.find("/log") != std::string::npos;
    if (trouble) {
      if (auto wrong = trouble(is_log)) return *wrong;
    }
    if (at == pages.size()) return says(404, R"({"msg":"Session '7' not found."})");
    if (!is_log) return says(200, session.dump());
    const auto& page = pages[at++];
    return says(200, json{{"id", 7}, {"from", 0}, {"total", page.size()}, {"log", page}}.dump());
  }

  task<void> follow() {
    auto way = [this]() -> task<std::shared_ptr<client>> {
      ++opened;
      co_return std::shared_ptr<client>(std::shared_ptr<void>(), &*server.livy);
    };
    auto page = [this](http::url address) -> task<http::response> {
      if (!node_manager) throw failure(failure_kind::connection_refused, "Nobody listens there.");
      co_return node_manager(address.target());
    };
    return follow_log(way, page, time, "7", [this](followed_lines now) -> task<void> {
      if (!now.notice.empty()) notices.push_back(now.notice);
      if (now.lines.empty()) co_return;
      sections.push_back(now.section);
      gaps.push_back(now.gap);
      told.insert(told.end(), now.lines.begin(), now.lines.end());
    });
  }
  void follow_to_the_end() { server.loop.run(follow()); }

  test::livy_server server;
  test::turned_clock time;
  json session{{"id", 7}, {"name", "one"}, {"state", "idle"}};
  std::vector<lines> pages;
  std::size_t at = 0;
  std::function<std::optional<http::server_response>(bool is_log)> trouble;
  std::function<http::response(const std::string& target)> node_manager;
  int opened = 0;

  lines told;
  lines notices;
  std::vector<log_section> sections;
  std::vector<bool> gaps;
};

TEST_F(LogFollower, TellsEachLineOncePerSection) {
  pages = {{"stdout: ", "a", "\nstderr: ", "b"},
           {"stdout: ", "a", "\nstderr: ", "b", "c", "\nYARN Diagnostics: ", "waiting"}};
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("a", "b", "c", "waiting"));
  EXPECT_THAT(sections, ElementsAre(log_section::out, log_section::error, log_section::error,
                                    log_section::yarn));
  EXPECT_THAT(notices, ElementsAre(StartsWith("The session is gone")));
}

TEST_F(LogFollower, AsksForTheWholeRing) {
  pages = {{"stdout: "}};
  follow_to_the_end();
  EXPECT_THAT(server.asked.at(1).target, HasSubstr("size=-1"));
}

TEST_F(LogFollower, LooksOnceASecondWhileTheLogMovesAndSlowerWhileItStandsStill) {
  for (int n = 0; n < 3; ++n) pages.push_back({"stdout: ", concat("line ", n)});
  for (int n = 0; n < 8; ++n) pages.push_back(pages.back());
  follow_to_the_end();
  EXPECT_EQ(time.slept.at(0), duration(1s));
  EXPECT_EQ(time.slept.at(2), duration(1s));
  EXPECT_GT(time.slept.at(3), duration(1s));
  EXPECT_EQ(time.slept.back(), duration(5s));
}

TEST_F(LogFollower, HidesWhatTheSideChannelCausesAndKeepsTheGapForTheNextLine) {
  lines full{"stdout: ", "\nstderr: "};
  for (int n = 0; n < 200; ++n)
    full.push_back(concat("INFO RSCDriver: Received bypass job request ", n));
  auto later = full;
  later.erase(later.begin() + 2);
  later.emplace_back("words");
  pages = {{"stdout: ", "\nstderr: ", "before"}, full, later};
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("before", "words"));
  EXPECT_THAT(gaps, ElementsAre(false, true));
}

TEST_F(LogFollower, DoesNotMarkAGapBetweenTheWordsOfYarn) {
  pages = {{"\nYARN Diagnostics: ", "no room, 89 %"}, {"\nYARN Diagnostics: ", "no room, 90 %"}};
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("no room, 89 %", "no room, 90 %"));
  EXPECT_THAT(gaps, ElementsAre(false, false));
}

TEST_F(LogFollower, LooksThroughTroubleAndTellsEachBeginningOnce) {
  pages = {{"a"}, {"a", "b"}, {"a", "b", "c"}};
  int wrong = 0;
  trouble = [&](bool is_log) -> std::optional<http::server_response> {
    if (!is_log || at == 0 || at == 3 || wrong >= static_cast<int>(at) * 3) return std::nullopt;
    ++wrong;
    return test::shows_page(503, "<html><title>Busy</title></html>");
  };
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("a", "b", "c"));
  EXPECT_THAT(notices, ElementsAre(StartsWith("The log cannot be read now: "),
                                   StartsWith("The log cannot be read now: "),
                                   StartsWith("The session is gone")));
  EXPECT_THAT(time.slept, testing::Each(testing::Ge(duration(1s))));
}

TEST_F(LogFollower, ComesBackWithinTwoSecondsOfTheServersReturn) {
  pages = {{"a"}, {"a", "b"}};
  time.on_sleep = [&] {
    if (time.slept.size() == 1) server.stop();
    if (time.slept.size() == 9) server.start_again();
  };
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("a", "b"));
  for (std::size_t n = 1; n < 9; ++n) EXPECT_LE(time.slept.at(n), duration(2s));
}

TEST_F(LogFollower, AsksForTheWayToTheServerAgainAfterAFailure) {
  pages = {{"a"}, {"a", "b"}};
  bool failed = false;
  trouble = [&](bool) -> std::optional<http::server_response> {
    if (at != 1 || std::exchange(failed, true)) return std::nullopt;
    return says(502, "");
  };
  follow_to_the_end();
  EXPECT_EQ(opened, 2);
}

TEST_F(LogFollower, FollowsTheDriversOwnLogInTheCluster) {
  session["appInfo"] = {{"driverLogUrl", "http://node:8042/node/containerlogs/c1/me/"}};
  pages = std::vector<lines>(6, lines{"stdout: ", "\nstderr: ", "submitted"});
  int looks = 0;
  node_manager = [&](const std::string& target) {
    http::response text;
    text.status = 200;
    text.headers = {{"Content-Type", "text/plain"}};
    const bool error = target.starts_with("/ws/v1/node/containers/c1/logs/stderr?size=-");
    if (error) ++looks;
    text.body = error ? concat("first\n", looks > 2 ? "second\n" : "") : "printed\n";
    return text;
  };
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("submitted", "first", "printed", "second"));
  EXPECT_THAT(sections, ElementsAre(log_section::error, log_section::driver_error,
                                    log_section::driver_out, log_section::driver_error));
  EXPECT_THAT(gaps, testing::Each(false));
  EXPECT_EQ(notices.size(), 1U);
}

TEST_F(LogFollower, SaysOnceWhereTheDriversOwnLogIsAndWhyItIsNotRead) {
  session["appInfo"] = {{"driverLogUrl", "http://node:8042/logs/c1/me"}};
  pages = std::vector<lines>(20, lines{"stdout: ", "\nstderr: ", "submitted"});
  follow_to_the_end();
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_THAT(notices[0], HasSubstr(" http://node:8042/logs/c1/me "));
  EXPECT_THAT(notices[0], testing::EndsWith("Nobody listens there."));
}

TEST_F(LogFollower, EndsWithTheSessionAfterItsLastLines) {
  session["state"] = "dead";
  pages = {{"why it died"}, {"why it died", "never read"}};
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("why it died"));
  EXPECT_THAT(notices, ElementsAre("The session has ended (dead): nothing more comes."));
}

TEST_F(LogFollower, DoesNotTakeAnotherSessionWithTheSameIdForThisOne) {
  pages = {{"mine"}, {"another's"}, {"another's"}};
  trouble = [&](bool) -> std::optional<http::server_response> {
    if (at != 1 || session["name"] == "two") return std::nullopt;
    session["name"] = "two";
    return says(502, "");
  };
  follow_to_the_end();
  EXPECT_THAT(told, ElementsAre("mine"));
  EXPECT_THAT(notices.back(), HasSubstr("the server restarted"));
}

TEST_F(LogFollower, ThrowsWhatCannotPass) {
  trouble = [](bool is_log) -> std::optional<http::server_response> {
    if (!is_log) return std::nullopt;
    return says(403, "");
  };
  pages = {{"secret"}};
  const auto problem = test::failure_of([&] { follow_to_the_end(); });
  EXPECT_EQ(problem.kind(), failure_kind::forbidden);
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(LogFollower, StopsWhenItIsCancelled) {
  server.silent = true;
  test::started<void> following(server.loop, follow());
  server.loop.until([&] { return !server.asked.empty(); });
  following.cancel();
  const auto problem = test::failure_of([&] { following.result(); });
  EXPECT_EQ(problem.kind(), failure_kind::cancelled);
}

}  // namespace
}  // namespace livyd::livy
