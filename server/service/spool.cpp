#include "service/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/failure.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

constexpr std::string_view plain_text = "text/plain";

std::string_view extension_of(std::string_view mime) {
  if (mime == "image/png") return "png";
  if (mime == "image/jpeg") return "jpg";
  if (mime == "image/svg+xml") return "svg";
  if (mime == "text/html") return "html";
  if (mime.ends_with("json")) return "json";
  return "txt";
}

bool is_base64_image(std::string_view mime) {
  return mime == "image/png" || mime == "image/jpeg";
}

/// The agent's account of a run: read by the daemon, nothing for the user.
constexpr std::string_view run_facts = "application/vnd.livyd.run+json";
constexpr std::size_t copied_at_once = 256_KiB;

/// The length of `text` without a character that is cut at its end. It may begin inside one.
std::size_t whole_characters(std::string_view text) {
  auto end = text.size();
  std::size_t back = 0;
  while (end > 0 && back < 3 && (static_cast<unsigned char>(text[end - 1]) & 0xC0U) == 0x80U) {
    --end;
    ++back;
  }
  if (end == 0) return text.size();
  const auto lead = static_cast<unsigned char>(text[end - 1]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return length > back + 1 ? end - 1 : text.size();
}

[[noreturn]] void throw_io(const std::filesystem::path& path, int error) {
  throw failure(failure_kind::io, concat("The output cannot be kept in ", path.string(), ": ",
                                         std::generic_category().message(error), "."));
}

}  // namespace

spool::spool(std::filesystem::path folder, std::string run)
    : folder_(std::move(folder)), run_(std::move(run)) {
  text_.path = folder_ / concat(run_, ".txt");
  text_.mime = plain_text;
  reply_.path = folder_ / concat(run_, ".reply");
  find_text();
}

void spool::find_text() {
  std::error_code absent;
  const auto bytes = std::filesystem::file_size(text_.path, absent);
  if (absent) return;
  text_.bytes = bytes;
  constexpr std::uint64_t longest_character = 4;
  const auto tail = std::min(bytes, longest_character);
  const auto end = read_bytes(text_, bytes - tail, tail);
  text_.bytes -= end.size() - whole_characters(end);
}

spool::~spool() {
  if (text_.descriptor >= 0) ::close(text_.descriptor);
  discard(reply_);
  for (const auto& part : parts_) {
    if (part.descriptor >= 0) ::close(part.descriptor);
  }
}

void spool::append(file& to, std::string_view text) {
  if (to.descriptor < 0) {
    const int fresh = to.bytes == 0 ? O_TRUNC : 0;  // else pwrite goes on where the text ends
    to.descriptor = ::open(to.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | fresh, 0600);
    if (to.descriptor < 0) throw_io(to.path, errno);
  }
  while (!text.empty()) {
    const auto count =
        ::pwrite(to.descriptor, text.data(), text.size(), static_cast<off_t>(to.bytes));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_io(to.path, errno);
    }
    to.bytes += static_cast<std::uint64_t>(count);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void spool::discard(file& one) {
  if (one.descriptor >= 0) ::close(one.descriptor);
  one.descriptor = -1;
  one.bytes = 0;
  ::unlink(one.path.c_str());
}

task<void> spool::restart() {
  discard(reply_);
  for (auto& part : parts_) discard(part);
  parts_.clear();
  part_of_.clear();
  files_ = 0;
  co_return;
}

task<void> spool::write(std::size_t part, std::string_view mime, std::string_view text) {
  if (part_of_.size() <= part) part_of_.resize(part + 1, 0);
  if (mime == plain_text) {
    append(reply_, text);
    co_return;
  }
  if (mime == run_facts) co_return;
  if (part_of_[part] == 0) {
    file made;
    made.path = folder_ / concat(run_, ".", ++files_, ".", extension_of(mime));
    made.mime = mime;
    parts_.push_back(std::move(made));
    part_of_[part] = parts_.size();
  }
  append(parts_[part_of_[part] - 1], text);
}

void spool::append_text(std::string_view text) {
  append(text_, text);
}

void spool::take_reply(std::uint64_t from) {
  for (auto at = from; at < reply_.bytes;) {
    const auto piece = read_bytes(reply_, at, copied_at_once);
    if (piece.empty()) break;
    append(text_, piece);
    at += piece.size();
  }
  discard(reply_);
}

std::string spool::read_bytes(const file& from, std::uint64_t offset, std::size_t limit) {
  if (offset >= from.bytes) return {};
  const int number =
      from.descriptor >= 0 ? from.descriptor : ::open(from.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) throw_io(from.path, errno);
  std::string piece(std::min<std::uint64_t>(limit, from.bytes - offset), '\0');
  std::size_t got = 0;
  while (got < piece.size()) {
    const auto count =
        ::pread(number, piece.data() + got, piece.size() - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    got += static_cast<std::size_t>(count);
  }
  if (number != from.descriptor) ::close(number);
  piece.resize(got);
  return piece;
}

std::string spool::read_text(std::uint64_t offset, std::size_t limit) const {
  auto piece = read_bytes(text_, offset, limit);
  if (offset + piece.size() < text_.bytes) piece.resize(whole_characters(piece));
  return piece;
}

void spool::forget() {
  discard(text_);
  discard(reply_);
}

std::optional<std::filesystem::path> spool::text_file() const {
  if (text_.bytes == 0) return std::nullopt;
  return text_.path;
}

void spool::drop_part(std::size_t part) {
  if (part >= part_of_.size() || part_of_[part] == 0) return;
  const auto at = static_cast<std::ptrdiff_t>(part_of_[part]) - 1;
  discard(parts_[static_cast<std::size_t>(at)]);
  parts_.erase(parts_.begin() + at);
  for (auto& number : part_of_) {
    if (number > part_of_[part]) --number;
  }
  part_of_[part] = 0;
}

void spool::show_first(std::size_t count) {
  const auto moved = static_cast<std::ptrdiff_t>(std::min(count, parts_.size()));
  std::rotate(parts_.begin(), parts_.end() - moved, parts_.end());
  part_of_.clear();
}

/// In pieces, for images may be large. One that is no base64 is kept as it came.
void spool::decode_image(file& one) {
  file decoded;
  decoded.path = one.path;
  decoded.path += ".decoded";
  try {
    std::string left;  // characters that make no whole group yet
    for (std::uint64_t at = 0; at < one.bytes;) {
      const auto piece = read_bytes(one, at, copied_at_once);
      if (piece.empty()) break;
      at += piece.size();
      std::copy_if(piece.begin(), piece.end(), std::back_inserter(left),
                   [](char c) { return c != '\n' && c != '\r'; });
      const auto whole = at < one.bytes ? left.size() / 4 * 4 : left.size();
      append(decoded, base64_decoded(std::string_view(left).substr(0, whole)));
      left.erase(0, whole);
    }
  } catch (const failure& reason) {
    discard(decoded);
    if (reason.kind() != failure_kind::invalid_input) throw;
    return;
  }
  if (decoded.descriptor < 0) return;
  ::close(std::exchange(decoded.descriptor, -1));
  if (::rename(decoded.path.c_str(), one.path.c_str()) != 0) throw_io(one.path, errno);
  one.bytes = decoded.bytes;
}

std::vector<protocol::ResultPart> spool::finish() {
  std::vector<protocol::ResultPart> out;
  discard(reply_);
  if (text_.descriptor >= 0) ::close(std::exchange(text_.descriptor, -1));
  for (auto& part : parts_) {
    if (part.descriptor >= 0) ::close(std::exchange(part.descriptor, -1));
    if (is_base64_image(part.mime)) decode_image(part);
    out.push_back({.mime = part.mime,
                   .bytes = static_cast<std::int64_t>(part.bytes),
                   .file = part.path.string()});
  }
  return out;
}

}  // namespace livyd
