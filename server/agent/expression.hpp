// What the two halves of this folder share: Python text that carries livyd's words into a session.
#pragma once

#include <string>
#include <string_view>

namespace livyd::agent {

/// One expression, under 20 kB, whose value is the agent's greeting as bytes. `may_use_spark`: it
/// is evaluated by a statement of a session of our own, so one call that silences a log line is
/// safe.
std::string install_expression(std::string_view nonce, bool may_use_spark);

/// A file of Python for zlib.decompress(base64.b85decode("…")).
std::string packed(std::string_view python);

/// `text`, printable ASCII, as a literal of Python 2 and 3.
std::string python_text(std::string_view text);

}  // namespace livyd::agent
