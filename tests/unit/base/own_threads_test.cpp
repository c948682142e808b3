// Calls that block: results, exceptions, callers and loops that leave first, the limit.
#include "base/own_threads.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <stdexcept>
#include <string>

#include "loop.hpp"

namespace livyd {
namespace {

/// What a call blocks on until the test opens it.
class gate {
 public:
  ~gate() { open(); }

  void wait() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Returns when so many calls have come in.
  void await(int count) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, test::loop::patience, [&] { return inside_ >= count; })) {
      throw std::runtime_error("a call did not begin");
    }
  }
  int inside() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

/// A call that blocks at the gate, then says `answer`.
task<std::string> blocked(own_threads& threads, std::shared_ptr<gate> at, std::string answer) {
  auto work = [at, answer] {
    at->wait();
    return answer;
  };
  return threads.run(std::move(work));
}

class OwnThreads : public testing::Test {
 protected:
  own_threads threads_{2};
  std::shared_ptr<gate> gate_ = std::make_shared<gate>();
};

TEST_F(OwnThreads, BringTheResult) {
  test::loop loop;
  gate_->open();
  EXPECT_EQ(loop.run(blocked(threads_, gate_, "done")), "done");
}

TEST_F(OwnThreads, BringTheException) {
  test::loop loop;
  auto work = []() -> int { throw failure(failure_kind::not_found, "nothing there"); };
  const auto thrown = test::failure_of([&] { loop.run(threads_.run(work)); });
  EXPECT_EQ(thrown.kind(), failure_kind::not_found);
  EXPECT_EQ(thrown.message(), "nothing there");
}

TEST_F(OwnThreads, LetACancelledCallerGoWhileTheCallGoesOn) {
  test::loop loop;
  test::started<std::string> caller(loop, blocked(threads_, gate_, "late"));
  loop.settle();
  gate_->await(1);
  caller.cancel();
  const auto thrown = test::failure_of([&] { caller.result(); });
  EXPECT_EQ(thrown.kind(), failure_kind::cancelled);
  loop.drain();  // nothing of it keeps the loop
}

TEST_F(OwnThreads, LetTheLoopGoFirst) {
  {
    test::loop loop;
    const test::started<std::string> caller(loop, blocked(threads_, gate_, "late"));
    loop.settle();
    gate_->await(1);
  }
  gate_->open();
  test::loop other;
  EXPECT_EQ(other.run(blocked(threads_, gate_, "next")), "next");
}

TEST_F(OwnThreads, AreNotMoreThanTheLimit) {
  test::loop loop;
  test::started<std::string> first(loop, blocked(threads_, gate_, "1"));
  test::started<std::string> second(loop, blocked(threads_, gate_, "2"));
  test::started<std::string> third(loop, blocked(threads_, gate_, "3"));
  loop.settle();
  gate_->await(2);
  EXPECT_EQ(gate_->inside(), 2);
  gate_->open();
  EXPECT_EQ(third.result(), "3");
  EXPECT_EQ(first.result(), "1");
  EXPECT_EQ(second.result(), "2");
}

TEST_F(OwnThreads, NeverBeginWhatNobodyWaitsForAnyMore) {
  test::loop loop;
  auto unused = std::make_shared<gate>();
  unused->open();
  test::started<std::string> first(loop, blocked(threads_, gate_, "1"));
  test::started<std::string> second(loop, blocked(threads_, gate_, "2"));
  test::started<std::string> third(loop, blocked(threads_, unused, "3"));
  loop.settle();
  gate_->await(2);
  third.cancel();
  EXPECT_EQ(test::failure_of([&] { third.result(); }).kind(), failure_kind::cancelled);
  gate_->open();
  first.result();
  second.result();
  EXPECT_EQ(loop.run(blocked(threads_, gate_, "4")), "4");
  EXPECT_EQ(unused->inside(), 0);
}

}  // namespace
}  // namespace livyd
