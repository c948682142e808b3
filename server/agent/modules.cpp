#include "agent/modules.hpp"

#include <nlohmann/json.hpp>

#include "agent/expression.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"
#include "embedded/livyd_modules_py.hpp"

namespace livyd::agent {
namespace {

using nlohmann::json;

/// What livyd_modules.py begins its answer with, at the beginning of a line.
constexpr std::string_view prefix = "livyd-modules: ";

// The statements are single expressions of the grammar of Python 2.7 whose value is None, so that
// an old interpreter answers, too, and no shell shows or keeps a value.
constexpr std::string_view comment = "# livyd looks after this session's modules\n";
constexpr std::string_view is_there =
    R"py(getattr(sys.modules.get("livyd_modules"), "API", 0) == 1)py";
constexpr std::string_view say_missing =
    R"py((sys.stdout.write("\nlivyd-modules: {\"missing\": true}\n") and None))py";
constexpr std::string_view install_head =
    R"py((lambda names: (eval(compile(__import__("zlib").decompress(__import__("base64").b85decode(")py";
constexpr std::string_view install_tail =
    R"py(")), "livyd_modules.py", "exec"), names), names["install"]())[1])({"__name__": "livyd_modules"}))py";
constexpr std::string_view too_old =
    R"py((sys.stdout.write("\nlivyd-modules: {\"problem\": \"The session runs Python %d.%d; )py"
    R"py(its modules can be looked after from Python 3.6 on.\"}\n" )py"
    R"py(% tuple(sys.version_info[:2])) and None))py";

const std::string& packed_modules() {
  static const auto text = packed(livyd_modules_py);
  return text;
}

/// The last line that is an answer: whatever was printed before it, or after it to another stream.
json answer_line(std::string_view text) {
  const auto lines = split(text, '\n');
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!line->starts_with(prefix)) continue;
    auto parsed = json::parse(line->substr(prefix.size()), nullptr, false);
    if (parsed.is_object()) return parsed;
  }
  throw failure(failure_kind::unsupported,
                "The session did not answer what was asked of its modules.",
                valid_utf8(utf8_prefix(text, 1000)));
}

}  // namespace

// About 15 kB with the Python itself, 300 bytes without, and the request.
std::string modules_statement(std::string_view request, bool may_be_there) {
  const auto call = concat(".run(", python_text(request), ")");
  if (may_be_there) {
    return concat(comment, "(lambda sys: sys.modules[\"livyd_modules\"]", call, " if ", is_there,
                  " else ", say_missing, ")(__import__(\"sys\"))");
  }
  return concat(comment, "(lambda sys: (sys.modules[\"livyd_modules\"] if ", is_there, " else ",
                install_head, packed_modules(), install_tail, ")", call,
                " if sys.version_info >= (3, 6) else ", too_old, ")(__import__(\"sys\"))");
}

modules_answer read_modules_answer(std::string_view text) {
  const auto said = answer_line(text);
  try {
    modules_answer answer;
    answer.missing = said.value("missing", false);
    answer.problem = said.value("problem", "");
    answer.files = said.value("files", answer.files);
    answer.staged = said.value("staged", answer.staged);
    answer.reloaded = said.value("reloaded", answer.reloaded);
    answer.kept = said.value("kept", answer.kept);
    answer.executors = said.value("executors", "");
    answer.executors_detail = said.value("executors_detail", "");
    return answer;
  } catch (const json::exception& unread) {
    throw failure(failure_kind::unsupported,
                  "The session's modules answer in a way that this livyd does not understand.",
                  unread.what());
  }
}

}  // namespace livyd::agent
