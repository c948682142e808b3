// Streams over every kind of descriptor an editor, a shell or a test may hand us.
#include "rpc/transport.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/text.hpp"
#include "loop.hpp"
#include "rpc/framing.hpp"
#include "rpc/server.hpp"

namespace livyd::rpc {
namespace {

using test::run_until;
using testing::HasSubstr;

struct stream_pair {
  int read;
  int write;
};

stream_pair a_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {ends[0], ends[1]};
}

stream_pair a_socket() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {ends[0], ends[1]};
}

/// An unnamed regular file that holds `content`.
int a_file(std::string_view content) {
  std::FILE* file = std::tmpfile();
  const int number = ::fcntl(::fileno(file), F_DUPFD_CLOEXEC, 0);
  std::fclose(file);
  EXPECT_EQ(::write(number, content.data(), content.size()), ssize_t(content.size()));
  ::lseek(number, 0, SEEK_SET);
  return number;
}

void write_text(int to, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(to, text.data(), text.size());
    ASSERT_GT(count, 0);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// Everything until `done` holds for what came, or the end.
template <class Done>
std::string read_until(int from, Done done) {
  std::string text;
  std::array<char, 65536> piece{};
  while (!done(text)) {
    pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 20'000) <= 0) break;
    const auto count = ::read(from, piece.data(), piece.size());
    if (count <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string read_to_the_end(int from) {
  return read_until(from, [](const std::string&) { return false; });
}

/// All messages until the end of the stream, and how it ended.
struct received {
  std::vector<std::string> messages;
  bool ended = false;
  std::string problem;
};

std::shared_ptr<received> receive_all(asio::io_context& loop, transport& from) {
  auto all = std::make_shared<received>();
  asio::co_spawn(
      loop,
      [](transport& peer, std::shared_ptr<received> into) -> task<void> {
        while (true) {
          auto message = co_await peer.receive();
          if (!message) co_return;
          into->messages.push_back(std::move(*message));
        }
      }(from, all),
      [all](std::exception_ptr error) {
        all->ended = true;
        if (error) all->problem = test::outcome{.ended = true, .error = error}.message();
      });
  return all;
}

class Transport : public testing::Test {
 protected:
  ~Transport() override {
    loop_.restart();
    loop_.poll();
  }
  bool until(std::function<bool()> holds) { return run_until(loop_, std::move(holds)); }
  std::unique_ptr<transport> over(int input, int output) {
    return descriptor_streams(loop_.get_executor(), input, output);
  }

  asio::io_context loop_;
};

TEST_F(Transport, ReadsAPipeToItsEnd) {
  const auto in = a_pipe();
  auto peer = over(in.read, -1);
  // Without an output there is nobody to answer: the stream ends at once.
  auto silent = receive_all(loop_, *peer);
  ASSERT_TRUE(until([&] { return silent->ended; }));
  ::close(in.write);
}

TEST_F(Transport, ReadsPipesSocketsAndFilesToTheirEnd) {
  const auto stream = framed("{}") + framed(std::string(300'000, 'x')) + framed("[]");
  const auto pipe = a_pipe();
  const auto socket = a_socket();
  const std::vector<stream_pair> inputs{pipe, socket, {a_file(stream), -1}};
  for (const auto& input : inputs) {
    auto peer = over(input.read, ::open("/dev/null", O_WRONLY | O_CLOEXEC));
    auto all = receive_all(loop_, *peer);
    if (input.write >= 0) {
      ::fcntl(input.write, F_SETFL, O_NONBLOCK);
      std::string_view left = stream;
      EXPECT_TRUE(until([&] {
        const auto count = ::write(input.write, left.data(), left.size());
        if (count > 0) left.remove_prefix(static_cast<std::size_t>(count));
        return left.empty();
      }));
      ::close(input.write);
    }
    ASSERT_TRUE(until([&] { return all->ended; }));
    EXPECT_EQ(all->problem, "");
    ASSERT_EQ(all->messages.size(), 3U);
    EXPECT_EQ(all->messages[1].size(), 300'000U);
  }
}

TEST_F(Transport, NothingIsTheEndOfTheStream) {
  for (const int input : {-1, ::open("/dev/null", O_RDONLY | O_CLOEXEC)}) {
    auto peer = over(input, ::open("/dev/null", O_WRONLY | O_CLOEXEC));
    auto all = receive_all(loop_, *peer);
    ASSERT_TRUE(until([&] { return all->ended; }));
    EXPECT_EQ(all->problem, "");
    EXPECT_TRUE(all->messages.empty());
  }
}

TEST_F(Transport, AnEndInsideAMessageIsSaid) {
  auto peer =
      over(a_file("Content-Length: 10\r\n\r\n{"), ::open("/dev/null", O_WRONLY | O_CLOEXEC));
  auto all = receive_all(loop_, *peer);
  ASSERT_TRUE(until([&] { return all->ended; }));
  EXPECT_THAT(all->problem, HasSubstr("in the middle of a message"));
}

TEST_F(Transport, GarbageIsSaid) {
  auto peer = over(a_file("print(1)\n"), ::open("/dev/null", O_WRONLY | O_CLOEXEC));
  auto all = receive_all(loop_, *peer);
  ASSERT_TRUE(until([&] { return all->ended; }));
  EXPECT_THAT(all->problem, HasSubstr("print(1)"));
}

TEST_F(Transport, ReadsATerminalUntilItHangsUp) {
  const int controller = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(controller, 0);
  ASSERT_EQ(::grantpt(controller), 0);
  ASSERT_EQ(::unlockpt(controller), 0);
  const int terminal = ::open(::ptsname(controller), O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios raw{};
  ::tcgetattr(terminal, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(terminal, TCSANOW, &raw);
  auto peer = over(terminal, ::open("/dev/null", O_WRONLY | O_CLOEXEC));
  auto all = receive_all(loop_, *peer);
  write_text(controller, framed("{}"));
  ASSERT_TRUE(until([&] { return all->messages.size() == 1; }));
  ::close(controller);
  ASSERT_TRUE(until([&] { return all->ended; }));
  EXPECT_EQ(all->problem, "");
}

TEST_F(Transport, GivesTheDescriptorsTheirBlockingModeBack) {
  const auto both = a_socket();
  const int watched = ::fcntl(both.read, F_DUPFD_CLOEXEC, 0);
  auto peer = over(both.read, ::fcntl(both.read, F_DUPFD_CLOEXEC, 0));
  auto all = receive_all(loop_, *peer);
  peer->post("{}");
  write_text(both.write, framed("{}"));
  ASSERT_TRUE(until([&] { return all->messages.size() == 1; }));
  EXPECT_TRUE(::fcntl(watched, F_GETFL) & O_NONBLOCK);
  ::close(both.write);
  ASSERT_TRUE(until([&] { return all->ended; }));
  peer.reset();
  EXPECT_FALSE(::fcntl(watched, F_GETFL) & O_NONBLOCK);
  ::close(watched);
}

TEST_F(Transport, WritesToAFile) {
  const int file = a_file("");
  const int watched = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
  auto peer = over(-1, file);
  peer->post("{}");
  peer->post("[]");
  auto flushed = test::start(loop_, peer->flush());
  ASSERT_TRUE(until([&] { return flushed->ended; }));
  ::lseek(watched, 0, SEEK_SET);
  EXPECT_EQ(read_to_the_end(watched), framed("{}") + framed("[]"));
  ::close(watched);
}

TEST_F(Transport, ASlowReaderSlowsTheWriterDown) {
  constexpr std::size_t piece = 64_KiB;
  constexpr std::size_t count = 200;
  const auto out = a_pipe();
  auto peer = over(-1, out.write);
  std::size_t sent = 0;
  auto writer = test::start(loop_, [](transport& to, std::size_t& done) -> task<void> {
    for (std::size_t i = 0; i < count; ++i) {
      co_await to.send(std::string(piece, static_cast<char>('a' + i % 26)));
      ++done;
    }
    co_await to.flush();
  }(*peer, sent));
  // Nobody reads: the queue fills to its bound (and the pipe to its own), then the writer waits.
  loop_.restart();
  loop_.poll();
  const auto stuck = sent;
  EXPECT_GE(stuck, queue_bound / piece - 1);
  EXPECT_LE(stuck, (queue_bound + 1_MiB) / piece + 2);
  EXPECT_FALSE(writer->ended);
  ::fcntl(out.read, F_SETFL, O_NONBLOCK);
  frame_decoder decoder;
  std::size_t messages = 0;
  std::array<char, 65536> buffer{};
  ASSERT_TRUE(until([&] {
    const auto got = ::read(out.read, buffer.data(), buffer.size());
    if (got > 0) decoder.feed({buffer.data(), static_cast<std::size_t>(got)});
    while (auto message = decoder.next()) {
      EXPECT_EQ(message->front(), static_cast<char>('a' + messages % 26));
      ++messages;
    }
    return messages == count && writer->ended;
  }));
  ::close(out.read);
}

TEST_F(Transport, AMessageIsSentAlsoWhenItsWaitIsCancelled) {
  const auto out = a_pipe();
  auto peer = over(-1, out.write);
  background writer;
  writer.start(loop_.get_executor(), "test",
               [&]() -> task<void> { co_await peer->send(std::string(2_MiB, 'x')); });
  loop_.restart();
  loop_.poll();
  EXPECT_TRUE(writer.running());
  writer.cancel();
  ASSERT_TRUE(until([&] { return !writer.running(); }));
  ::fcntl(out.read, F_SETFL, O_NONBLOCK);
  std::size_t bytes = 0;
  std::array<char, 65536> buffer{};
  ASSERT_TRUE(until([&] {
    const auto got = ::read(out.read, buffer.data(), buffer.size());
    if (got > 0) bytes += static_cast<std::size_t>(got);
    return bytes >= 2_MiB;
  }));
  ::close(out.read);
}

TEST_F(Transport, APeerThatStopsReadingEndsTheStream) {
  const auto in = a_pipe();
  const auto out = a_pipe();
  auto peer = over(in.read, out.write);
  auto all = receive_all(loop_, *peer);
  ::close(out.read);
  peer->post("{}");
  ASSERT_TRUE(until([&] { return all->ended; }));
  EXPECT_EQ(all->problem, "");
  auto flushed = test::start(loop_, peer->flush());
  ASSERT_TRUE(until([&] { return flushed->ended; }));
  ::close(in.write);
}

TEST_F(Transport, ASilentPeerDoesNotHoldTheServerUp) {
  const auto in = a_pipe();
  const auto out = a_pipe();
  auto peer = over(in.read, out.write);
  peer->post(std::string(2_MiB, 'x'));
  server host(std::move(peer));
  auto served = test::start(loop_, host.serve(10ms));
  ::close(in.write);
  ASSERT_TRUE(until([&] { return served->ended; }));
  EXPECT_EQ(served->message(), "");
  ::close(out.read);
}

struct noisy {
  static constexpr std::string_view method = "noisy";
  using params = nlohmann::json;
  using result = nlohmann::json;
};

/// What the forked child does: it serves on its standard streams and prints where it must not.
[[noreturn]] void serve_noisily() {
  {
    asio::io_context loop;
    server host(standard_streams(loop.get_executor()));
    host.on<noisy>([](nlohmann::json) -> task<nlohmann::json> {
      std::printf("stray print\n");
      std::fflush(stdout);
      if (std::system("echo stray child; cat") != 0) co_return "the child failed";
      co_return "quiet";
    });
    asio::co_spawn(loop, host.serve(), [&loop](std::exception_ptr) { loop.stop(); });
    loop.run();
  }
  ::_exit(0);
}

TEST(StandardStreams, AStrayPrintDoesNotBreakTheFraming) {
  const auto both = a_socket();
  const auto errors = a_pipe();
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::dup2(both.read, 0);
    ::dup2(both.read, 1);
    ::dup2(errors.write, 2);
    serve_noisily();
  }
  ::close(both.read);
  ::close(errors.write);
  // In one piece: the second must have been read when the first blocks its thread.
  write_text(both.write, framed(R"({"jsonrpc": "2.0", "id": 1, "method": "noisy"})") +
                             framed(R"({"jsonrpc": "2.0", "id": 2, "method": "nobody"})"));
  frame_decoder decoder;
  std::vector<nlohmann::json> replies;
  std::size_t fed = 0;
  read_until(both.write, [&](const std::string& text) {
    decoder.feed(std::string_view(text).substr(fed));
    fed = text.size();
    while (auto message = decoder.next()) replies.push_back(nlohmann::json::parse(*message));
    return replies.size() == 2;
  });
  ::shutdown(both.write, SHUT_WR);
  EXPECT_EQ(read_to_the_end(both.write), "");
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ASSERT_EQ(replies.size(), 2U);
  // The second needs no handler and is therefore answered first.
  EXPECT_EQ(replies[0]["error"]["code"], code::method_not_found);
  EXPECT_EQ(replies[1]["result"], "quiet");
  EXPECT_THAT(read_to_the_end(errors.read), HasSubstr("stray print\nstray child\n"));
  ::close(both.write);
  ::close(errors.read);
}

}  // namespace
}  // namespace livyd::rpc
