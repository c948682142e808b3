// Deadlines, shields, notifications, background work and other threads, with cancellation.
#include "base/async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/clock.hpp"
#include "base/off_thread.hpp"
#include "loop.hpp"

namespace livyd {
namespace {

using test::failure_of;
using test::started;

class Async : public testing::Test {
 protected:
  task<void> forever() {
    notification never(loop_.io.get_executor());
    co_await never.wait();
  }

  task<int> seven() {
    co_await asio::post(loop_.io.get_executor(), asio::use_awaitable);
    co_return 7;
  }

  test::loop loop_;
};

TEST_F(Async, DeadlineReturnsWhatTheWorkReturns) {
  EXPECT_EQ(loop_.run(with_deadline(seven(), 10s, "late")), 7);
  loop_.drain();
}

TEST_F(Async, DeadlineCancelsTheWorkAndSaysSo) {
  bool unwound = false;
  auto work = [&]() -> task<void> {
    try {
      co_await forever();
    } catch (const failure& reason) {
      unwound = reason.kind() == failure_kind::cancelled;
      throw;
    }
  };
  const auto reason =
      failure_of([&] { loop_.run(with_deadline(work(), 1ms, "It took too long.")); });
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(), "It took too long.");
  EXPECT_TRUE(unwound);
}

TEST_F(Async, DeadlineLetsAnotherExceptionThroughAtOnce) {
  auto work = [&]() -> task<int> {
    co_await seven();
    throw failure(failure_kind::io, "The disk is full.");
  };
  EXPECT_EQ(failure_of([&] { loop_.run(with_deadline(work(), 10s, "late")); }).kind(),
            failure_kind::io);
  loop_.drain();
}

TEST_F(Async, DeadlineIsNotBlamedForACancellation) {
  started<void> call(loop_, with_deadline(forever(), 10s, "late"));
  loop_.settle();
  call.cancel();
  EXPECT_EQ(failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
  loop_.drain();
}

TEST_F(Async, OuterDeadlineIsTheOneThatIsTold) {
  auto inner = with_deadline(forever(), 10s, "inner");
  const auto reason = failure_of([&] { loop_.run(with_deadline(std::move(inner), 1ms, "outer")); });
  EXPECT_EQ(reason.message(), "outer");
}

TEST_F(Async, InnerDeadlineIsTheOneThatIsTold) {
  auto inner = with_deadline(forever(), 1ms, "inner");
  const auto reason = failure_of([&] { loop_.run(with_deadline(std::move(inner), 10s, "outer")); });
  EXPECT_EQ(reason.message(), "inner");
}

TEST_F(Async, ShieldedCleanUpRunsToItsEndAfterACancellationAndDuringAnother) {
  std::string steps;
  notification go_on(loop_.io.get_executor());
  auto work = [&]() -> task<void> {
    try {
      co_await forever();
    } catch (const failure&) {
      steps += "cancelled ";
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await shielded(
        [&]() -> task<void> {
          steps += "begins ";
          co_await go_on.wait();
          steps += "ends";
        },
        10s);
    throw_cancelled();
  };
  started<void> call(loop_, work());
  loop_.settle();
  call.cancel();
  loop_.settle();
  EXPECT_EQ(steps, "cancelled begins ");
  call.cancel();
  loop_.settle();
  go_on.notify_all();
  EXPECT_EQ(failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
  EXPECT_EQ(steps, "cancelled begins ends");
}

TEST_F(Async, ShieldedCleanUpHasADeadline) {
  bool after = false;
  auto work = [&]() -> task<void> {
    co_await shielded([&] { return forever(); }, 1ms);
    after = true;
  };
  loop_.run(work());
  EXPECT_TRUE(after);
}

TEST_F(Async, ShieldedCleanUpDoesNotThrow) {
  auto work = [&]() -> task<void> {
    co_await shielded(
        []() -> task<void> {
          throw failure(failure_kind::io, "The disk is full.");
          co_return;
        },
        1s);
  };
  EXPECT_NO_THROW(loop_.run(work()));
}

TEST_F(Async, NotificationWakesAllThatWaitAndHasNoMemory) {
  notification happened(loop_.io.get_executor());
  happened.notify_all();
  started<void> first(loop_, happened.wait());
  started<void> second(loop_, happened.wait());
  loop_.settle();
  EXPECT_FALSE(first.finished());
  happened.notify_all();
  loop_.settle();
  EXPECT_TRUE(first.finished());
  EXPECT_TRUE(second.finished());
  started<void> third(loop_, happened.wait());
  loop_.settle();
  EXPECT_FALSE(third.finished());
}

TEST_F(Async, NotificationWaitIsCancelledAlone) {
  notification happened(loop_.io.get_executor());
  started<void> first(loop_, happened.wait());
  started<void> second(loop_, happened.wait());
  loop_.settle();
  first.cancel();
  EXPECT_EQ(failure_of([&] { first.result(); }).kind(), failure_kind::cancelled);
  EXPECT_FALSE(second.finished());
  happened.notify_all();
  second.result();
}

TEST_F(Async, BackgroundIsCancelledWithItsOwner) {
  bool cancelled = false;
  {
    background work;
    work.start(loop_.io.get_executor(), "test", [&]() -> task<void> {
      try {
        co_await forever();
      } catch (const failure& reason) {
        cancelled = reason.kind() == failure_kind::cancelled;
        throw;
      }
    });
    loop_.settle();
    EXPECT_TRUE(work.running());
  }
  loop_.drain();
  EXPECT_TRUE(cancelled);
}

TEST_F(Async, BackgroundStartsAnewAndCancelsTheOldWork) {
  std::string seen;
  background work;
  EXPECT_FALSE(work.running());
  work.start(loop_.io.get_executor(), "test", [&]() -> task<void> {
    try {
      co_await forever();
    } catch (const failure&) {
      seen += "old ended ";
    }
  });
  loop_.settle();
  work.start(loop_.io.get_executor(), "test", [&]() -> task<void> {
    seen += "new ";
    co_await forever();
  });
  loop_.settle();
  EXPECT_THAT(seen, testing::HasSubstr("old ended"));
  EXPECT_THAT(seen, testing::HasSubstr("new"));
  EXPECT_TRUE(work.running());
}

TEST_F(Async, BackgroundEndsByItselfAndByAnException) {
  background work;
  work.start(loop_.io.get_executor(), "test", [&]() -> task<void> { co_await seven(); });
  loop_.drain();
  EXPECT_FALSE(work.running());
  work.start(loop_.io.get_executor(), "test", [&]() -> task<void> {
    throw failure(failure_kind::cancelled, "quietly");
    co_return;
  });
  loop_.drain();
  EXPECT_FALSE(work.running());
}

TEST_F(Async, BackgroundMayBeDroppedByItsOwnWork) {
  std::optional<background> work(std::in_place);
  bool after = false;
  work->start(loop_.io.get_executor(), "test", [&]() -> task<void> {
    co_await seven();
    work.reset();
    after = true;
    co_await forever();
  });
  loop_.drain();
  EXPECT_TRUE(after);
}

TEST_F(Async, SleepIsCancelled) {
  system_clock clock;
  started<void> sleeping(loop_, clock.sleep_for(1h));
  loop_.settle();
  sleeping.cancel();
  EXPECT_EQ(failure_of([&] { sleeping.result(); }).kind(), failure_kind::cancelled);
}

TEST_F(Async, OffThreadRunsElsewhereAndComesBack) {
  const auto here = std::this_thread::get_id();
  std::thread::id there;
  std::thread::id back;
  auto work = [&]() -> task<std::string> {
    auto text = co_await off_thread([&there] {
      there = std::this_thread::get_id();
      return std::string("done");
    });
    back = std::this_thread::get_id();
    co_return text;
  };
  EXPECT_EQ(loop_.run(work()), "done");
  EXPECT_NE(there, here);
  EXPECT_EQ(back, here);
}

TEST_F(Async, OffThreadBringsExceptionsBack) {
  auto work = []() -> task<void> {
    co_await off_thread([] { throw failure(failure_kind::io, "The disk is full."); });
  };
  EXPECT_EQ(failure_of([&] { loop_.run(work()); }).message(), "The disk is full.");
  auto other = []() -> task<int> {
    co_return co_await off_thread([]() -> int { throw std::out_of_range("x"); });
  };
  EXPECT_THROW(loop_.run(other()), std::out_of_range);
}

TEST_F(Async, OffThreadIsAwaitedAlsoWhenCancelled) {
  auto released = std::make_shared<std::atomic<bool>>(false);
  std::optional<bool> saw_release;
  auto work = [&]() -> task<void> {
    co_await off_thread([released] { released->wait(false); });
    saw_release = released->load();
  };
  started<void> call(loop_, work());
  loop_.settle();
  call.cancel();
  loop_.settle();
  EXPECT_FALSE(call.finished());
  released->store(true);
  released->notify_all();
  loop_.until([&] { return call.finished(); });
  EXPECT_EQ(saw_release, true);
}

TEST_F(Async, OffThreadIsAwaitedByALoopThatIsDestroyed) {
  auto released = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> ended = false;
  std::thread releaser;
  {
    asio::io_context io;
    auto work = [&]() -> task<void> {
      co_await off_thread([released, &ended] {
        released->wait(false);
        ended = true;
      });
    };
    asio::co_spawn(io, work(), asio::detached);
    io.poll();
    releaser = std::thread([released] {
      released->store(true);
      released->notify_all();
    });
  }
  EXPECT_TRUE(ended);
  releaser.join();
}

TEST_F(Async, OffThreadRunsManyPiecesFromManyCoroutines) {
  std::vector<std::unique_ptr<started<int>>> calls;
  auto square = [](int number) -> task<int> {
    co_return co_await off_thread([number] { return number * number; });
  };
  for (int number = 0; number < 200; ++number) {
    calls.push_back(std::make_unique<started<int>>(loop_, square(number)));
    if (number % 3 == 0) calls.back()->cancel();
  }
  for (int number = 0; number < 200; ++number) {
    if (number % 3 != 0)
      EXPECT_EQ(calls[static_cast<std::size_t>(number)]->result(), number * number);
  }
  loop_.drain();
}

}  // namespace
}  // namespace livyd
