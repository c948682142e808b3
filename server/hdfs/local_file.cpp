#include "hdfs/local_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/failure.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

constexpr std::size_t piece_limit = 64_KiB;
/// What is read or written at once. To go to another thread and back for each piece takes longer
/// than to copy it, on a busy machine much longer.
constexpr std::size_t block_size = 1_MiB;
constexpr int input_patience = 100;  // milliseconds; between them a Ctrl-C is heard

[[noreturn]] void refuse(std::string_view doing, const std::string& what) {
  const auto reason = std::generic_category().message(errno);
  throw failure(failure_kind::io,
                concat("Cannot ", doing, " ", valid_utf8(what), ": ", reason, "."));
}

std::string read_piece(int from, std::size_t most, const std::string& name) {
  std::string piece(most, '\0');
  ssize_t count = -1;
  do {
    count = ::read(from, piece.data(), piece.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) refuse("read", name);
  piece.resize(static_cast<std::size_t>(count));
  return piece;
}

void write_piece(int to, std::string_view piece, const std::string& name) {
  while (!piece.empty()) {
    const auto count = ::write(to, piece.data(), piece.size());
    if (count < 0 && errno != EINTR) refuse("write", name);
    if (count > 0) piece.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// The disk works while more comes; else all of it would be left to the fsync at the end.
void write_block(int to, const std::string& block, const std::string& name) {
  const auto from = ::lseek(to, 0, SEEK_CUR);
  write_piece(to, block, name);
  ::sync_file_range(to, from, static_cast<off_t>(block.size()), SYNC_FILE_RANGE_WRITE);
}

/// A file without a name: it is gone with its descriptor, whichever way the process ends.
int open_nameless() {
  auto name = (std::filesystem::temp_directory_path() / "livyd-XXXXXX").string();
  const int made = ::mkostemp(name.data(), O_CLOEXEC);
  if (made < 0) refuse("make a file in", std::filesystem::temp_directory_path().string());
  ::unlink(name.c_str());
  return made;
}

/// Copies what is there now, or waits a moment for it; false at the end of the input.
bool copy_some(int to) {
  pollfd ready{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const int count = ::poll(&ready, 1, input_patience);
  if (count == 0 || (count < 0 && errno == EINTR)) return true;
  const auto piece = read_piece(STDIN_FILENO, piece_limit, "standard input");
  write_piece(to, piece, "the temporary copy of standard input");
  return !piece.empty();
}

std::int64_t rest_of(int file, const struct stat& about) {
  const auto at = ::lseek(file, 0, SEEK_CUR);
  return std::max<std::int64_t>(0, about.st_size - std::max<off_t>(0, at));
}

/// Where there is no renameat2, a file that appears in between is replaced.
int rename_to_free_name(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (::access(to, F_OK) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ::rename(from, to);
}

bool put_in_place(int file, const std::string& part, const std::string& path, bool replaces) {
  if (::fsync(file) != 0) refuse("write", path);
  const int done = replaces ? ::rename(part.c_str(), path.c_str())
                            : rename_to_free_name(part.c_str(), path.c_str());
  if (done == 0) return true;
  if (errno == EEXIST) return false;
  refuse("write", path);
}

}  // namespace

file_to_send::~file_to_send() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

std::shared_ptr<file_to_send> open_file(const std::filesystem::path& path) {
  // Not blocking: a named pipe is refused below, not waited for.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) refuse("read", path.string());
  struct stat about{};
  const bool known = ::fstat(file, &about) == 0;
  auto opened = std::make_shared<file_to_send>(file, known ? about.st_size : 0);
  if (known && S_ISREG(about.st_mode)) return opened;
  throw failure(
      failure_kind::invalid_input,
      concat(valid_utf8(path.string()), " is not a file. Name one, or - for standard input."));
}

task<std::shared_ptr<file_to_send>> open_standard_input() {
  struct stat about{};
  if (::fstat(STDIN_FILENO, &about) == 0 && S_ISREG(about.st_mode)) {
    co_return std::make_shared<file_to_send>(STDIN_FILENO, rest_of(STDIN_FILENO, about));
  }
  const auto copy = std::make_shared<file_to_send>(open_nameless(), 0);
  bool more = true;
  while (more) {
    auto reading = [copy] { return copy_some(copy->descriptor()); };
    more = co_await off_thread(std::move(reading));
  }
  if (::fstat(copy->descriptor(), &about) != 0) refuse("read", "the copy of standard input");
  ::lseek(copy->descriptor(), 0, SEEK_SET);
  const int again = ::fcntl(copy->descriptor(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (again < 0) refuse("read", "the copy of standard input");
  co_return std::make_shared<file_to_send>(again, about.st_size);
}

http::byte_source source_of(std::shared_ptr<file_to_send> file) {
  struct state {
    std::shared_ptr<file_to_send> file;
    std::string block;
    std::size_t taken = 0;
  };
  auto shared = std::make_shared<state>(state{std::move(file), {}});
  return [shared](asio::mutable_buffer into) -> task<std::size_t> {
    if (shared->taken == shared->block.size()) {
      auto reading = [file = shared->file] {
        return read_piece(file->descriptor(), block_size, "the file");
      };
      shared->block = co_await off_thread(std::move(reading));
      shared->taken = 0;
    }
    const auto bytes = std::min(into.size(), shared->block.size() - shared->taken);
    std::memcpy(into.data(), shared->block.data() + shared->taken, bytes);
    shared->taken += bytes;
    co_return bytes;
  };
}

file_to_keep::file_to_keep(std::filesystem::path path) : path_(std::move(path)) {
  part_ = path_.parent_path() / concat(".", path_.filename().string(), ".part-", random_hex(4));
  constexpr mode_t usual = 0666;  // less the umask
  descriptor_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, usual);
  if (descriptor_ < 0) refuse("write", path_.string());
}

file_to_keep::~file_to_keep() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!part_.empty()) ::unlink(part_.c_str());
}

task<void> file_to_keep::write(std::string_view piece) {
  if (block_.empty()) block_.reserve(block_size + piece_limit);
  block_ += piece;
  if (block_.size() >= block_size) co_await write_out();
}

task<void> file_to_keep::write_out() {
  auto writing = [to = descriptor_, block = std::exchange(block_, {}), name = path_.string()] {
    write_block(to, block, name);
  };
  co_await off_thread(std::move(writing));
}

task<void> file_to_keep::keep(bool replaces) {
  if (!block_.empty()) co_await write_out();
  auto placing = [file = descriptor_, part = part_.string(), path = path_.string(), replaces] {
    return put_in_place(file, part, path, replaces);
  };
  const bool kept = co_await off_thread(std::move(placing));
  if (!kept) {
    throw failure(failure_kind::rejected, concat(valid_utf8(path_.string()),
                                                 " exists already. Add --force to replace it."));
  }
  part_.clear();
}

}  // namespace livyd
