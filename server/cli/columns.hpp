// Rows as aligned columns on a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace livyd {

/// How many cells of a terminal the text takes: two for wide characters (Chinese, Japanese, Korean,
/// emoji), none for combining ones.
std::size_t display_width(std::string_view text);

/// The text on one line: at most `width` cells, control characters as spaces; a cut one ends in
/// "…".
std::string fitted(std::string_view text, std::size_t width);

/// One line a row; the columns are as wide as their widest cell, two spaces stand between them.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace livyd
