// The comment line by which a statement is known again: its idempotency key. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace livyd::livy {

struct marker {
  std::string run;        ///< the run's id and, after a withdrawal, ".2", ".3", …
  std::string file;       ///< "" = none
  std::int64_t line = 1;  ///< of the file, on which the code begins
  std::optional<std::vector<std::string>> program;  ///< run as a program with these arguments
};

/// The code with its marker: a first line `# livyd run=… file=… line=12` for Python and R, `--` for
/// SQL, a last line `//` for Scala (a first one would hide `%` magics). Printable ASCII without `\`
/// and `$`; file and program percent-encoded (program: a JSON list).
std::string marked(std::string_view code, std::string_view kind, const marker& mark);

/// How many lines `marked` puts before the code: what a plain shell reports is that much too high.
std::int64_t lines_before(std::string_view kind);

/// A statement that is only a marker: does nothing, may be repeated.
std::string fence(std::string_view kind, std::string_view id);

/// The marked name in a statement's code, of which the first and the last 4 KiB are given.
std::optional<std::string> marked_run(std::string_view head, std::string_view tail);

}  // namespace livyd::livy
