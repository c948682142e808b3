#include "base/text.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>

#include "base/failure.hpp"

namespace livyd {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (byte_at(text, at) & 0xC0U) == 0x80U;
}

/// The length of the valid character at `at`, or 0.
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto first = byte_at(text, at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_continuation(text, at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!is_continuation(text, at + 1) || !is_continuation(text, at + 2)) return 0;
    const auto second = byte_at(text, at + 1);
    if (first == 0xE0 && second < 0xA0) return 0;  // overlong
    if (first == 0xED && second > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!is_continuation(text, at + 1) || !is_continuation(text, at + 2) ||
        !is_continuation(text, at + 3)) {
      return 0;
    }
    const auto second = byte_at(text, at + 1);
    if (first == 0xF0 && second < 0x90) return 0;  // overlong
    if (first == 0xF4 && second > 0x8F) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (getrandom(bytes.data(), count, 0) != static_cast<ssize_t>(count)) {
    throw failure(failure_kind::internal, "The system gives no random numbers.");
  }
  return bytes;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto above = row[j + 1];
      const auto substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      row[j + 1] = std::min({above + 1, row[j] + 1, substituted});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = character_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto length = character_length(text, at);
    if (length > 0) {
      out.append(text.substr(at, length));
      at += length;
      continue;
    }
    out.append("\xEF\xBF\xBD");
    ++at;
    while (is_continuation(text, at)) ++at;
  }
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  auto end = limit;
  while (end > 0 && is_continuation(text, end)) --end;
  return text.substr(0, end);
}

std::string percent_encoded(std::string_view text, std::string_view keep) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    constexpr std::string_view upper_digits = "0123456789ABCDEF";
    out.push_back('%');
    out.push_back(upper_digits[byte >> 4U]);
    out.push_back(upper_digits[byte & 0xFU]);
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 &&
        hex_value(text[at + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2])));
      at += 2;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

std::string base64_encoded(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto rest = bytes.size() - at;
    std::uint32_t group = static_cast<std::uint32_t>(byte_at(bytes, at)) << 16U;
    if (rest > 1) group |= static_cast<std::uint32_t>(byte_at(bytes, at + 1)) << 8U;
    if (rest > 2) group |= byte_at(bytes, at + 2);
    out.push_back(base64_digits[group >> 18U]);
    out.push_back(base64_digits[(group >> 12U) & 63U]);
    out.push_back(rest > 1 ? base64_digits[(group >> 6U) & 63U] : '=');
    out.push_back(rest > 2 ? base64_digits[group & 63U] : '=');
  }
  return out;
}

std::string base64_decoded(std::string_view text) {
  std::string out;
  std::uint32_t group = 0;
  unsigned bits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto digit = base64_digits.find(c);
    if (digit == std::string_view::npos || padding > 0) {
      throw failure(failure_kind::invalid_input, "This is not base64.");
    }
    group = (group << 6U) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>((group >> bits) & 0xFFU));
    }
  }
  if (padding > 2 || bits >= 6) {
    throw failure(failure_kind::invalid_input, "This is not base64: it was cut short.");
  }
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower_case(a) == lower_case(b);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string random_hex(std::size_t bytes) {
  std::string out;
  for (const char c : random_bytes(bytes)) {
    const auto byte = static_cast<std::uint8_t>(c);
    out.push_back(hex_digits[byte >> 4U]);
    out.push_back(hex_digits[byte & 0xFU]);
  }
  return out;
}

std::string random_uuid() {
  auto hex = random_hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned>(hex_value(hex[16])) & 3U];
  return concat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                hex.substr(16, 4), "-", hex.substr(20));
}

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  // At least one character in common: "x" is no misspelt "ca".
  auto best_distance = std::min(std::max<std::size_t>(2, word.size() / 3) + 1, word.size());
  for (const auto name : known) {
    const auto distance = edit_distance(lower_case(word), lower_case(name));
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // What would be printed as "1000.0" is 1.0 of the next unit.
  while (value >= (unit == 0 ? 1000 : 999.95) && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> digits{};
  const int length =
      std::snprintf(digits.data(), digits.size(), unit == 0 ? "%.0f" : "%.1f", value);
  return concat(std::string_view(digits.data(), static_cast<std::size_t>(length)), " ",
                units[unit]);
}

std::string human_duration(std::int64_t milliseconds) {
  const auto seconds = milliseconds / 1000;
  if (seconds < 60) {
    return concat(seconds, ".", (milliseconds % 1000) / 100, " s");
  }
  if (seconds < 3600) return concat(seconds / 60, " min ", seconds % 60, " s");
  return concat(seconds / 3600, " h ", (seconds / 60) % 60, " min");
}

}  // namespace livyd
