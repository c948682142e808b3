// Pages of a session's log and its one follower, at a Livy in this process.
#include "service/log_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "service/fake_livy.hpp"
#include "service/run_to_end.hpp"

namespace livyd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using lines = std::vector<std::string>;

TEST(LogPages, AreTheTailUnlessToldOtherwise) {
  const lines all{"a", "b", "c", "d"};
  EXPECT_THAT(log_page_of(all, {}, 2).lines, ElementsAre("c", "d"));
  EXPECT_EQ(log_page_of(all, {}, 2).from, 2);
  EXPECT_THAT(log_page_of(all, 1, 2).lines, ElementsAre("b", "c"));
  EXPECT_THAT(log_page_of(all, 3, 10).lines, ElementsAre("d"));
  EXPECT_THAT(log_page_of(all, 9, 10).lines, IsEmpty());
  EXPECT_THAT(log_page_of(all, {}, -1).lines, ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(log_page_of(all, 1, -1).lines, ElementsAre("b", "c", "d"));
  EXPECT_THAT(log_page_of(all, -5, 1).lines, ElementsAre("a"));
  EXPECT_THAT(log_page_of({}, {}, 5).lines, IsEmpty());
  EXPECT_EQ(log_page_of(all, {}, 2).total, 4);
}

TEST(ShownLog, NamesSectionsWhereThereIsMoreThanOne) {
  EXPECT_THAT(shown_log({"stdout: ", "\nstderr: ", "a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(shown_log({"stdout: ", "o", "\nstderr: ", "a", "\nYARN Diagnostics: ", "y"}),
              ElementsAre("[stdout]", "o", "[stderr]", "a", "[YARN]", "y"));
}

TEST(ShownLog, NamesTheDriversOwnStreams) {
  EXPECT_THAT(shown_log({"\nstderr: ", "a"}, {.out = {}, .error = {"d"}, .notice = "more"}),
              ElementsAre("[stderr]", "a", "[driver stderr]", "d", "more"));
  EXPECT_THAT(shown_log({}, {.out = {"p"}, .error = {}, .notice = {}}),
              ElementsAre("[driver stdout]", "p"));
}

TEST(ShownLog, HidesWhatTheSideChannelCauses) {
  EXPECT_THAT(shown_log({"stdout: ", "\nstderr: ", "a",
                         "INFO RSCDriver: Received bypass job request 5", "b"}),
              ElementsAre("a", "b"));
}

/// Hears what is told of logs.
class log_ear final : public listener {
 public:
  task<void> session_changed(protocol::SessionInfo) override { co_return; }
  task<void> run_changed(protocol::RunInfo) override { co_return; }
  task<void> run_output(protocol::RunOutput) override { co_return; }
  task<void> run_finished(protocol::RunInfo) override { co_return; }
  task<void> notice(protocol::Notice) override { co_return; }
  task<void> secret_needed(protocol::SecretNeeded) override { co_return; }
  task<void> credentials_changed(protocol::Credentials) override { co_return; }
  task<void> log_lines(protocol::LogLines now) override {
    told.insert(told.end(), now.lines.begin(), now.lines.end());
    if (now.notice) notices.push_back(*now.notice);
    sessions.push_back(now.session);
    ended += now.ended.value_or(false) ? 1 : 0;
    co_return;
  }
  task<void> transfer_progress(protocol::TransferProgress) override { co_return; }
  task<void> deploy_changed(protocol::ProfileParams) override { co_return; }
  task<void> batch_changed(protocol::BatchInfo) override { co_return; }
  task<void> batch_lines(protocol::BatchLines) override { co_return; }

  lines told;
  lines notices;
  lines sessions;
  int ended = 0;
};

class LogView : public testing::Test {
 protected:
  LogView() : livy_(loop_.get_executor()) {
    where_.name = "p";
    where_.url = livy_.url();
    livy_.sessions[7].name = "one";
    livy_.sessions[7].log = {"stdout: ", "\nstderr: ", "a", "b"};
    livy_.before = [this](const std::string&, const std::string& path) {
      if (path.ends_with("/log")) ++looks_;
      return 0;
    };
  }
  ~LogView() override {
    view_.unfollow();
    livy_.stop();
    loop_.restart();
    loop_.run_for(1s);
  }

  template <class Condition>
  void until(Condition happened) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    loop_.restart();
    while (!happened() && std::chrono::steady_clock::now() < end) loop_.run_one_until(end);
    ASSERT_TRUE(happened());
  }

  protocol::LogPage read(std::optional<std::string> session) {
    return run_to_end(loop_, view_.read({.profile = "p", .session = session, .size = 100}));
  }
  failure failure_of(task<void> work) {
    try {
      run_to_end(loop_, std::move(work));
    } catch (const failure& reason) {
      return reason;
    }
    return {failure_kind::internal, "nothing was thrown"};
  }

  asio::io_context loop_;
  system_clock time_;
  log_ear heard_;
  fake_livy livy_;
  int looks_ = 0;
  profile where_;
  connection connection_{loop_.get_executor(), where_at(livy_), {}};
  std::unique_ptr<store> kept_ = store::in_memory();
  active_session session_{loop_.get_executor(), time_, heard_, *kept_, where_, connection_};
  log_view view_{loop_.get_executor(), time_, heard_, "p", session_, connection_};

 private:
  static profile where_at(const fake_livy& livy) {
    profile out;
    out.name = "p";
    out.url = livy.url();
    return out;
  }
};

TEST_F(LogView, ReadsAPageOfASession) {
  const auto page = read("one");
  EXPECT_THAT(page.lines, ElementsAre("a", "b"));
  EXPECT_EQ(page.total, 2);
}

TEST_F(LogView, SaysThatThereIsNoSession) {
  EXPECT_THROW(read(std::nullopt), failure);
  EXPECT_EQ(failure_of(view_.follow(std::nullopt)).kind(), failure_kind::not_found);
  EXPECT_EQ(failure_of(view_.follow("nobody")).kind(), failure_kind::not_found);
}

TEST_F(LogView, FollowsASessionOnceHoweverOftenItIsAsked) {
  run_to_end(loop_, view_.follow("one"));
  run_to_end(loop_, view_.follow("7"));
  until([&] { return heard_.told.size() == 2; });
  livy_.sessions[7].log.emplace_back("c");
  until([&] { return heard_.told.size() > 2; });
  EXPECT_THAT(heard_.told, ElementsAre("a", "b", "c"));
  EXPECT_THAT(heard_.sessions, testing::Each("7"));
}

TEST_F(LogView, StopsAskingWhenNobodyLooks) {
  run_to_end(loop_, view_.follow("one"));
  until([&] { return heard_.told.size() == 2; });
  view_.unfollow();
  loop_.restart();
  loop_.poll();
  const int before = looks_;
  // Longer than the follower's shortest wait; it would have asked by then.
  loop_.restart();
  loop_.run_for(1500ms);
  EXPECT_EQ(looks_, before);
  EXPECT_EQ(heard_.ended, 0);
}

TEST_F(LogView, TellsTheEndWhenTheSessionIsGone) {
  run_to_end(loop_, view_.follow("one"));
  until([&] { return heard_.told.size() == 2; });
  livy_.sessions.clear();
  until([&] { return heard_.ended > 0; });
  EXPECT_EQ(heard_.ended, 1);
  EXPECT_THAT(heard_.notices, ElementsAre(testing::HasSubstr("gone")));
}

TEST_F(LogView, FollowsAnotherSessionInsteadOfTheFirst) {
  livy_.sessions[8].name = "two";
  livy_.sessions[8].log = {"stdout: ", "x"};
  run_to_end(loop_, view_.follow("one"));
  until([&] { return heard_.told.size() == 2; });
  run_to_end(loop_, view_.follow("two"));
  until([&] { return heard_.told.size() == 3; });
  EXPECT_EQ(heard_.told.back(), "x");
  EXPECT_EQ(heard_.sessions.back(), "8");
}

TEST_F(LogView, SaysSoWhenItIsClosedUnderAFollower) {
  run_to_end(loop_, view_.follow("one"));
  until([&] { return heard_.told.size() == 2; });
  run_to_end(loop_, view_.close());
  EXPECT_EQ(heard_.ended, 1);
  run_to_end(loop_, view_.close());
  EXPECT_EQ(heard_.ended, 1);
}

}  // namespace
}  // namespace livyd
