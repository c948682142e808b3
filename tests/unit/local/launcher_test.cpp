// Finding and starting the endpoint: real processes of this executable, each in a folder of its
// own.
#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "local/handlers.hpp"
#include "local/launcher.hpp"
#include "local/state_file.hpp"
#include "loop.hpp"

namespace livyd::local {
namespace {

using ::testing::HasSubstr;

/// A state folder; the endpoint that was started in it ends with the test.
class Launcher : public ::testing::Test {
 protected:
  Launcher() {
    auto pattern = (std::filesystem::temp_directory_path() / "livyd-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Launcher() override {
    end_endpoint();
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path state_file() const { return folder_ / "local.json"; }
  std::filesystem::path executable() const {
    return std::filesystem::read_symlink("/proc/self/exe");
  }
  endpoint_address started() { return loop_.run(ensure_endpoint(folder_, executable(), "")); }
  void end_endpoint() {
    const auto state = read_state_file(state_file());
    if (!state || state->process == ::getpid()) return;
    ::kill(state->process, SIGTERM);
    loop_.run(wait_for_end_of(state->process));
  }
  task<void> wait_for_end_of(int process) {
    system_clock time;
    for (int i = 0; i < 2000 && is_running(process); ++i) co_await time.sleep_for(10ms);
    EXPECT_FALSE(is_running(process)) << "the endpoint goes on after a signal";
  }
  /// Init may take its time to reap what has ended.
  static bool is_running(int process) {
    const auto facts = read_file_if_any(concat("/proc/", process, "/stat"));
    return facts && facts->find(") Z ") == std::string::npos;
  }
  int status_of(const endpoint_address& address, const std::string& token, std::string_view path) {
    http::client client(loop_.io.get_executor(), {},
                        http::bearer_authentication(http::fixed_secret(token), false));
    http::request request;
    request.target = http::joined(http::parse_url(address.url), path);
    return loop_.run(client.send(std::move(request))).status;
  }

  std::filesystem::path folder_;
  test::loop loop_;
};

TEST_F(Launcher, StartsAnEndpointWhoseTokenOnlyTheUserCanRead) {
  const auto address = started();
  EXPECT_EQ(status_of(address, address.token, "sessions"), 200);
  EXPECT_EQ(test::failure_of([&] { status_of(address, "another", "sessions"); }).kind(),
            failure_kind::unauthorized);
  struct stat facts{};
  ASSERT_EQ(::stat(state_file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(Launcher, FindsTheEndpointThatRuns) {
  const auto first = started();
  const auto second = started();
  EXPECT_EQ(first.url, second.url);
  EXPECT_EQ(first.token, second.token);
}

TEST_F(Launcher, StartsOneForTwoAtOnce) {
  test::started<endpoint_address> first(loop_, ensure_endpoint(folder_, executable(), ""));
  test::started<endpoint_address> second(loop_, ensure_endpoint(folder_, executable(), ""));
  const auto one = first.result();
  const auto other = second.result();
  EXPECT_EQ(one.url, other.url);
}

TEST_F(Launcher, DetachesTheEndpoint) {
  started();
  const auto state = read_state_file(state_file());
  ASSERT_TRUE(state);
  EXPECT_NE(::getsid(state->process), ::getsid(0));
}

TEST_F(Launcher, DoesNotBelieveTheStateOfAProcessThatIsGone) {
  started();
  auto state = read_state_file(state_file());
  ASSERT_TRUE(state);
  ::kill(state->process, SIGKILL);
  loop_.run(wait_for_end_of(state->process));
  const auto address = started();
  EXPECT_EQ(status_of(address, address.token, "version"), 200);
  EXPECT_NE(address.token, state->token);
}

TEST_F(Launcher, DoesNotBelieveAPortThatSomethingElseTook) {
  http::server other(loop_.io.get_executor(), {},
                     [](http::server_request) -> task<http::server_response> {
                       http::server_response answer;
                       answer.body = "{\"version\":\"0.9.0\"}";
                       co_return answer;
                     });
  test::started<void> serving(loop_, other.serve());
  write_state_file(state_file(), {.url = concat("http://127.0.0.1:", other.port()),
                                  .token = "t",
                                  .version = endpoint_version(),
                                  .process = ::getpid()});
  const auto address = started();
  EXPECT_NE(address.token, "t");
  other.stop();
}

TEST_F(Launcher, DrainsAnOlderEndpointAndStartsItsOwn) {
  std::vector<std::string> asked;
  http::server older(loop_.io.get_executor(), {},
                     [&asked](http::server_request request) -> task<http::server_response> {
                       asked.push_back(concat(request.verb, " ", request.path));
                       http::server_response answer;
                       answer.body = "{\"livyd\":\"0.0.1\"}";
                       co_return answer;
                     });
  test::started<void> serving(loop_, older.serve());
  write_state_file(state_file(), {.url = concat("http://127.0.0.1:", older.port()),
                                  .token = "t",
                                  .version = "0.0.1",
                                  .process = ::getpid()});
  const auto address = started();
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "POST /livyd/drain"), 1);
  EXPECT_EQ(status_of(address, address.token, "version"), 200);
  older.stop();
}

TEST_F(Launcher, IgnoresAStateFileThatOthersMayRead) {
  write_state_file(state_file(),
                   {.url = "http://127.0.0.1:1", .token = "t", .version = "v", .process = 1});
  ::chmod(state_file().c_str(), 0644);
  EXPECT_FALSE(read_state_file(state_file()));
}

TEST_F(Launcher, TellsTheLastWordsOfAnEndpointThatEndsAtOnce) {
  const auto problem =
      test::failure_of([this] { loop_.run(ensure_endpoint(folder_, executable(), "fail")); });
  EXPECT_EQ(problem.kind(), failure_kind::io);
  EXPECT_THAT(problem.message(), HasSubstr("ended at once. It said: There is no port left."));
}

TEST_F(Launcher, TellsThatTheExecutableIsMissing) {
  const auto problem =
      test::failure_of([this] { loop_.run(ensure_endpoint(folder_, "/no/such/livyd", "")); });
  EXPECT_EQ(problem.kind(), failure_kind::io);
  EXPECT_THAT(problem.message(), HasSubstr("/no/such/livyd: No such file or directory"));
}

TEST_F(Launcher, StopsWaitingForALockThatSomebodyHolds) {
  const auto held = file_lock::try_acquire(folder_ / "local.lock");
  ASSERT_TRUE(held);
  test::started<endpoint_address> waiting(loop_, ensure_endpoint(folder_, executable(), ""));
  loop_.settle();
  EXPECT_FALSE(waiting.finished());
  waiting.cancel();
  const auto problem = test::failure_of([&] { waiting.result(); });
  EXPECT_EQ(problem.kind(), failure_kind::cancelled);
}

}  // namespace
}  // namespace livyd::local
