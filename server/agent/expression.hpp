// What the two halves of this folder share: Python text that carries livyd's words into a session.
#pragma once

#include <string>
#include <string_view>

namespace livyd::agent {

/// One expression, under 20 kB, whose value is the agent's greeting as bytes. `as_statement`: it is
/// evaluated on the interpreter's main thread, as (part of) a statement.
std::string install_expression(std::string_view nonce, bool as_statement);

/// `text`, printable ASCII, as a literal of Python 2 and 3.
std::string python_text(std::string_view text);

}  // namespace livyd::agent
