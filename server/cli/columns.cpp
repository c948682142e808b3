#include "cli/columns.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.hpp"

namespace livyd {
namespace {

using range = std::pair<char32_t, char32_t>;

// The blocks of Unicode's East Asian Width table whose characters are wide, without the rare ones.
constexpr std::array<range, 14> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1F64F},
                                      {0x1F680, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<range, 4> without_width{
    {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

template <std::size_t Size>
bool is_among(char32_t character, const std::array<range, Size>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const range& one) {
    return one.first <= character && character <= one.second;
  });
}

std::size_t width_of(char32_t character) {
  if (is_among(character, without_width)) return 0;
  return is_among(character, wide) ? 2 : 1;
}

struct decoded {
  char32_t character = 0;
  std::size_t bytes = 1;
};

/// The first character; a byte that is no UTF-8 counts as one character.
decoded first_of(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  const std::size_t bytes = lead < 0x80   ? 1
                            : lead < 0xC0 ? 1
                            : lead < 0xE0 ? 2
                            : lead < 0xF0 ? 3
                                          : 4;
  if (bytes == 1 || bytes > text.size()) return {lead, 1};
  auto character = static_cast<char32_t>(lead & (0xFFU >> (bytes + 1)));
  for (std::size_t at = 1; at < bytes; ++at) {
    character = (character << 6U) | (static_cast<std::uint8_t>(text[at]) & 0x3FU);
  }
  return {character, bytes};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto next = first_of(text);
    width += width_of(next.character);
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string fitted(std::string_view text, std::size_t width) {
  std::string line = valid_utf8(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<std::uint8_t>(c) < 0x20; }, ' ');
  if (display_width(line) <= width) return line;
  std::size_t used = 1;  // the "…"
  std::size_t end = 0;
  while (true) {
    const auto next = first_of(std::string_view(line).substr(end));
    used += width_of(next.character);
    if (used > width) break;
    end += next.bytes;
  }
  return line.substr(0, end) + "…";
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] + 2 - display_width(row[i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace livyd
