// Files of this machine as ends of a transfer: read and written piece by piece, off the loop.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "http/message.hpp"

namespace livyd {

/// An open file that knows how long it is. Shared with the request that reads it.
class file_to_send {
 public:
  explicit file_to_send(int descriptor, std::int64_t bytes)
      : descriptor_(descriptor), bytes_(bytes) {}
  ~file_to_send();
  file_to_send(const file_to_send&) = delete;
  file_to_send& operator=(const file_to_send&) = delete;

  /// From where the descriptor stands to the end.
  std::int64_t bytes() const { return bytes_; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::int64_t bytes_;
};

/// Throws failure{invalid_input} for what is no file, failure{io} for what cannot be opened.
std::shared_ptr<file_to_send> open_file(const std::filesystem::path& path);

/// Standard input itself when it is a file, else a nameless copy of it on disk: HDFS wants to know
/// the length first. Cancellable while it waits for input. Throws failure{io}.
task<std::shared_ptr<file_to_send>> open_standard_input();

/// Fills what it is given from a block of the file that was read before. Throws failure{io}.
http::byte_source source_of(std::shared_ptr<file_to_send> file);

/// A file under a temporary name beside its own, which it gets by keep(); without that it is
/// removed with the object.
class file_to_keep {
 public:
  /// Throws failure{io}.
  explicit file_to_keep(std::filesystem::path path);
  ~file_to_keep();
  file_to_keep(const file_to_keep&) = delete;
  file_to_keep& operator=(const file_to_keep&) = delete;

  /// Collects pieces to blocks. Throws failure{io}.
  task<void> write(std::string_view piece);
  /// Throws failure{rejected} when there is such a file and it may not be replaced, failure{io}.
  task<void> keep(bool replaces);

 private:
  task<void> write_out();

  std::filesystem::path path_;
  std::filesystem::path part_;
  int descriptor_ = -1;
  std::string block_;
};

}  // namespace livyd
