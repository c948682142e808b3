#include "service/secrets.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include "base/text.hpp"

namespace livyd {
namespace {

using protocol::SecretKind;

struct Secrets : testing::Test {
  secrets::key password{"cluster", SecretKind::password};
  std::vector<protocol::SecretNeeded> asked;
  asio::io_context loop;
  std::unique_ptr<secrets> all =
      std::make_unique<secrets>([this](protocol::SecretNeeded what) { asked.push_back(what); });

  /// Starts a wait; its end is written into `ended`.
  void begin_waiting(std::string& ended, asio::cancellation_signal* stop = nullptr) {
    auto done = [&ended](std::exception_ptr error) {
      ended = "given";
      if (!error) return;
      try {
        std::rethrow_exception(error);
      } catch (const failure& reason) {
        ended = reason.message();
      } catch (const std::exception&) {
        ended = is_cancellation(error) ? "cancelled" : "something else";
      }
    };
    auto work = secrets::wait_for(all->hold(password, "Password of alice at gw"));
    if (stop == nullptr) {
      asio::co_spawn(loop, std::move(work), done);
    } else {
      asio::co_spawn(loop, std::move(work), asio::bind_cancellation_slot(stop->slot(), done));
    }
    poll();
  }

  void poll() {
    loop.restart();
    loop.poll();
  }

  static std::string trouble(http::secret& kept) {
    try {
      return concat("value ", kept.value());
    } catch (const failure& reason) {
      EXPECT_EQ(reason.kind(), failure_kind::unauthorized);
      return reason.message();
    }
  }
};

TEST_F(Secrets, AreAskedForOnceHoweverManyWait) {
  std::string first;
  std::string second;
  begin_waiting(first);
  begin_waiting(second);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].prompt, "Password of alice at gw");
  EXPECT_FALSE(asked[0].refused);
  EXPECT_EQ(first, "");
  all->give(password, "sesame");
  poll();
  EXPECT_EQ(first, "given");
  EXPECT_EQ(second, "given");
  EXPECT_EQ(secrets::use(all->hold(password, ""))->value(), "sesame");
}

TEST_F(Secrets, WhoWaitsLaterAsksNothingWhenThereIsOne) {
  all->give(password, "sesame");
  std::string ended;
  begin_waiting(ended);
  EXPECT_EQ(ended, "given");
  EXPECT_TRUE(asked.empty());
}

TEST_F(Secrets, ARefusedOneIsNeverReadAgain) {
  all->give(password, "wrong");
  auto kept = secrets::use(all->hold(password, "Password of alice at gw"));
  kept->refused("wrong");
  EXPECT_EQ(trouble(*kept),
            "The server refused what was given as \"Password of alice at gw\". Enter another one; "
            "the refused one is not sent again.");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_TRUE(asked[0].refused);
  std::string ended;
  begin_waiting(ended);
  EXPECT_EQ(ended, "");
  EXPECT_EQ(asked.size(), 1U) << "the client knows";
  all->give(password, "right");
  poll();
  EXPECT_EQ(ended, "given");
  EXPECT_EQ(trouble(*kept), "value right");
}

TEST_F(Secrets, ALateRefusalOfAnOldOneIsIgnored) {
  all->give(password, "old");
  auto kept = secrets::use(all->hold(password, "p"));
  all->give(password, "new");
  kept->refused("old");
  EXPECT_EQ(trouble(*kept), "value new");
  EXPECT_TRUE(asked.empty());
}

TEST_F(Secrets, WhenTheUserDoesNotWantToGiveOneWhoWaitsFailsAndNobodyAsksUntilTheUserWantsIt) {
  std::string ended;
  begin_waiting(ended);
  all->give(password, std::nullopt);
  poll();
  EXPECT_EQ(ended, "\"Password of alice at gw\" is needed. Enter it and try again.");
  std::string later;
  begin_waiting(later);
  EXPECT_EQ(later, ended) << "a poll";
  EXPECT_EQ(asked.size(), 1U);
  all->may_ask("cluster");
  std::string wanted;
  begin_waiting(wanted);
  EXPECT_EQ(wanted, "");
  EXPECT_EQ(asked.size(), 2U);
  all->give(password, "sesame");
  poll();
  EXPECT_EQ(wanted, "given");
}

TEST_F(Secrets, AnAnswerMayComeWhileItIsAskedFor) {
  std::optional<std::string> answer;
  secrets* there = nullptr;
  secrets eager([&](const protocol::SecretNeeded&) { there->give(password, answer); });
  there = &eager;
  std::string ended;
  const auto wait = [&] {
    ended.clear();
    asio::co_spawn(loop, secrets::wait_for(eager.hold(password, "p")),
                   [&](std::exception_ptr error) { ended = error ? "not given" : "given"; });
    poll();
  };
  wait();
  EXPECT_EQ(ended, "not given");
  eager.may_ask("cluster");
  answer = "sesame";
  wait();
  EXPECT_EQ(ended, "given");
}

TEST_F(Secrets, ForgettingIsForOneProfile) {
  const secrets::key other{"other", SecretKind::token};
  all->give(password, "sesame");
  all->give(other, "token");
  all->forget("cluster");
  EXPECT_EQ(trouble(*secrets::use(all->hold(password, "p"))),
            "\"p\" is needed. Enter it and try again.");
  EXPECT_EQ(trouble(*secrets::use(all->hold(other, "t"))), "value token");
}

TEST_F(Secrets, AWaitCanBeCancelledAndTheNextOneAsksAgain) {
  asio::cancellation_signal stop;
  std::string ended;
  begin_waiting(ended, &stop);
  stop.emit(asio::cancellation_type::terminal);
  poll();
  EXPECT_EQ(ended, "This was cancelled.");
  std::string next;
  begin_waiting(next);
  EXPECT_EQ(asked.size(), 2U);
  all->give(password, "sesame");
  poll();
  EXPECT_EQ(next, "given");
}

TEST_F(Secrets, AreAskedForAgainOnlyWhereSomebodyWaits) {
  all->ask_again();
  EXPECT_TRUE(asked.empty());
  std::string ended;
  begin_waiting(ended);
  all->ask_again();
  EXPECT_EQ(asked.size(), 2U);
  all->give(password, "sesame");
  poll();
  EXPECT_EQ(ended, "given");
}

TEST_F(Secrets, WhatIsHeldBelowOutlivesThem) {
  auto kept = secrets::use(all->hold(password, "p"));
  all->give(password, "sesame");
  std::string ended;
  all->forget("cluster");
  begin_waiting(ended);
  all.reset();
  poll();
  EXPECT_NE(ended, "");
  EXPECT_EQ(trouble(*kept), "\"Password of alice at gw\" is needed. Enter it and try again.");
}

TEST_F(Secrets, WhoeverHoldsOneThatWasLetGoKeepsItAndGetsNoLaterOne) {
  all->give(password, "of the old server");
  const auto before = all->hold(password, "Password of alice at old");
  all->let_go("cluster");
  const auto after = all->hold(password, "Password of alice at new");
  EXPECT_EQ(trouble(*secrets::use(before)), "value of the old server");
  EXPECT_EQ(trouble(*secrets::use(after)),
            "\"Password of alice at new\" is needed. Enter it and try again.");
  all->give(password, "of the new server");
  EXPECT_EQ(trouble(*secrets::use(before)), "value of the old server");
  EXPECT_EQ(trouble(*secrets::use(after)), "value of the new server");
  all->forget("cluster");
  EXPECT_EQ(trouble(*secrets::use(before)),
            "\"Password of alice at old\" is needed. Enter it and try again.");
}

TEST_F(Secrets, WhoeverWaitsForOneThatIsLetGoFailsAndGetsNoLaterOne) {
  std::string ended;
  begin_waiting(ended);
  all->let_go("cluster");
  poll();
  EXPECT_EQ(ended, "\"Password of alice at gw\" is needed. Enter it and try again.");
}

}  // namespace
}  // namespace livyd
