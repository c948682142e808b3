// How the end of a run is told on a terminal.
#pragma once

#include <string>

#include "cli/terminal.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

/// Says on standard error how the run ended and returns the exit code. `kept`: the files of its
/// results outlive this command.
int report(terminal& screen, const protocol::RunInfo& run, bool kept);

/// "ok", "error", "stopped", …: its outcome, or its state while it has none.
std::string word_of(const protocol::RunInfo& run);

}  // namespace livyd
