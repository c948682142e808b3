// Whole files, replaced ones, private folders and locks between processes.
#include "base/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/failure.hpp"
#include "loop.hpp"

namespace livyd {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (std::filesystem::temp_directory_path() / "livyd-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status{};
    ::stat(path.c_str(), &status);
    return status.st_mode & 0777U;
  }

  std::filesystem::path folder_;
};

TEST_F(Files, AreWrittenAndReadWholeWithEveryByte) {
  std::string content(200'000, '\0');
  for (std::size_t at = 0; at < content.size(); ++at) content[at] = static_cast<char>(at % 251);
  replace_file(folder_ / "a", content);
  EXPECT_EQ(read_file(folder_ / "a"), content);
  replace_file(folder_ / "a", "");
  EXPECT_EQ(read_file(folder_ / "a"), "");
}

TEST_F(Files, AreReplacedByAPrivateOneAndNothingElseIsLeft) {
  std::ofstream(folder_ / "a") << "old";
  std::filesystem::permissions(folder_ / "a", std::filesystem::perms(0644));
  replace_file(folder_ / "a", "new");
  EXPECT_EQ(read_file(folder_ / "a"), "new");
  EXPECT_EQ(mode_of(folder_ / "a"), 0600U);
  const auto entries = std::distance(std::filesystem::directory_iterator(folder_), {});
  EXPECT_EQ(entries, 1);
}

TEST_F(Files, KeepTheOldContentWhenTheyCannotBeReplaced) {
  std::filesystem::create_directory(folder_ / "a");
  std::ofstream(folder_ / "a" / "inside") << "x";
  const auto reason = test::failure_of([&] { replace_file(folder_ / "a", "new"); });
  EXPECT_EQ(reason.kind(), failure_kind::io);
  EXPECT_THAT(reason.message(), HasSubstr((folder_ / "a").string()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(Files, ThatAreMissingAreNothingOrAFailureWithPathAndReason) {
  EXPECT_EQ(read_file_if_any(folder_ / "none"), std::nullopt);
  EXPECT_EQ(read_file_if_any(folder_ / "none" / "below"), std::nullopt);
  const auto reason = test::failure_of([&] { read_file(folder_ / "none"); });
  EXPECT_EQ(reason.kind(), failure_kind::io);
  EXPECT_EQ(reason.message(),
            "Cannot read " + (folder_ / "none").string() + ": No such file or directory.");
  EXPECT_THAT(test::failure_of([&] { read_file(folder_); }).message(), HasSubstr("directory"));
}

TEST_F(Files, GetPrivateFolders) {
  replace_file(folder_ / "x" / "y" / "z", "1");
  EXPECT_EQ(mode_of(folder_ / "x"), 0700U);
  EXPECT_EQ(mode_of(folder_ / "x" / "y"), 0700U);
  make_private_folder(folder_ / "x" / "y");
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(test::failure_of([&] { make_private_folder(folder_ / "file" / "x"); }).kind(),
            failure_kind::io);
}

TEST_F(Files, LockIsHeldByOneAndReleasedWithItsObject) {
  const auto path = folder_ / "sub" / "lock";
  {
    auto first = file_lock::try_acquire(path);
    ASSERT_TRUE(first);
    EXPECT_EQ(file_lock::holder(path), ::getpid());
    EXPECT_FALSE(file_lock::try_acquire(path));
    EXPECT_EQ(file_lock::holder(path), ::getpid());
    const file_lock moved = std::move(*first);
    EXPECT_FALSE(file_lock::try_acquire(path));
  }
  EXPECT_TRUE(file_lock::try_acquire(path));
}

TEST_F(Files, LockOfAnotherProcessEndsWithIt) {
  const auto path = folder_ / "lock";
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto lock = file_lock::try_acquire(path);
    const char byte = lock ? 'y' : 'n';
    char end = 0;
    ::close(done[1]);
    const bool told = ::write(ready[1], &byte, 1) == 1 && ::read(done[0], &end, 1) >= 0;
    ::_exit(told ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  EXPECT_FALSE(file_lock::try_acquire(path));
  EXPECT_EQ(file_lock::holder(path), child);
  ::close(done[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(file_lock::try_acquire(path));
  for (const int end : {ready[0], ready[1], done[0]}) ::close(end);
}

TEST_F(Files, LockThatNobodyWroteHasNoHolder) {
  EXPECT_EQ(file_lock::holder(folder_ / "none"), 0);
  std::ofstream(folder_ / "lock") << "nonsense";
  EXPECT_EQ(file_lock::holder(folder_ / "lock"), 0);
}

TEST_F(Files, HomesFollowTheEnvironment) {
  const auto restore = [](const char* name) {
    const char* old = std::getenv(name);
    return old != nullptr ? std::optional<std::string>(old) : std::nullopt;
  };
  const auto state = restore("XDG_STATE_HOME");
  const auto home = restore("HOME");
  ::setenv("XDG_STATE_HOME", "/somewhere", 1);
  EXPECT_EQ(state_home(), "/somewhere/livyd");
  ::setenv("XDG_STATE_HOME", "relative", 1);
  ::setenv("HOME", "/home/alice", 1);
  EXPECT_EQ(state_home(), "/home/alice/.local/state/livyd");
  state ? ::setenv("XDG_STATE_HOME", state->c_str(), 1) : ::unsetenv("XDG_STATE_HOME");
  home ? ::setenv("HOME", home->c_str(), 1) : ::unsetenv("HOME");
}

TEST(UserName, HasOnlyPlainCharacters) {
  EXPECT_THAT(user_name(), MatchesRegex("[A-Za-z0-9_.-]+"));
}

}  // namespace
}  // namespace livyd
