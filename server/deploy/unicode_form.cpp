#include "deploy/unicode_form.hpp"

#include <algorithm>
#include <cstdint>

#include "deploy/decompositions.hpp"

namespace livyd::deploy {
namespace {

void append_utf8(std::string& out, char32_t character) {
  const auto append = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (character < 0x80) {
    append(character);
  } else if (character < 0x800) {
    append(0xC0U | (character >> 6U));
    append(0x80U | (character & 0x3FU));
  } else {
    append(0xE0U | (character >> 12U));
    append(0x80U | ((character >> 6U) & 0x3FU));
    append(0x80U | (character & 0x3FU));
  }
}

/// Syllables are made of two or three letters, by arithmetic (Unicode 3.12).
void append_hangul(std::string& out, char32_t syllable) {
  constexpr char32_t finals = 28;
  constexpr char32_t per_initial = 21 * finals;
  const auto index = syllable - 0xAC00;
  append_utf8(out, 0x1100 + index / per_initial);
  append_utf8(out, 0x1161 + index % per_initial / finals);
  if (index % finals != 0) append_utf8(out, 0x11A7 + index % finals);
}

void append_decomposed(std::string& out, char32_t character) {
  if (character >= 0xAC00 && character <= 0xD7A3) return append_hangul(out, character);
  const auto found =
      std::ranges::lower_bound(decompositions, character, {}, &decomposition::composed);
  if (found == decompositions.end() || found->composed != character) {
    return append_utf8(out, character);
  }
  append_decomposed(out, found->first);
  if (found->second != 0) append_utf8(out, found->second);
}

/// Of two or three bytes; 0: another length, which nothing here is made of.
char32_t character_at(std::string_view utf8, std::size_t at, std::size_t& size) {
  const auto byte = [&](std::size_t offset) -> char32_t {
    return static_cast<unsigned char>(utf8[at + offset]);
  };
  size = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  if (at + size > utf8.size()) size = 1;
  if (size == 2) return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
  if (size == 3) {
    return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
  }
  return 0;
}

}  // namespace

std::string decomposed(std::string_view utf8) {
  std::string out;
  for (std::size_t at = 0, size = 0; at < utf8.size(); at += size) {
    const auto character = character_at(utf8, at, size);
    if (character == 0) {
      out.append(utf8.substr(at, size));
    } else {
      append_decomposed(out, character);
    }
  }
  return out;
}

}  // namespace livyd::deploy
