// What Jackson, Livy's JSON reader, says about text that is no JSON, in its own words.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace livyd::local {

/// A complaint with the exception's class, as both appear in Livy's answers.
struct jackson_complaint {
  std::string exception;
  std::string message;
};

/// Where the text came from, as Jackson words it: a request's body.
constexpr std::string_view request_source = "(org.eclipse.jetty.server.HttpInputOverHTTP)";
/// … or a string: `(String)"its first 500 characters"[truncated …]`.
std::string string_source(std::string_view text);

/// The first thing that is wrong with `text` as one JSON value, or nothing.
std::optional<jackson_complaint> complaint_about(std::string_view text, std::string_view source);

/// " at [Source: …; line: 1, column: 9]"; `offset` counts from 0.
std::string location(std::string_view text, std::size_t offset, std::string_view source);

/// A member of the outermost object: its name and where its value stands.
struct member {
  std::string name;
  std::size_t value_begin = 0;
  std::size_t value_end = 0;
};
/// The members of `text`, which must be one JSON object.
std::vector<member> members_of(std::string_view text);

/// Replaces escaped halves of surrogate pairs that stand alone ("\ud83d") by "\ufffd": Python and
/// Jackson let them pass, nlohmann does not.
std::string without_lone_surrogates(std::string_view text);

}  // namespace livyd::local
