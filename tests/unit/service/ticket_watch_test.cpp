#include "service/ticket_watch.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace livyd {
namespace {

using protocol::CredentialsState;
using time_point = std::chrono::system_clock::time_point;

constexpr std::int64_t minute = 60'000;

http::ticket ending_at(std::int64_t wall) {
  return {.principal = "alice@EXAMPLE.COM", .expires = time_point(std::chrono::milliseconds(wall))};
}

/// Sleeps end when the test says so.
class stepped_clock final : public clock {
 public:
  explicit stepped_clock(const asio::any_io_executor& executor) : woken_(executor) {}
  time_point now() const override { return {}; }
  std::int64_t wall_milliseconds() const override { return wall; }
  task<void> sleep_for(duration span) override {
    slept = span;
    ++sleeps;
    co_await woken_.wait();
  }
  void wake() { woken_.notify_all(); }

  std::int64_t wall = 1'000'000'000'000;
  duration slept{};
  int sleeps = 0;

 private:
  notification woken_;
};

class fake_tickets final : public http::kerberos {
 public:
  task<std::unique_ptr<http::security_context>> begin(std::string) override { co_return nullptr; }
  task<std::optional<http::ticket>> find_ticket() override {
    ++looks;
    if (trouble) throw failure(*trouble);
    co_return found;
  }
  std::string service_for(const std::string& host) const override { return "HTTP@" + host; }

  std::optional<http::ticket> found;
  std::optional<failure> trouble;
  int looks = 0;
};

class ear final : public listener {
 public:
  task<void> session_changed(protocol::SessionInfo) override { co_return; }
  task<void> run_changed(protocol::RunInfo) override { co_return; }
  task<void> run_output(protocol::RunOutput) override { co_return; }
  task<void> run_finished(protocol::RunInfo) override { co_return; }
  task<void> log_lines(protocol::LogLines) override { co_return; }
  task<void> notice(protocol::Notice words) override {
    notices.push_back(std::move(words));
    co_return;
  }
  task<void> secret_needed(protocol::SecretNeeded) override { co_return; }
  task<void> credentials_changed(protocol::Credentials now) override {
    changes.push_back(std::move(now));
    co_return;
  }
  task<void> transfer_progress(protocol::TransferProgress) override { co_return; }
  task<void> deploy_changed(protocol::ProfileParams) override { co_return; }
  task<void> batch_changed(protocol::BatchInfo) override { co_return; }
  task<void> batch_lines(protocol::BatchLines) override { co_return; }
  std::vector<protocol::Notice> notices;
  std::vector<protocol::Credentials> changes;
};

struct TicketWatch : testing::Test {
  asio::io_context loop;
  stepped_clock time{loop.get_executor()};
  ear events;
  std::shared_ptr<fake_tickets> tickets = std::make_shared<fake_tickets>();
  ticket_watch watch{loop.get_executor(), time, events, "cluster", tickets};

  void run() {
    loop.restart();
    loop.poll();
  }
  void next_minute() {
    time.wall += minute;
    time.wake();
    run();
  }
};

TEST(Ticket, IsJudgedByWhatIsLeftOfIt) {
  const std::int64_t now = 1'000'000'000'000;
  const auto state = [&](std::int64_t left) {
    return judged_ticket("p", ending_at(now + left), now).state;
  };
  EXPECT_EQ(state(11 * minute), CredentialsState::ok);
  EXPECT_EQ(state(10 * minute), CredentialsState::expiring);
  EXPECT_EQ(state(1), CredentialsState::expiring);
  EXPECT_EQ(state(0), CredentialsState::expired);
  EXPECT_EQ(judged_ticket("p", std::nullopt, now).state, CredentialsState::missing);
  EXPECT_EQ(judged_ticket("p", std::nullopt, now).detail,
            "There is no Kerberos ticket. Run kinit in a terminal.");
}

TEST_F(TicketWatch, ShowsAGoodTicketWithoutAWord) {
  tickets->found = ending_at(time.wall + 60 * minute);
  watch.use();
  run();
  ASSERT_EQ(events.changes.size(), 1U);
  EXPECT_EQ(events.changes[0].state, CredentialsState::ok);
  EXPECT_EQ(events.changes[0].principal, "alice@EXAMPLE.COM");
  EXPECT_TRUE(events.notices.empty());
  EXPECT_EQ(time.slept, 60s);
  next_minute();
  EXPECT_EQ(events.changes.size(), 1U) << "nothing has changed";
  EXPECT_EQ(tickets->looks, 2);
}

TEST_F(TicketWatch, WarnsOnceBeforeTheEndAndTellsTheEndAndTheNewTicket) {
  tickets->found = ending_at(time.wall + 11 * minute);
  watch.use();
  run();
  for (int minutes = 0; minutes < 9; ++minutes) next_minute();
  ASSERT_EQ(events.notices.size(), 1U);
  EXPECT_EQ(events.notices[0].actions,
            std::vector<protocol::NoticeAction>{protocol::NoticeAction::open_terminal});
  EXPECT_TRUE(events.notices[0].text.starts_with("Your Kerberos ticket ends at "));
  for (int minutes = 0; minutes < 3; ++minutes) next_minute();
  ASSERT_EQ(events.notices.size(), 2U);
  EXPECT_TRUE(events.notices[1].text.starts_with("Your Kerberos ticket expired at "));
  tickets->found = ending_at(time.wall + 600 * minute);
  next_minute();
  EXPECT_EQ(events.changes.back().state, CredentialsState::ok);
  EXPECT_EQ(events.notices.size(), 2U);
}

TEST_F(TicketWatch, LooksAtOnceAfterARefusal) {
  tickets->found = ending_at(time.wall + 60 * minute);
  watch.use();
  run();
  tickets->found.reset();
  watch.look_now();
  run();
  EXPECT_EQ(tickets->looks, 2);
  EXPECT_EQ(watch.seen().state, CredentialsState::missing);
}

TEST_F(TicketWatch, SaysWhatIsMissingWithoutTheLibrary) {
  tickets->trouble = failure(failure_kind::unsupported, "Install libgssapi.");
  watch.use();
  run();
  ASSERT_EQ(events.changes.size(), 1U);
  EXPECT_EQ(events.changes[0].detail, "Install libgssapi.");
}

}  // namespace
}  // namespace livyd
