// Content-Length framing of JSON-RPC messages, as a pure decoder and encoder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/async.hpp"

namespace livyd::rpc {

class frame_decoder {
 public:
  /// A message longer than `limit` bytes is refused; a header may take 8 KiB.
  explicit frame_decoder(std::size_t limit = 64_MiB) : limit_(limit) {}
  /// Takes any piece of the stream, down to single bytes.
  void feed(std::string_view piece);
  /// The next whole message, if there is one. Throws failure{invalid_input} with a clear sentence
  /// on garbage, a missing, negative, repeated or huge length, or an endless header; the stream
  /// cannot be used after that.
  std::optional<std::string> next();
  /// True when the stream may end here (no message was begun).
  bool at_boundary() const;

 private:
  bool read_header();
  void read_header_line(std::string_view line);
  void read_length(std::string_view value);
  std::string take(std::size_t size);

  std::size_t limit_;
  std::string buffer_;
  std::size_t consumed_ = 0;  // bytes of buffer_ that were read already
  std::size_t scanned_ = 0;   // bytes of buffer_ known to hold no further line end
  std::size_t header_bytes_ = 0;
  std::optional<std::size_t> length_;
  bool in_body_ = false;
};

std::string framed(std::string_view message);

}  // namespace livyd::rpc
