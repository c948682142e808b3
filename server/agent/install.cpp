// The agent as one Python expression, and what an interpreter says when it has taken it.
#include <zlib.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "agent/agent.hpp"
#include "agent/expression.hpp"
#include "base/text.hpp"
#include "embedded/livyd_agent_py.hpp"

namespace livyd::agent {
namespace {

using nlohmann::json;

std::string compressed(std::string_view text) {
  auto length = compressBound(text.size());
  std::string out(length, '\0');
  const auto done = compress2(reinterpret_cast<Bytef*>(out.data()), &length,
                              reinterpret_cast<const Bytef*>(text.data()), text.size(), 9);
  if (done != Z_OK)
    throw failure(failure_kind::internal, "A part of livyd could not be compressed.");
  out.resize(length);
  return out;
}

/// As Python's b85decode reads it: without quotes and backslashes, a fifteenth shorter than base64.
std::string base85_encoded(std::string_view bytes) {
  constexpr std::string_view digits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    const auto group = bytes.substr(at, 4);
    std::uint32_t number = 0;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      const auto next = byte < group.size() ? static_cast<unsigned char>(group[byte]) : 0U;
      number = (number << 8U) | next;
    }
    std::string five(5, ' ');
    for (auto digit = five.rbegin(); digit != five.rend(); ++digit, number /= 85) {
      *digit = digits[number % 85];
    }
    out.append(five, 0, group.size() + 1);
  }
  return out;
}

const std::string& packed_agent() {
  static const auto text = packed(livyd_agent_py);
  return text;
}

/// Evaluates the agent's file in a dictionary of its own and calls its `install`; an interpreter
/// that could not even compile the file says so instead. Valid Python from 2.7 on.
constexpr std::string_view install_head =
    R"py((lambda sys: (lambda names: (eval(compile()py"
    R"py(__import__("zlib").decompress(__import__("base64"))py"
    R"py(.b85decode(")py";
constexpr std::string_view install_call =
    R"py(")), "livyd_agent.py", "exec"), names), names["install"]()py";
constexpr std::string_view install_tail =
    R"py())[1])({"__name__": "livyd_agent"}) if sys.version_info >= (3, 8) else )py"
    R"py(('{"error": "it runs Python %d.%d, and Python 3.8 or newer is needed"}')py"
    R"py( % tuple(sys.version_info[:2])).encode("ascii"))(__import__("sys")))py";

[[noreturn]] void refuse(std::string_view reason, std::string detail = {}) {
  throw failure(failure_kind::unsupported,
                concat("livyd's agent cannot work in this session: ", reason,
                       ". Code runs in Livy's plain way."),
                std::move(detail));
}

/// The last line that is a JSON object: a session's own warnings may stand before it.
json greeting_line(std::string_view text) {
  auto lines = split(text, '\n');
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    auto parsed = json::parse(*line, nullptr, false);
    if (parsed.is_object()) return parsed;
  }
  refuse("it did not say that it has been installed", valid_utf8(utf8_prefix(text, 1000)));
}

std::string without_stop(std::string text) {
  while (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string install_expression(std::string_view nonce, bool may_use_spark) {
  return concat(install_head, packed_agent(), install_call, python_text(nonce), ", ",
                may_use_spark ? "True" : "False", install_tail);
}

std::string install_statement(const std::string& nonce, bool quiet_log) {
  // Whoever looks at the session's statements reads this first.
  return concat("# livyd installs its agent: live output, a Stop that stops\nprint(",
                install_expression(nonce, quiet_log), ".decode(\"utf-8\"))");
}

greeting read_greeting(std::string_view text) {
  const auto said = greeting_line(text);
  try {
    if (said.contains("error")) refuse(without_stop(said["error"].get<std::string>()));
    return {.api = said.at("api").get<int>(),
            .nonce = said.at("nonce").get<std::string>(),
            .python = said.at("python").get<std::string>(),
            .run = said.contains("run") && said["run"].is_string() ? said["run"].get<std::string>()
                                                                   : std::string()};
  } catch (const json::exception& unread) {
    refuse("it answers in another way than livyd's agent does", unread.what());
  }
}

std::string packed(std::string_view python) {
  return base85_encoded(compressed(python));
}

std::string python_text(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') literal.push_back('\\');
    literal.push_back(c);
  }
  literal.push_back('"');
  return literal;
}

}  // namespace livyd::agent
