// Tokens that a command prints: when it runs, what counts as a token, how it fails, how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <functional>

#include "base/files.hpp"
#include "base/text.hpp"
#include "http/auth/simple.hpp"
#include "loop.hpp"

namespace livyd::http {
namespace {

using test::failure_of;
using testing::HasSubstr;
using testing::Not;

class Command : public testing::Test {
 protected:
  Command() {
    std::string form = std::filesystem::temp_directory_path() / "livyd-command-XXXXXX";
    folder_ = ::mkdtemp(form.data());
  }
  ~Command() override { std::filesystem::remove_all(folder_); }

  void make(const std::string& command, command_limits limits = {}) {
    auth_ = command_authentication(concat("cd '", folder_.string(), "'; ", command), false, limits);
  }

  static request to(const std::string& address = "https://gw.a.test/livy") {
    request outgoing;
    outgoing.target = parse_url(address);
    return outgoing;
  }

  task<std::string> authorization(request outgoing) {
    co_await auth_->prepare(outgoing);
    co_return std::string(outgoing.headers.get("Authorization"));
  }
  std::string authorization() { return loop_.run(authorization(to())); }

  failure refused() {
    return failure_of([&] { authorization(); });
  }

  /// What becomes of a 401 to a request that carried this.
  verdict judged(const std::string& field, fields headers = {}) {
    auto sent = to();
    sent.headers.set("Authorization", field);
    response answer;
    answer.status = 401;
    answer.headers = std::move(headers);
    return loop_.run(auth_->judge(sent, answer));
  }

  int runs() const {
    const auto text = read_file_if_any(folder_ / "runs").value_or("");
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }

  test::loop loop_;
  std::filesystem::path folder_;
  std::unique_ptr<authentication> auth_;
};

constexpr auto counting = "echo run >> runs; echo token-$(wc -l < runs)";

TEST_F(Command, RunsOnceForAllRequests) {
  make(counting);
  EXPECT_EQ(authorization(), "Bearer token-1");
  EXPECT_EQ(authorization(), "Bearer token-1");
  EXPECT_EQ(runs(), 1);
}

TEST_F(Command, RunsOnceForConcurrentRequests) {
  make(counting);
  std::deque<test::started<std::string>> first;
  for (int n = 0; n < 5; ++n) first.emplace_back(loop_, authorization(to()));
  for (auto& one : first) EXPECT_EQ(one.result(), "Bearer token-1");
  EXPECT_EQ(runs(), 1);
}

TEST_F(Command, InheritsTheEnvironmentAndReadsNothing) {
  ::setenv("LIVYD_TEST_WORD", "from-outside", 1);
  make("cat; echo $LIVYD_TEST_WORD");
  EXPECT_EQ(authorization(), "Bearer from-outside");
}

TEST_F(Command, GivesItsFirstLine) {
  make("printf ' abc \\r\\nmore\\n'; echo words >&2");
  EXPECT_EQ(authorization(), "Bearer abc");
}

TEST_F(Command, RunsAgainWhenItsTokenIsRefused) {
  make(counting, {.pause = 0s});
  const auto field = authorization();
  EXPECT_EQ(judged(field), verdict::again);
  EXPECT_EQ(authorization(), "Bearer token-2");
  EXPECT_EQ(judged(field), verdict::again) << "somebody else already got the next one";
  EXPECT_EQ(authorization(), "Bearer token-2");
  EXPECT_EQ(runs(), 2);
}

TEST_F(Command, DoesNotRunAgainTooSoon) {
  make(counting);
  const auto field = authorization();
  const auto thrown = failure_of([&] { judged(field); });
  EXPECT_EQ(thrown.kind(), failure_kind::unauthorized);
  EXPECT_EQ(thrown.message(),
            "gw.a.test:443 refused the token that the command printed. It may have expired where "
            "the command takes it from: get a new one and try again.");
  EXPECT_EQ(refused().message(), thrown.message());
  EXPECT_EQ(runs(), 1);
}

TEST_F(Command, NeverSendsARefusedTokenAgain) {
  make("echo same", {.pause = 0s});
  EXPECT_EQ(judged(authorization()), verdict::again);
  EXPECT_THAT(refused().message(), HasSubstr("the one that was refused before"));
}

TEST_F(Command, SaysWhatTheServerTakesInstead) {
  make("echo abc");
  const auto field = authorization();
  const auto thrown = failure_of([&] { judged(field, {{"WWW-Authenticate", "Negotiate"}}); });
  EXPECT_EQ(thrown.message(),
            "gw.a.test:443 does not take Bearer. It takes Negotiate. Set \"auth\" in the profile.");
}

TEST_F(Command, IsNotRunForPlainHttpToAnotherMachine) {
  make(counting);
  const auto thrown =
      failure_of([&] { loop_.run(authorization(to("http://gw.a.test:8999/livy"))); });
  EXPECT_EQ(thrown.kind(), failure_kind::invalid_input);
  EXPECT_EQ(runs(), 0);
}

struct broken {
  std::string_view name;
  std::string_view command;
  std::string_view sentence;
};

class BrokenCommand : public Command, public testing::WithParamInterface<broken> {};

TEST_P(BrokenCommand, IsExplainedWithoutItsOutput) {
  make(std::string(GetParam().command));
  const auto thrown = refused();
  EXPECT_EQ(thrown.kind(), failure_kind::unauthorized);
  EXPECT_EQ(thrown.message(), concat("The command for the token ", GetParam().sentence,
                                     " Check \"tokenCommand\" in the profile."));
  EXPECT_THAT(thrown.detail(), Not(HasSubstr("geheim")));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BrokenCommand,
    testing::Values(broken{"Fails", "echo geheim; echo first >&2; echo 'Log in first.' >&2; exit 3",
                           "failed with exit code 3: Log in first."},
                    broken{"FailsSilently", "exit 1", "failed with exit code 1."},
                    broken{"IsKilled", "kill -9 $$", "was ended by signal 9."},
                    broken{"PrintsNothing", "echo why >&2", "printed nothing: why."},
                    broken{"PrintsASentence", "echo geheim geheim",
                           "printed something that is no token."},
                    broken{"PrintsTooMuch", "head -c 70000 /dev/zero | tr '\\0' g",
                           "printed more than 64 kB."}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_F(Command, IsNotRunAgainAtOnceAfterItFailed) {
  make("echo run >> runs; exit 1");
  EXPECT_EQ(refused().message(), refused().message());
  EXPECT_EQ(runs(), 1);
}

void await(const std::function<bool()>& happened) {
  const auto end = std::chrono::steady_clock::now() + test::loop::patience;
  while (!happened()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    ::usleep(10'000);
  }
}

/// Whether a process of this number runs; one that waits to be reaped does not.
bool lives(const std::string& number) {
  const auto path = concat("/proc/", trimmed(number), "/stat");
  const auto state = read_file_if_any(path);
  return state && state->find(") Z ") == std::string::npos;
}

TEST_F(Command, IsKilledWithItsChildrenWhenItTakesTooLong) {
  make("sleep 1000 & echo $! > child; wait", {.patience = 300ms});
  EXPECT_EQ(refused().message(),
            "The command for the token took too long and was killed. Check \"tokenCommand\" in the "
            "profile.");
  const auto child = read_file_if_any(folder_ / "child");
  if (child) {
    await([&] { return !lives(*child); });
  }
}

TEST_F(Command, DoesNotWaitForWhatItLeftBehind) {
  make("sleep 1000 & echo $! > child; echo abc");
  EXPECT_EQ(authorization(), "Bearer abc");
  const auto child = read_file(folder_ / "child");
  EXPECT_TRUE(lives(child));
  ::kill(std::atoi(child.c_str()), SIGKILL);
}

TEST_F(Command, EndsWithTheLastWhoWaitsForIt) {
  make(
      "echo run >> runs; mkfifo gate 2>/dev/null; if test $(wc -l < runs) = 1; then cat gate; fi; "
      "echo abc");
  test::started<std::string> first(loop_, authorization(to()));
  test::started<std::string> second(loop_, authorization(to()));
  loop_.settle();
  await([&] { return runs() == 1; });
  first.cancel();
  EXPECT_EQ(failure_of([&] { first.result(); }).kind(), failure_kind::cancelled);
  EXPECT_FALSE(second.finished());
  second.cancel();
  EXPECT_EQ(failure_of([&] { second.result(); }).kind(), failure_kind::cancelled);
  loop_.drain();  // the command was killed, nothing waits
  EXPECT_EQ(authorization(), "Bearer abc");
}

}  // namespace
}  // namespace livyd::http
