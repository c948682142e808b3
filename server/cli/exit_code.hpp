// How a command ends, as a number; the help text names them.
#pragma once

namespace livyd::exit_code {

constexpr int ok = 0;
constexpr int raised = 1;   ///< an exception in the user's code
constexpr int usage = 2;    ///< wrong words, files or profiles
constexpr int broken = 1;   ///< the doctor has found a link that does not hold
constexpr int refused = 3;  ///< the server cannot be reached or refuses
constexpr int interrupted = 130;

}  // namespace livyd::exit_code
