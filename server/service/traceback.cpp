#include "service/traceback.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "livy/marker.hpp"
#include "service/program.hpp"

namespace livyd {
namespace {

constexpr std::string_view own_file = "<stdin>";

/// `  File "<stdin>", line 3, in f` taken apart.
struct frame {
  std::string_view indent;
  std::string_view file;
  std::int64_t line = 0;
  std::string_view function;  ///< "" in a syntax error
};

std::optional<frame> read_frame(std::string_view text) {
  constexpr std::string_view opening = "File \"";
  const auto start = text.find_first_not_of(' ');
  if (start == std::string_view::npos || text.substr(start, opening.size()) != opening) {
    return std::nullopt;
  }
  frame out;
  out.indent = text.substr(0, start);
  auto rest = text.substr(start + opening.size());
  const auto end = rest.find("\", line ");
  if (end == std::string_view::npos) return std::nullopt;
  out.file = rest.substr(0, end);
  rest.remove_prefix(end + 8);
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), out.line);
  if (parsed.ec != std::errc()) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest.data()));
  if (rest.starts_with(", in ")) out.function = trimmed(rest.substr(5));
  return out;
}

std::size_t indentation_of(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first == std::string_view::npos ? line.size() : first;
}

bool defines(std::string_view line, std::string_view function) {
  auto rest = trimmed(line);
  if (rest.starts_with("async ")) rest = trimmed(rest.substr(6));
  for (const std::string_view word : {"def ", "class "}) {
    if (!rest.starts_with(word)) continue;
    const auto name = trimmed(rest.substr(word.size()));
    if (name.starts_with(function) &&
        (name.size() == function.size() ||
         name.find_first_of("(:[ ", function.size()) == function.size())) {
      return true;
    }
  }
  return false;
}

/// Whether `function` is defined in this code around line `number` (counted from 1).
bool encloses(const std::vector<std::string_view>& lines, std::int64_t number,
              std::string_view function) {
  if (number < 1 || number > static_cast<std::int64_t>(lines.size())) return false;
  const auto last_dot = function.rfind('.');
  const auto name = last_dot == std::string_view::npos ? function : function.substr(last_dot + 1);
  if (name == "<lambda>" || name == "<listcomp>" || name == "<genexpr>" || name == "<dictcomp>" ||
      name == "<setcomp>") {
    const auto& line = lines[static_cast<std::size_t>(number - 1)];
    return name == "<lambda>" ? line.find("lambda") != std::string_view::npos
                              : line.find(" for ") != std::string_view::npos;
  }
  auto inner = indentation_of(lines[static_cast<std::size_t>(number - 1)]);
  for (auto at = static_cast<std::size_t>(number); at-- > 0;) {
    if (trimmed(lines[at]).empty()) continue;
    const auto indentation = indentation_of(lines[at]);
    if (defines(lines[at], name) &&
        (indentation < inner || at + 1 == static_cast<std::size_t>(number))) {
      return true;
    }
    inner = std::min(inner, indentation);
  }
  return false;
}

std::vector<std::string_view> split_lines(const std::vector<std::string>& pieces) {
  std::vector<std::string_view> lines;
  for (const auto& piece : pieces) {
    std::string_view rest = piece;
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    for (const auto line : split(rest, '\n')) lines.push_back(line);
  }
  return lines;
}

class mapper {
 public:
  mapper(const protocol::RunStartParams& run, bool by_agent)
      : run_(run),
        real_lines_(by_agent || run.program.has_value()),
        marker_lines_(livy::lines_before(statement_kind(run.language))),
        code_(split(run.code, '\n')) {}

  void take(std::string_view line) {
    auto found = read_frame(line);
    if (found && found->file == own_file && !real_lines_) found->line -= marker_lines_;
    if (!line.starts_with("    ") && !pending_.empty()) lines_.push_back(pending_);
    pending_.clear();
    if (!found) {
      if (!skipping_ || !line.starts_with("    ")) {
        skipping_ = false;
        lines_.emplace_back(line);
      }
      return;
    }
    skipping_ = is_wrapper(*found);
    if (skipping_) return;
    if (real_lines_ && run_.source && found->file == run_.source->file) {
      line_ = found->line;
      lines_.emplace_back(line);
      return;
    }
    lines_.push_back(mapped(*found, line));
  }

  std::vector<std::string> lines() && {
    if (!pending_.empty()) lines_.push_back(pending_);
    return std::move(lines_);
  }
  std::optional<std::int64_t> line() const { return line_; }

 private:
  bool is_wrapper(const frame& found) const {
    if (!run_.program || found.file != own_file) return false;
    return found.function == program_function || found.function == "<module>";
  }

  std::string mapped(const frame& found, std::string_view line) {
    if (found.file != own_file || !run_.source || run_.program) return std::string(line);
    const bool certain = found.function.empty() || found.function == "<module>" ||
                         encloses(code_, found.line, found.function);
    if (!certain) return std::string(line);
    line_ = run_.source->first_line + found.line - 1;
    std::string out = concat(found.indent, "File \"", run_.source->file, "\", line ", *line_);
    if (found.function.empty()) return out;  // a syntax error brings its line along
    const auto at = static_cast<std::size_t>(found.line - 1);
    if (found.line >= 1 && at < code_.size()) pending_ = concat("    ", trimmed(code_[at]));
    return out + concat(", in ", found.function);
  }

  const protocol::RunStartParams& run_;
  bool real_lines_;
  std::int64_t marker_lines_;
  std::vector<std::string_view> code_;
  std::vector<std::string> lines_;
  std::optional<std::int64_t> line_;
  std::string pending_;  // the source line of the last frame, unless the traceback has it
  bool skipping_ = false;
};

/// "invalid syntax (<stdin>, line 2)" with the editor's file and line.
std::string mapped_message(std::string message, const protocol::RunStartParams& run) {
  constexpr std::string_view opening = "(<stdin>, line ";
  const auto start = message.rfind(opening);
  if (start == std::string::npos || !run.source || run.program) return message;
  std::int64_t line = 0;
  const auto* first = message.data() + start + opening.size();
  const auto parsed = std::from_chars(first, message.data() + message.size(), line);
  if (parsed.ec != std::errc() || parsed.ptr == message.data() + message.size()) return message;
  line -= livy::lines_before(statement_kind(run.language));
  const auto& file = run.source->file;
  const auto name = file.substr(file.rfind('/') + 1);
  return concat(message.substr(0, start), "(", name, ", line ", run.source->first_line + line - 1,
                std::string_view(parsed.ptr));
}

}  // namespace

std::string without_colours(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\x1b' || at + 1 >= text.size() || text[at + 1] != '[') {
      out.push_back(text[at]);
      continue;
    }
    at += 2;
    while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
  }
  return out;
}

protocol::RunError editor_error(const livy::statement_view& statement,
                                const protocol::RunStartParams& run, bool by_agent) {
  mapper map(run, by_agent);
  for (const auto line : split_lines(statement.traceback)) map.take(line);
  protocol::RunError out;
  out.name = statement.error_name;
  out.message = mapped_message(without_colours(statement.error_value), run);
  out.line = map.line();
  out.traceback = std::move(map).lines();
  for (auto& line : out.traceback) line = without_colours(line);
  return out;
}

}  // namespace livyd
