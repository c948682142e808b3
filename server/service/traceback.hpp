// From a Python traceback as Livy tells it to one whose files and lines are those of the editor.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "livy/api.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

/// Frames named `<stdin>` are the statement's own code, or code of an earlier statement: Livy does
/// not say which. A frame is mapped to the source when it is certain: the module's own frame, a
/// syntax error, or a function that this code defines around that line. Others stay as they are.
/// Frames of the program wrapper are left out. Colours (ANSI) are removed. A plain shell counts the
/// marker line; `by_agent`: it was run under its real file and lines, which are left as they are.
protocol::RunError editor_error(const livy::statement_view& statement,
                                const protocol::RunStartParams& run, bool by_agent);

/// Removes ANSI escape sequences.
std::string without_colours(std::string_view text);

}  // namespace livyd
