// From a line of the Python shell to the `output` of a statement, as Livy's driver makes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "local/livy_answer.hpp"

namespace livyd::local {

/// The longest text Jackson (from Spark 3.5 on) reads in one string, in UTF-16 units.
constexpr std::size_t text_limit = 20'000'000;

/// The length in UTF-16 units of the first string inside `value` that is longer than `limit`, or 0.
std::size_t refused_text_length(const ordered_json& value, std::size_t limit = text_limit);

/// The JSON of an error output.
std::string error_output(std::int64_t statement, std::string_view name, std::string_view value,
                         const ordered_json& traceback = ordered_json::array());

/// What a reply line becomes. A line that is no JSON, no reply, or has a text over `text_limit`
/// becomes the error output Livy gives for it. `keep_printed`: what a failed cell printed stays in
/// its output as `data` (Livy has no such thing; strict mode neither).
std::string output_of_reply(std::int64_t statement, std::string_view line, bool keep_printed);

/// The same for a message that was parsed already: {"status", "data"} or {"status", "ename", …}.
std::string output_of_content(std::int64_t statement, const ordered_json& content,
                              bool keep_printed);

/// The output when the interpreter ended, with what it last wrote to standard error.
std::string output_of_death(std::int64_t statement, std::string_view last_words);

}  // namespace livyd::local
