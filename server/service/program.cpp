#include "service/program.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

/// A POST of more would close the channel between Livy and its driver (50 MiB in one message).
constexpr std::size_t code_limit = 40 * 1000 * 1000;

/// Runs in the session. One definition, one call; it removes its own name before the user's code
/// starts, and puts back what it set even when that code fails.
constexpr std::string_view wrapper = R"(def __livyd_program__(code, path, arguments):
    import linecache, sys
    names = globals()
    names.pop("__livyd_program__", None)
    absent = object()
    before = {name: names.get(name, absent) for name in ("__name__", "__file__")}
    argv = sys.argv if hasattr(sys, "argv") else None
    linecache.cache[path] = (len(code), None, code.splitlines(True), path)
    names.update(__name__="__main__", __file__=path)
    sys.argv = [path] + arguments
    try:
        exec(compile(code, path, "exec", 0, True), names)
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            raise
    finally:
        sys.argv = argv
        for name, value in before.items():
            if value is absent:
                names.pop(name, None)
            else:
                names[name] = value
)";

std::string with_unix_line_ends(std::string_view code) {
  std::string out;
  out.reserve(code.size());
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (code[at] != '\r') {
      out.push_back(code[at]);
      continue;
    }
    out.push_back('\n');
    if (at + 1 < code.size() && code[at + 1] == '\n') ++at;
  }
  return out;
}

/// A Python literal: JSON's escapes (ASCII only, surrogate pairs apart) are Python's too.
std::string python_literal(const std::string& text) {
  // Characters beyond U+FFFF would become surrogate pairs, which Python does not join: they are
  // left as UTF-8.
  return nlohmann::json(text).dump(-1, ' ', false);
}

void refuse(const std::string& words) {
  throw failure(failure_kind::invalid_input, words);
}

void check(std::string_view code) {
  if (trimmed(code).empty()) refuse("There is no code to run: the selection is empty.");
  if (const auto nul = code.find('\0'); nul != std::string_view::npos) {
    const auto line = 1 + std::count(code.begin(), code.begin() + static_cast<long>(nul), '\n');
    refuse(concat("The code holds a NUL character in line ", line, ". Remove it and run again."));
  }
  if (!is_valid_utf8(code)) {
    refuse("The code is not valid UTF-8. Save the file as UTF-8 and run again.");
  }
  if (code.size() > code_limit) {
    refuse(concat("The code is ", human_bytes(code.size()), " long; Livy takes at most ",
                  human_bytes(code_limit), " at once. Run it in parts, or deploy it as a file."));
  }
}

}  // namespace

std::string_view statement_kind(protocol::Language language) {
  switch (language) {
    case protocol::Language::python:
      return "pyspark";
    case protocol::Language::scala:
      return "spark";
    case protocol::Language::sql:
      return "sql";
    case protocol::Language::r:
      return "sparkr";
  }
  return "pyspark";
}

std::string checked_code(const protocol::RunStartParams& run) {
  check(run.code);
  if (run.program && run.language != protocol::Language::python) {
    refuse("Only Python files can be run as a program. Select the code and run the selection.");
  }
  return with_unix_line_ends(run.code);
}

std::string code_to_send(const protocol::RunStartParams& run) {
  auto code = checked_code(run);
  if (!run.program) return code;
  const auto path = run.source ? run.source->file : std::string("<livyd>");
  return concat(wrapper, program_function, "(", python_literal(code), ", ", python_literal(path),
                ", ", nlohmann::json(run.program->arguments).dump(), ")\n");
}

}  // namespace livyd
