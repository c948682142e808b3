// The command line as the listener: output as it is, or one event a line, and a spinner beside it.
#include "cli/printer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>
#include <vector>

#include "cli/pipe.hpp"
#include "loop.hpp"

namespace livyd {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Time goes on when it is turned.
class hand_clock final : public clock {
 public:
  explicit hand_clock(test::loop& loop) : loop_(loop), turned_(loop.io.get_executor()) {}
  time_point now() const override { return now_; }
  std::int64_t wall_milliseconds() const override { return 0; }
  task<void> sleep_for(duration span) override {
    const auto end = now_ + span;
    while (now_ < end) co_await turned_.wait();
  }
  void turn(duration span) {
    loop_.settle();
    now_ += span;
    turned_.notify_all();
    loop_.settle();
  }

 private:
  test::loop& loop_;
  notification turned_;
  time_point now_{};
};

class Printer : public testing::Test {
 protected:
  std::vector<json> events() {
    std::istringstream lines(output.taken());
    std::vector<json> out;
    for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
    return out;
  }

  test::loop loop;
  hand_clock time{loop};
  test::pipe output;
  test::pipe status;
  terminal plain{{.output = output.writer(), .status = status.writer()}};
  terminal drawing{{.output = output.writer(), .status = status.writer(), .draws = true}};
  protocol::RunInfo run{.run = "r", .profile = "p", .state = protocol::RunState::running};
};

TEST_F(Printer, PrintsTheLinesOfALogAndSaysItsNotices) {
  printer events(loop.io.get_executor(), time, plain, false);
  protocol::LogLines lines{.profile = "p", .session = "1", .lines = {"one", "two"}};
  lines.section = protocol::LogSection::stderr;
  loop.run(events.log_lines(lines));
  EXPECT_EQ(output.taken(), "one\ntwo\n");
  protocol::LogLines end{.profile = "p", .session = "1", .notice = "It is over.", .ended = true};
  loop.run(events.log_lines(end));
  loop.run(events.wait());
  EXPECT_EQ(output.taken(), "");
  EXPECT_EQ(status.taken(), "· It is over.\n");
}

TEST_F(Printer, StopsWaitingForALogThatNobodyReads) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  printer events(loop.io.get_executor(), time, plain, false);
  output.close_reader();
  protocol::LogLines lines{.profile = "p", .session = "1", .lines = {"one"}};
  loop.run(events.log_lines(lines));
  loop.run(events.wait());
  ::signal(SIGPIPE, before);
}

TEST_F(Printer, TellsALogAsEvents) {
  printer events(loop.io.get_executor(), time, plain, true);
  protocol::LogLines lines{.profile = "p", .session = "1", .lines = {"one"}, .gap = 0};
  loop.run(events.log_lines(lines));
  const auto told = this->events();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["event"], "log/lines");
  EXPECT_EQ(told[0]["data"]["lines"], json({"one"}));
}

TEST_F(Printer, PrintsTheOutputAndNothingElse) {
  printer told(loop.io.get_executor(), time, plain, false);
  loop.run(told.session_changed({.profile = "p", .state = protocol::SessionState::starting}));
  loop.run(told.run_changed(run));
  loop.run(told.run_output({.run = "r", .offset = 0, .text = "a\n"}));
  loop.run(told.run_output({.run = "r", .offset = 2, .text = "b"}));
  loop.run(told.event("failure", {{"message", "m"}}));
  loop.run(told.run_finished(run));
  EXPECT_EQ(output.taken(), "a\nb");
  EXPECT_EQ(status.taken(), "");
}

TEST_F(Printer, SaysNoticesBesideTheOutput) {
  printer told(loop.io.get_executor(), time, plain, false);
  loop.run(told.notice({.text = "It is slow."}));
  EXPECT_EQ(output.taken(), "");
  EXPECT_EQ(status.taken(), "· It is slow.\n");
}

TEST_F(Printer, PrintsEachEventAsOneLineOfJson) {
  printer told(loop.io.get_executor(), time, plain, true);
  loop.run(told.session_changed({.profile = "p", .state = protocol::SessionState::idle}));
  loop.run(told.run_changed(run));
  loop.run(told.run_output({.run = "r", .offset = 3, .text = "a\nb\n"}));
  loop.run(told.notice({.text = "It is slow."}));
  loop.run(told.run_finished(run));
  loop.run(told.event("failure", {{"message", "m"}}));
  const auto lines = events();
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0], json({{"event", "session/changed"}, {"data", lines[0]["data"]}}));
  EXPECT_EQ(lines[0]["data"]["state"], "idle");
  EXPECT_EQ(lines[1]["event"], "run/changed");
  EXPECT_EQ(lines[2], json({{"event", "run/output"},
                            {"data", {{"run", "r"}, {"offset", 3}, {"text", "a\nb\n"}}}}));
  EXPECT_EQ(lines[3]["data"]["text"], "It is slow.");
  EXPECT_EQ(lines[4]["event"], "run/finished");
  EXPECT_EQ(lines[5], json({{"event", "failure"}, {"data", {{"message", "m"}}}}));
  EXPECT_EQ(status.taken(), "");
}

TEST_F(Printer, ReplacesWhatIsNoUtf8InAnEvent) {
  printer told(loop.io.get_executor(), time, plain, true);
  loop.run(told.run_output({.run = "r", .offset = 0, .text = "a\xff"}));
  EXPECT_EQ(events().at(0)["data"]["text"], "a\uFFFD");
}

TEST_F(Printer, WaitsForTheEndOfTheRun) {
  printer told(loop.io.get_executor(), time, plain, false);
  test::started<void> waiting(loop, told.wait());
  loop.run(told.run_changed(run));
  loop.settle();
  EXPECT_FALSE(waiting.finished());
  EXPECT_FALSE(told.finished());
  loop.run(told.run_finished(run));
  waiting.result();
  EXPECT_EQ(told.finished()->run, "r");
}

TEST_F(Printer, DoesNotWaitForARunThatWasGivenUp) {
  printer told(loop.io.get_executor(), time, plain, false);
  test::started<void> waiting(loop, told.wait());
  loop.settle();
  told.give_up();
  waiting.result();
  EXPECT_FALSE(told.finished());
}

TEST_F(Printer, TheSpinnerShowsWhatItWaitsForAndHowLong) {
  printer told(loop.io.get_executor(), time, drawing, false);
  time.turn(100ms);
  EXPECT_EQ(status.taken(), "\r⠋ connecting 0 s\x1b[K");
  loop.run(told.session_changed(
      {.profile = "p", .state = protocol::SessionState::starting, .detail = "queued in YARN"}));
  time.turn(2s);
  EXPECT_EQ(status.taken(), "\r⠙ p: starting 2 s · queued in YARN\x1b[K");
  run.progress = 0.5;
  run.detail = "2 of 4 tasks";
  loop.run(told.run_changed(run));
  time.turn(100ms);
  EXPECT_EQ(status.taken(), "\r⠹ p: running 50 % 2 s · 2 of 4 tasks\x1b[K");
}

TEST_F(Printer, TheSpinnerGoesAwayWithTheRun) {
  printer told(loop.io.get_executor(), time, drawing, false);
  time.turn(100ms);
  status.taken();
  loop.run(told.run_finished(run));
  EXPECT_EQ(status.taken(), "\r\x1b[K");
  time.turn(1s);
  EXPECT_EQ(status.taken(), "");
}

TEST_F(Printer, DrawsNoSpinnerInAFile) {
  printer told(loop.io.get_executor(), time, plain, false);
  time.turn(1s);
  EXPECT_EQ(status.taken(), "");
}

}  // namespace
}  // namespace livyd
