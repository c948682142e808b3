// Whether two names are the same to a reader: "ä" as one character or as "a" with a mark.
#pragma once

#include <string>
#include <string_view>

namespace livyd::deploy {

/// The text with its characters taken apart (Unicode's form D, without the order of the marks).
/// Covers Latin, Greek, Cyrillic, kana and Hangul; the rest stays as it is.
std::string decomposed(std::string_view utf8);

}  // namespace livyd::deploy
