// What code is sent for what the user asked: a selection as it is, a file as a program. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/protocol.hpp"

namespace livyd {

/// The name of the function that runs a whole file; its frames are hidden from tracebacks.
inline constexpr std::string_view program_function = "__livyd_program__";

/// Livy's statement kind for a language: "pyspark", "spark", "sql", "sparkr".
std::string_view statement_kind(protocol::Language language);

/// The user's code with "\n" as line ends: what an agent runs as it is. Throws as below.
std::string checked_code(const protocol::RunStartParams& run);

/// The code to send to a plain shell. Line ends become "\n". With `program`, Python code is wrapped
/// so that it runs as `python file.py arguments` would: `__name__` is "__main__", `__file__` and
/// `sys.argv` are set and restored afterwards, tracebacks carry the file's own lines, `sys.exit(0)`
/// is a normal end. Throws failure{invalid_input} for code that is empty, holds NUL, is not UTF-8
/// or too long, and for `program` with another language than Python.
std::string code_to_send(const protocol::RunStartParams& run);

}  // namespace livyd
