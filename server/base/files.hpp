// Files as this program uses them: whole reads, writes that survive a crash, private folders,
// locks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace livyd {

/// Throws failure{io} with the path and the reason.
std::string read_file(const std::filesystem::path& path);
/// Nothing when the file does not exist.
std::optional<std::string> read_file_if_any(const std::filesystem::path& path);
/// Mode 0600, a temporary name in the same folder, fsync, rename, fsync of the folder: after this
/// returns the new content is there also after a crash; before, the old one is whole.
void replace_file(const std::filesystem::path& path, std::string_view content);
/// Makes the folder and its parents, mode 0700 for what it makes.
void make_private_folder(const std::filesystem::path& path);

/// Whether there is something of this path; false also when that cannot be found out.
bool path_exists(const std::filesystem::path& path);

/// The file of this path, if there is one, goes with the object.
class removed_file {
 public:
  explicit removed_file(std::filesystem::path path) : path_(std::move(path)) {}
  ~removed_file();
  removed_file(const removed_file&) = delete;
  removed_file& operator=(const removed_file&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// `$XDG_STATE_HOME/livyd` or `~/.local/state/livyd`.
std::filesystem::path state_home();
/// `$XDG_CONFIG_HOME/livyd` or `~/.config/livyd`.
std::filesystem::path config_home();
/// The user's name, letters, digits, `_`, `-` and `.` only.
std::string user_name();

/// An exclusive lock (flock) on a file that holds the owner's pid; released with the object or the
/// process, whichever ends first.
class file_lock {
 public:
  file_lock() = default;
  file_lock(file_lock&& other) noexcept;
  file_lock& operator=(file_lock&& other) noexcept;
  ~file_lock();
  /// Nothing when somebody else holds it.
  static std::optional<file_lock> try_acquire(const std::filesystem::path& path);
  /// The pid written by the holder, or 0.
  static int holder(const std::filesystem::path& path);

 private:
  int descriptor_ = -1;
};

}  // namespace livyd
