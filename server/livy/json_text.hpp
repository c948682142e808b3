// JSON text written by hand, where a document would cost a second copy of something big.
#pragma once

#include <string>
#include <string_view>

namespace livyd::livy {

/// Appends what stands between the quotes of a JSON string. `text` is valid UTF-8; a text may be
/// appended in several pieces.
void append_json_characters(std::string& out, std::string_view text);

}  // namespace livyd::livy
