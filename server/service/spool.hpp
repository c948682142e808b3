// The output of one run on disk: its text as one file, every other part of the result as its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "livy/client.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

/// The text is what the user sees: it only grows, and is read from any offset. What a statement's
/// answer holds is written beside it while it arrives (livy::output_sink; a reading may be
/// repeated) and becomes part of the text by `take_reply`, so memory stays small whatever the size.
/// Files are made when the first byte comes, mode 0600.
class spool final : public livy::output_sink {
 public:
  /// `folder` must exist; the files are `<run>.txt`, `<run>.reply` and `<run>.<n>.<extension>`. A
  /// text that an earlier process has left there is gone on with, up to its last whole character.
  spool(std::filesystem::path folder, std::string run);
  ~spool() override;
  spool(const spool&) = delete;
  spool& operator=(const spool&) = delete;

  task<void> restart() override;
  task<void> write(std::size_t part, std::string_view mime, std::string_view text) override;

  /// Appends to the text. Throws failure{io}: the disk is full.
  void append_text(std::string_view text);
  /// The answer's plain text, of which the first `from` bytes are in the text already.
  void take_reply(std::uint64_t from);
  /// Begins anew: what an earlier process wrote is void.
  void forget();
  std::uint64_t reply_bytes() const { return reply_.bytes; }
  std::uint64_t text_bytes() const { return text_.bytes; }
  /// At most `limit` bytes of text from `offset`, cut at a character.
  std::string read_text(std::uint64_t offset, std::size_t limit) const;
  /// Nothing when there was no text.
  std::optional<std::filesystem::path> text_file() const;

  /// Takes back what was written of a part.
  void drop_part(std::size_t part);
  /// The `count` parts that were begun last come first; they are complete, as all others.
  void show_first(std::size_t count);

  /// Closes the files, decodes base64 images, and lists the parts that are not text.
  std::vector<protocol::ResultPart> finish();

 private:
  struct file {
    std::filesystem::path path;
    std::string mime;
    std::uint64_t bytes = 0;
    int descriptor = -1;
  };
  void find_text();
  static void append(file& to, std::string_view text);
  static std::string read_bytes(const file& from, std::uint64_t offset, std::size_t limit);
  static void discard(file& one);
  static void decode_image(file& one);

  std::filesystem::path folder_;
  std::string run_;
  file text_;
  file reply_;
  std::vector<file> parts_;
  std::size_t files_ = 0;             // of parts, so far
  std::vector<std::size_t> part_of_;  // livy's part index → parts_ index + 1, 0 = none yet
};

}  // namespace livyd
