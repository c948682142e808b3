// Small things about text: UTF-8, percent and base64 encoding, random names, near misses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace livyd {

/// Joins the parts; integers are written in decimal.
template <class... Parts>
std::string concat(const Parts&... parts);

bool is_valid_utf8(std::string_view text);
/// Replaces each maximal invalid piece by U+FFFD.
std::string valid_utf8(std::string_view text);
/// The longest prefix of at most `limit` bytes that does not split a character.
std::string_view utf8_prefix(std::string_view text, std::size_t limit);

/// Everything outside [A-Za-z0-9-._~] becomes %XX; characters of `keep` stay.
std::string percent_encoded(std::string_view text, std::string_view keep = {});
std::string percent_decoded(std::string_view text);

std::string base64_encoded(std::string_view bytes);
/// Throws failure{invalid_input} when `text` is not base64.
std::string base64_decoded(std::string_view text);

std::string lower_case(std::string_view text);
std::string_view trimmed(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::vector<std::string_view> split(std::string_view text, char separator);

/// `bytes` random bytes (from the kernel) in hexadecimal.
std::string random_hex(std::size_t bytes);
/// A random UUID, version 4, lower case.
std::string random_uuid();

/// The name among `known` that is nearest to `word` by edit distance, or "" when none is near.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> known);

/// "48.1 MB", "512 B": powers of 1000.
std::string human_bytes(std::uint64_t bytes);
/// "1.8 s", "12 min 4 s", "2 h 3 min".
std::string human_duration(std::int64_t milliseconds);

namespace detail {
inline void append(std::string& out, std::string_view part) {
  out.append(part);
}
inline void append(std::string& out, char part) {
  out.push_back(part);
}
template <class Number>
  requires std::is_arithmetic_v<Number>
void append(std::string& out, Number number) {
  out.append(std::to_string(number));
}
}  // namespace detail

template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

}  // namespace livyd
