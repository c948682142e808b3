#include "livy/marker.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace livyd::livy {
namespace {

constexpr std::string_view run_word = " livyd run=";
constexpr std::string_view fence_word = " livyd fence=";
/// A marker behind the code must fit into the last 4 KiB of it; only its name is read again.
constexpr std::size_t longest_last_line = 3000;

/// How a line of this kind becomes a comment. Livy takes both words of a pair for the same kind.
std::string_view comment_sign(std::string_view kind) {
  if (kind == "spark" || kind == "scala") return "//";
  return kind == "sql" ? "--" : "#";
}

/// A first line would hide the `%` of a magic from Livy's Scala interpreter.
bool stands_last(std::string_view kind) {
  return comment_sign(kind) == "//";
}

std::string place_words(const marker& mark) {
  std::string words;
  if (!mark.file.empty()) words = concat(" file=", percent_encoded(mark.file, "/"));
  if (!mark.file.empty() || mark.line != 1) words.append(concat(" line=", mark.line));
  return words;
}

std::string program_words(const marker& mark) {
  if (!mark.program) return {};
  const auto list =
      nlohmann::json(*mark.program).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return concat(" program=", percent_encoded(list));
}

std::optional<std::string> name_in(std::string_view line, std::string_view sign) {
  if (!line.starts_with(sign)) return std::nullopt;
  line.remove_prefix(sign.size());
  if (!line.starts_with(run_word)) return std::nullopt;
  line.remove_prefix(run_word.size());
  auto name = percent_decoded(line.substr(0, line.find_first_of(" \r\n")));
  if (name.empty()) return std::nullopt;
  return name;
}

std::string_view last_line(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return {};
  text = text.substr(0, last + 1);
  const auto end = text.rfind('\n');
  return end == std::string_view::npos ? text : text.substr(end + 1);
}

}  // namespace

std::string marked(std::string_view code, std::string_view kind, const marker& mark) {
  auto line = concat(comment_sign(kind), run_word, percent_encoded(mark.run));
  const auto place = place_words(mark);
  if (!stands_last(kind)) return concat(line, place, program_words(mark), "\n", code);
  if (line.size() + place.size() <= longest_last_line) line.append(place);
  return concat(code, code.empty() || code.ends_with('\n') ? "" : "\n", line);
}

std::int64_t lines_before(std::string_view kind) {
  return stands_last(kind) ? 0 : 1;
}

std::string fence(std::string_view kind, std::string_view id) {
  return concat(comment_sign(kind), fence_word, percent_encoded(id));
}

std::optional<std::string> marked_run(std::string_view head, std::string_view tail) {
  for (const std::string_view sign : {"#", "--"}) {
    if (auto name = name_in(head, sign)) return name;
  }
  return name_in(last_line(tail), "//");
}

}  // namespace livyd::livy
