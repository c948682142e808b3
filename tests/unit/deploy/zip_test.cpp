// The zip: the same bytes everywhere, what was hashed and nothing else, in constant memory.
#include "deploy/zip.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "base/files.hpp"
#include "project.hpp"

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define LIVYD_UNDER_TSAN
#endif

#ifdef LIVYD_UNDER_TSAN
// libzip asks the C library for the time zone, which guards it by a lock that ThreadSanitizer does
// not see. That this was passed over is no news either. NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" const char* __tsan_default_suppressions() {
  return "race:libzip.so";
}
extern "C" const char* __tsan_default_options() {
  return "print_suppressions=0";
}
// NOLINTEND(bugprone-reserved-identifier)
#endif

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Zip : public Project {
 protected:
  bundle collected() const { return collect({rule()}, folder_).at(0); }
  std::string zipped() const {
    write_zip(collected(), folder_ / "out.zip");
    return read_file(folder_ / "out.zip");
  }
  /// What Python says about the zip; "" when it does not like it.
  std::string python(const std::string& code) const {
    const auto command = "cd '" + folder_.string() + "' && python3 -c '" + code + "' > said 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << read_file(folder_ / "said");
    return read_file(folder_ / "said");
  }
};

TEST_F(Zip, HoldsEveryFileWithFixedTimesAndModes) {
  write("modules/etl/__init__.py", "");
  write("modules/etl/steps/load.py", "abc");
  write("modules/gr\u00FCn.txt", std::string(100'000, 'x'));
  write_zip(collected(), folder_ / "out.zip");
  EXPECT_EQ(python("import zipfile; z = zipfile.ZipFile(\"out.zip\"); print(z.testzip())\n"
                   "for i in z.infolist(): print(ascii(i.filename), i.file_size, i.date_time[:3], "
                   "oct(i.external_attr >> 16), i.compress_type)"),
            "None\n'etl/' 0 (1980, 1, 1) 0o40755 0\n'etl/steps/' 0 (1980, 1, 1) 0o40755 0\n"
            "'etl/__init__.py' 0 (1980, 1, 1) 0o100644 8\n"
            "'etl/steps/load.py' 3 (1980, 1, 1) 0o100644 8\n"
            "'gr\\xfcn.txt' 100000 (1980, 1, 1) 0o100644 8\n");
}

TEST_F(Zip, CanBeImportedFromAlsoWithoutInit) {
  write("modules/space/deep/a.py", "answer = 42\n");
  write_zip(collected(), folder_ / "out.zip");
  EXPECT_EQ(python("import sys; sys.path.insert(0, \"out.zip\")\n"
                   "from space.deep import a; print(a.answer)"),
            "42\n");
}

TEST_F(Zip, IsTheSameBytesInAnotherFolderAtAnotherTimeWithAnotherUmask) {
  write("modules/etl/a.py", "1");
  write("modules/b.py", std::string(200'000, 'b'));
  const auto first = zipped();
  const auto hash = collected().hash;
  fs::rename(folder_ / "modules", folder_ / "elsewhere");
  const auto old_mask = ::umask(0077);
  write("modules/b.py", std::string(200'000, 'b'));
  write("modules/etl/a.py", "1");
  fs::last_write_time(folder_ / "modules" / "b.py", fs::file_time_type{});
  fs::permissions(folder_ / "modules" / "etl" / "a.py", fs::perms(0700));
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  const auto second = zipped();
  ::umask(old_mask);
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_TRUE(first == second);
  EXPECT_EQ(collected().hash, hash);
}

TEST_F(Zip, IsPrivateAndReplacesWhatWasThere) {
  write("modules/a.py");
  fs::create_symlink(write("other", "keep"), folder_ / "out.zip");
  const auto old_mask = ::umask(0);
  const auto bytes = write_zip(collected(), folder_ / "out.zip");
  ::umask(old_mask);
  EXPECT_EQ(fs::symlink_status(folder_ / "out.zip").permissions(), fs::perms(0600));
  EXPECT_EQ(fs::file_size(folder_ / "out.zip"), bytes);
  EXPECT_EQ(read_file(folder_ / "other"), "keep");
}

TEST_F(Zip, RefusesAFileThatIsNoLongerWhatWasHashed) {
  const auto path = write("modules/a.py", "1234");
  const auto before = collected();
  for (const auto* now : {"5678", "1", "123456", ""}) {
    write("modules/a.py", now);
    const auto error = failure_of([&] { write_zip(before, folder_ / "out.zip"); });
    EXPECT_EQ(error.kind(), failure_kind::io);
    EXPECT_EQ(error.message(), path.string() + " changed while it was packed. Deploy again.");
    EXPECT_FALSE(fs::exists(folder_ / "out.zip"));
  }
}

TEST_F(Zip, NamesAFileThatIsGone) {
  const auto path = write("modules/a.py");
  const auto before = collected();
  fs::remove(path);
  const auto error = failure_of([&] { write_zip(before, folder_ / "out.zip"); });
  EXPECT_EQ(error.kind(), failure_kind::io);
  EXPECT_EQ(error.message(), "Cannot read " + path.string() + ": No such file or directory.");
  EXPECT_FALSE(fs::exists(folder_ / "out.zip"));
}

TEST_F(Zip, NamesATargetThatCannotBeWritten) {
  write("modules/a.py");
  const auto target = folder_ / "not" / "there.zip";
  const auto error = failure_of([&] { write_zip(collected(), target); });
  EXPECT_EQ(error.kind(), failure_kind::io);
  EXPECT_EQ(error.message(), "Cannot write " + target.string() + ": No such file or directory.");
}

TEST_F(Zip, SaysThatTheDiskIsFull) {
  write("modules/a.py", std::string(200'000, 'a'));
  write("modules/b.py", "b");
  const auto from = collected();
  struct rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  auto little = limit;
  little.rlim_cur = 64;
  auto* const old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &little);
  const auto error = failure_of([&] { write_zip(from, folder_ / "out.zip"); });
  ::setrlimit(RLIMIT_FSIZE, &limit);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error.kind(), failure_kind::io);
  EXPECT_THAT(error.message(), HasSubstr("Cannot write " + (folder_ / "out.zip").string()));
  EXPECT_FALSE(fs::exists(folder_ / "out.zip"));
}

TEST_F(Zip, EndsWhenToldToAndLeavesNothing) {
  write("modules/a.py");
  std::stop_source stop;
  stop.request_stop();
  const auto from = collected();
  const auto error = failure_of([&] { write_zip(from, folder_ / "out.zip", stop.get_token()); });
  EXPECT_EQ(error.kind(), failure_kind::cancelled);
  EXPECT_FALSE(fs::exists(folder_ / "out.zip"));
}

std::uint64_t peak_kilobytes() {
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss);
}

/// Begins two at the same moment; false when one of them failed.
bool wrote_both(const bundle& from, const fs::path& folder) {
  std::atomic<int> waiting = 2;
  std::atomic<int> written = 0;
  const auto write = [&](const char* name) {
    for (--waiting; waiting > 0;) continue;
    try {
      write_zip(from, folder / name);
      ++written;
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "%s: %s\n", name, problem.what());
    }
  };
  std::thread first(write, "first.zip");
  write("second.zip");
  first.join();
  return written == 2;
}

#ifdef LIVYD_UNDER_TSAN
constexpr int processes = 50;  // a tenth of a second each
#else
constexpr int processes = 500;  // libzip alone fails in one of seventy
#endif

// libzip prepares itself in the first call of a process, and not for two threads.
TEST_F(Zip, TheFirstTwoOfAProcessMayBeginAtTheSameMoment) {
  write("modules/a.py", "1");
  const auto from = collected();
  int failed = 0;
  for (int process = 0; process < processes; ++process) {
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(wrote_both(from, folder_) ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) ++failed;
  }
  EXPECT_EQ(failed, 0);
}

TEST_F(Zip, OfASparseFileBeyondFourGigabytesNeedsNoMemory) {
#ifdef LIVYD_UNDER_TSAN
  GTEST_SKIP() << "one thread, and half a minute of work";
#endif
  constexpr std::uint64_t size = 4'300'000'000;
  fs::resize_file(write("modules/sparse.bin"), size);
  const auto from = collected();
  const auto before = peak_kilobytes();
  EXPECT_EQ(from.bytes, size);
  write_zip(from, folder_ / "out.zip");
  EXPECT_LT(peak_kilobytes() - before, 16U * 1024U);
  EXPECT_EQ(python("import zipfile; print(zipfile.ZipFile(\"out.zip\").getinfo(\"sparse.bin\")"
                   ".file_size)"),
            "4300000000\n");
}

}  // namespace
}  // namespace livyd::deploy
