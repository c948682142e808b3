#include "rpc/framing.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace livyd::rpc {
namespace {

constexpr std::size_t header_limit = 8_KiB;

/// What arrived, short and printable, for the sentence about it.
std::string quoted(std::string_view text) {
  constexpr std::size_t shown = 40;
  std::string out;
  for (const char c : text.substr(0, shown)) out += c >= ' ' && c <= '~' ? c : '?';
  return concat('"', out, text.size() > shown ? "…\"" : "\"");
}

[[noreturn]] void refuse(std::string_view reason) {
  throw failure(failure_kind::invalid_input,
                concat("What arrives on standard input is not a JSON-RPC stream: ", reason,
                       ". livyd serve --stdio is started by an editor; see livyd --help."));
}

}  // namespace

void frame_decoder::feed(std::string_view piece) {
  if (consumed_ > 0) {
    buffer_.erase(0, consumed_);
    scanned_ -= std::min(scanned_, consumed_);
    consumed_ = 0;
  }
  buffer_.append(piece);
}

std::optional<std::string> frame_decoder::next() {
  if (!in_body_ && !read_header()) return std::nullopt;
  if (buffer_.size() - consumed_ < *length_) return std::nullopt;
  in_body_ = false;
  header_bytes_ = 0;
  return take(*std::exchange(length_, std::nullopt));
}

bool frame_decoder::at_boundary() const {
  return !in_body_ && header_bytes_ == 0 && buffer_.size() == consumed_;
}

/// True when the empty line that ends a header has been read.
bool frame_decoder::read_header() {
  while (true) {
    const auto end = buffer_.find('\n', std::max(scanned_, consumed_));
    const auto seen = (end == std::string::npos ? buffer_.size() : end) - consumed_;
    if (header_bytes_ + seen > header_limit) refuse("a header does not end");
    if (end == std::string::npos) {
      scanned_ = buffer_.size();
      return false;
    }
    std::string_view line(buffer_.data() + consumed_, end - consumed_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    consumed_ = end + 1;
    header_bytes_ += seen + 1;
    if (line.empty()) break;
    read_header_line(line);
  }
  if (!length_) refuse("a header names no Content-Length");
  in_body_ = true;
  return true;
}

void frame_decoder::read_header_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) {
    refuse(concat("expected a header line like Content-Length: 123, got ", quoted(line)));
  }
  // Other fields (Content-Type) carry nothing that is needed.
  if (!equal_ignoring_case(line.substr(0, colon), "Content-Length")) return;
  if (length_) refuse("a header names Content-Length twice");
  read_length(trimmed(line.substr(colon + 1)));
}

void frame_decoder::read_length(std::string_view value) {
  std::size_t length = 0;
  const auto* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, length);
  const bool is_number = !value.empty() && stopped == end;
  if (error == std::errc::invalid_argument || !is_number) {
    refuse(concat("Content-Length is not a number: ", quoted(value)));
  }
  if (error == std::errc::result_out_of_range || length > limit_) {
    refuse(concat("a message of ", quoted(value), " bytes is longer than the limit of ",
                  human_bytes(limit_)));
  }
  length_ = length;
}

std::string frame_decoder::take(std::size_t size) {
  if (consumed_ == 0 && buffer_.size() == size) {
    scanned_ = 0;
    return std::exchange(buffer_, {});
  }
  auto message = buffer_.substr(consumed_, size);
  consumed_ += size;
  if (consumed_ == buffer_.size()) {
    // A long message leaves its memory to the allocator instead of to the buffer.
    std::string().swap(buffer_);
    consumed_ = 0;
    scanned_ = 0;
  }
  return message;
}

std::string framed(std::string_view message) {
  return concat("Content-Length: ", message.size(), "\r\n\r\n", message);
}

}  // namespace livyd::rpc
