// One file that is read piece by piece, whatever its size.
#pragma once

#include <filesystem>
#include <span>

namespace livyd::deploy {

/// failure{io} with the path and the reason.
[[noreturn]] void throw_unreadable(const std::filesystem::path& path, int error);

class source_file {
 public:
  /// Throws failure{io} with the path and the reason.
  explicit source_file(std::filesystem::path path);
  source_file(const source_file&) = delete;
  source_file& operator=(const source_file&) = delete;
  ~source_file();

  /// How many bytes it put there; 0 at the end. Throws failure{io}.
  std::size_t read(std::span<char> into);

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace livyd::deploy
