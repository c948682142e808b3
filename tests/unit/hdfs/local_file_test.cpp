// Files of this machine as ends of a transfer: whole whatever the size of the pieces, or not there.
#include "hdfs/local_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "loop.hpp"

namespace livyd {
namespace {

using test::failure_of;
using testing::HasSubstr;

constexpr std::size_t piece = 64_KiB;
/// Around what is sent at once, and around what is read and written at once.
constexpr std::size_t sizes[] = {0,         1,     piece - 1, piece,        piece + 1,
                                 1_MiB - 1, 1_MiB, 1_MiB + 1, 3_MiB + 12345};

std::string bytes_of(std::size_t count) {
  std::string out(count, '\0');
  for (std::size_t at = 0; at < count; ++at)
    out[at] = static_cast<char>((at * 31 + at / 251) % 256);
  return out;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

task<std::string> all_of(http::byte_source source) {
  std::string out;
  std::string into(piece, '\0');
  while (true) {
    const auto bytes = co_await source(asio::buffer(into));
    if (bytes == 0) co_return out;
    out.append(into, 0, bytes);
  }
}

class LocalFile : public testing::Test {
 protected:
  LocalFile()
      : folder_(std::filesystem::temp_directory_path() / concat("livyd-test-", random_hex(8))) {
    std::filesystem::create_directories(folder_);
  }
  ~LocalFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path(std::string_view name) const { return folder_ / name; }

  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  task<void> write(file_to_keep& file, std::string content) {
    for (std::string_view left = content; !left.empty();) {
      co_await file.write(left.substr(0, piece));
      left.remove_prefix(std::min(piece, left.size()));
    }
  }

  test::loop loop_;

 private:
  std::filesystem::path folder_;
};

TEST_F(LocalFile, IsReadWholeWhateverItsSize) {
  for (const auto size : sizes) {
    std::ofstream(path("sent"), std::ios::binary) << bytes_of(size);
    auto file = open_file(path("sent"));
    EXPECT_EQ(file->bytes(), static_cast<std::int64_t>(size));
    EXPECT_TRUE(loop_.run(all_of(source_of(std::move(file)))) == bytes_of(size)) << size;
  }
}

TEST_F(LocalFile, IsKeptWholeWhateverItsSize) {
  for (const auto size : sizes) {
    const auto name = path(concat("kept-", size));
    file_to_keep file(name);
    loop_.run(write(file, bytes_of(size)));
    EXPECT_FALSE(std::filesystem::exists(name));
    loop_.run(file.keep(false));
    EXPECT_TRUE(content_of(name) == bytes_of(size)) << size;
  }
  EXPECT_EQ(files(), std::size(sizes));
}

TEST_F(LocalFile, LeavesNothingBehindWhenItIsNotKept) {
  {
    file_to_keep file(path("cut"));
    loop_.run(write(file, bytes_of(2_MiB + 1)));
    EXPECT_EQ(files(), 1U);
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(LocalFile, IsReplacedOnlyWhenThatIsAllowed) {
  std::ofstream(path("there")) << "old";
  file_to_keep refused(path("there"));
  loop_.run(write(refused, "new"));
  const auto problem = failure_of([&] { loop_.run(refused.keep(false)); });
  EXPECT_EQ(problem.kind(), failure_kind::rejected);
  EXPECT_THAT(problem.what(), HasSubstr("exists already"));
  EXPECT_EQ(content_of(path("there")), "old");
  file_to_keep allowed(path("there"));
  loop_.run(write(allowed, "newer"));
  loop_.run(allowed.keep(true));
  EXPECT_EQ(content_of(path("there")), "newer");
}

}  // namespace
}  // namespace livyd
