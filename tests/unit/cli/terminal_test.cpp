// Two streams and a status line: what is written where, and what happens when nobody reads it.
#include "cli/terminal.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/text.hpp"
#include "cli/pipe.hpp"
#include "loop.hpp"

namespace livyd {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr auto erased = "\r\x1b[K";

class Terminal : public testing::Test {
 protected:
  void SetUp() override { before_ = ::signal(SIGPIPE, SIG_IGN); }
  void TearDown() override { ::signal(SIGPIPE, before_); }

  terminal plain() { return terminal({.output = output.writer(), .status = status.writer()}); }
  terminal drawing() {
    return terminal(
        {.output = output.writer(), .status = status.writer(), .draws = true, .colours = true});
  }
  void write(terminal& screen, std::string text) { loop.run(screen.output(std::move(text))); }

  test::loop loop;
  test::pipe output;
  test::pipe status;

 private:
  void (*before_)(int) = nullptr;
};

/// A terminal of the kernel's, which changes nothing that is written to it.
class pseudo_terminal {
 public:
  pseudo_terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) return;
    std::array<char, 64> name{};
    if (::ptsname_r(master_, name.data(), name.size()) != 0) return;
    slave_ = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios raw{};
    ::tcgetattr(slave_, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave_, TCSANOW, &raw);
  }
  pseudo_terminal(const pseudo_terminal&) = delete;
  pseudo_terminal& operator=(const pseudo_terminal&) = delete;
  ~pseudo_terminal() {
    ::close(slave_);
    ::close(master_);
  }
  int end() const { return slave_; }

  /// What was shown once `last` has been; the kernel hands it over in its own time.
  std::string shown_until(std::string_view last) {
    std::string all;
    while (all.find(last) == std::string::npos) {
      pollfd ready{.fd = master_, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 10'000) <= 0) break;
      std::array<char, 256> piece{};
      const auto count = ::read(master_, piece.data(), piece.size());
      if (count <= 0) break;
      all.append(piece.data(), static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int master_;
  int slave_ = -1;
};

TEST_F(Terminal, KeepsTheOutputApartFromWhatIsSaid) {
  auto screen = plain();
  write(screen, "a\nb");
  screen.say("Said.");
  write(screen, "c\n");
  EXPECT_EQ(output.taken(), "a\nbc\n");
  EXPECT_EQ(status.taken(), "Said.\n");
}

TEST_F(Terminal, DrawsAndColoursNothingInAFile) {
  auto screen = plain();
  screen.draw("busy");
  screen.erase();
  EXPECT_EQ(screen.coloured("x", "31"), "x");
  EXPECT_EQ(status.taken(), "");
}

TEST_F(Terminal, ColoursWhereAPersonLooks) {
  EXPECT_EQ(drawing().coloured("x", "31"), "\x1b[31mx\x1b[0m");
}

TEST_F(Terminal, ErasesTheStatusLineOnceBeforeItSpeaks) {
  auto screen = drawing();
  screen.draw("busy");
  EXPECT_EQ(status.taken(), "\rbusy\x1b[K");
  screen.say("Said.");
  screen.say("More.");
  EXPECT_EQ(status.taken(), concat(erased, "Said.\nMore.\n"));
}

TEST_F(Terminal, ErasesTheStatusLineBeforeOutput) {
  auto screen = drawing();
  screen.draw("busy");
  status.taken();
  write(screen, "a\n");
  EXPECT_EQ(status.taken(), erased);
}

TEST_F(Terminal, DrawsNoStatusLineBesideAHalfLine) {
  auto screen = drawing();
  write(screen, "half");
  screen.draw("busy");
  EXPECT_EQ(status.taken(), "");
  write(screen, " and whole\n");
  screen.draw("busy");
  EXPECT_THAT(status.taken(), HasSubstr("busy"));
}

TEST_F(Terminal, EndsAHalfLineBeforeItSpeaksOnTheSameTerminal) {
  pseudo_terminal both;
  ASSERT_GE(both.end(), 0);
  terminal screen({.output = both.end(), .status = both.end(), .draws = true});
  write(screen, "half");
  screen.say("Said.");
  EXPECT_EQ(both.shown_until("Said.\n"), "half\nSaid.\n");
}

TEST_F(Terminal, EndsNoLineOfAnOutputThatGoesElsewhere) {
  auto screen = drawing();
  write(screen, "half");
  screen.say("Said.");
  EXPECT_EQ(status.taken(), "Said.\n");
}

TEST_F(Terminal, CutsTheStatusLineBetweenCharacters) {
  auto screen = drawing();
  std::string wide;
  for (int i = 0; i < 50; ++i) wide += "é";
  screen.draw(wide);
  EXPECT_EQ(status.taken(), concat("\r", wide.substr(0, 78), "\x1b[K"));
}

TEST_F(Terminal, WritesMoreThanAPipeHoldsAndLetsTheLoopGoOn) {
  ::fcntl(output.writer(), F_SETFL, O_NONBLOCK);
  auto screen = plain();
  const std::string sent(1_MiB, 'x');
  test::started<void> writing(loop, screen.output(sent));
  std::string got;
  const auto end = std::chrono::steady_clock::now() + test::loop::patience;
  while (got.size() < sent.size() && std::chrono::steady_clock::now() < end) {
    pollfd ready{.fd = output.reader(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, 10);
    loop.settle();
    got += output.taken();
  }
  writing.result();
  EXPECT_EQ(got, sent);
  EXPECT_FALSE(screen.failed());
}

TEST_F(Terminal, IsSilentWhenTheReaderOfTheOutputLeft) {
  auto screen = plain();
  output.close_reader();
  write(screen, "a\n");
  write(screen, "b\n");
  EXPECT_FALSE(screen.failed());
  EXPECT_EQ(status.taken(), "");
}

TEST_F(Terminal, SaysOnceThatTheOutputCannotBeWritten) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  terminal screen({.output = full, .status = status.writer()});
  write(screen, "a\n");
  write(screen, "b\n");
  ::close(full);
  EXPECT_TRUE(screen.failed());
  const auto said = status.taken();
  EXPECT_THAT(said, StartsWith("Cannot write the output: "));
  EXPECT_EQ(said.find('\n'), said.size() - 1) << said;
}

}  // namespace
}  // namespace livyd
