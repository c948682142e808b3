#include "base/files.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

[[noreturn]] void throw_io(std::string_view what, const std::filesystem::path& path, int error) {
  throw failure(failure_kind::io,
                concat("Cannot ", what, " ", path.string(), ": ", reason_of(error), "."));
}

class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

void write_all(int to, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const auto written = ::write(to, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_io("write", path, errno);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::filesystem::path home_based(const char* variable, const char* below_home) {
  if (const char* set = std::getenv(variable); set != nullptr && *set == '/') {
    return std::filesystem::path(set) / "livyd";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    const auto* entry = ::getpwuid(::getuid());
    home = entry != nullptr ? entry->pw_dir : "/";
  }
  return std::filesystem::path(home) / below_home / "livyd";
}

}  // namespace

std::optional<std::string> read_file_if_any(const std::filesystem::path& path) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_io("read", path, errno);
  }
  std::string content;
  std::array<char, 65536> piece{};
  while (true) {
    const auto count = ::read(file.number(), piece.data(), piece.size());
    if (count == 0) return content;
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_io("read", path, errno);
    }
    content.append(piece.data(), static_cast<std::size_t>(count));
  }
}

std::string read_file(const std::filesystem::path& path) {
  auto content = read_file_if_any(path);
  if (!content) throw_io("read", path, ENOENT);
  return std::move(*content);
}

void replace_file(const std::filesystem::path& path, std::string_view content) {
  const auto folder = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
  make_private_folder(folder);
  auto temporary = path;
  temporary += concat(".new-", random_hex(4));
  {
    const descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.number() < 0) throw_io("write", temporary, errno);
    try {
      write_all(file.number(), content, temporary);
      if (::fsync(file.number()) != 0) throw_io("write", temporary, errno);
    } catch (...) {
      ::unlink(temporary.c_str());
      throw;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw_io("write", path, error);
  }
  const descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.number() >= 0) ::fsync(parent.number());
}

void make_private_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  if (path.empty() || std::filesystem::is_directory(path, ignored)) return;
  make_private_folder(path.parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw_io("make the folder", path, errno);
}

bool path_exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

removed_file::~removed_file() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::filesystem::path state_home() {
  return home_based("XDG_STATE_HOME", ".local/state");
}

std::filesystem::path config_home() {
  return home_based("XDG_CONFIG_HOME", ".config");
}

std::string user_name() {
  std::string name;
  if (const auto* entry = ::getpwuid(::getuid()); entry != nullptr) name = entry->pw_name;
  if (name.empty()) {
    const char* set = std::getenv("USER");
    name = set != nullptr ? set : "user";
  }
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '.';
    if (!plain) c = '-';
  }
  return name;
}

file_lock::file_lock(file_lock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

file_lock& file_lock::operator=(file_lock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

file_lock::~file_lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<file_lock> file_lock::try_acquire(const std::filesystem::path& path) {
  make_private_folder(path.parent_path());
  file_lock lock;
  lock.descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.descriptor_ < 0) throw_io("lock", path, errno);
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
    throw_io("lock", path, errno);
  }
  const auto pid = std::to_string(::getpid());
  if (::ftruncate(lock.descriptor_, 0) == 0) write_all(lock.descriptor_, pid, path);
  return lock;
}

int file_lock::holder(const std::filesystem::path& path) {
  const auto content = read_file_if_any(path);
  int pid = 0;
  if (content) std::from_chars(content->data(), content->data() + content->size(), pid);
  return pid;
}

}  // namespace livyd
