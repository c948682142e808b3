// Livy's answers as a stranger could send them: a statement in pieces of any size, and every other
// shape. The first byte chooses how large the pieces are.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "livy/api.hpp"
#include "livy/session.hpp"
#include "livy/statement_reader.hpp"

namespace {

using namespace livyd;

void demand(bool holds) {
  if (!holds) std::abort();
}

struct reading {
  bool understood = false;
  std::vector<std::string> texts;
  livy::statement_view view;
};

/// Reads the body in pieces of 1 to 8 bytes that `seed` chooses, or whole when it is 0.
reading read_statement(std::string_view body, std::uint8_t seed) {
  reading result;
  livy::statement_reader reader;
  std::size_t fed = 0;
  std::size_t decoded = 0;
  std::uint32_t state = seed;
  try {
    while (fed < body.size()) {
      state = state * 1664525U + 1013904223U;
      const auto piece = body.substr(fed, seed == 0 ? body.size() : 1 + (state >> 29U));
      fed += piece.size();
      for (const auto& output : reader.feed(piece)) {
        demand(is_valid_utf8(output.text));
        decoded += output.text.size();
        if (result.texts.size() <= output.part) result.texts.resize(output.part + 1);
        result.texts[output.part].append(output.text);
      }
      demand(decoded <= fed);
    }
    reader.finish();
    result.understood = true;
  } catch (const failure& refused) {
    demand(refused.kind() == failure_kind::not_livy || refused.kind() == failure_kind::too_large);
  }
  result.view = reader.view();
  return result;
}

void check_parts(const reading& read) {
  for (std::size_t at = 0; at < read.view.parts.size(); ++at) {
    const auto& part = read.view.parts[at];
    const auto text = at < read.texts.size() ? read.texts[at] : std::string();
    demand(part.bytes == text.size());
    demand(text.compare(0, part.preview.size(), part.preview) == 0);
    // What was copied is JSON again; only nlohmann's range of numbers is smaller.
    if (part.structured)
      demand(nlohmann::json::accept(text) || text.find('e') != text.npos ||
             text.find('E') != text.npos || text.size() > 300);
  }
}

void check_statement(std::string_view body, std::uint8_t seed) {
  const auto in_pieces = read_statement(body, seed);
  const auto whole = read_statement(body, 0);
  demand(in_pieces.understood == whole.understood);
  if (!whole.understood) return;
  demand(in_pieces.texts == whole.texts);
  demand(in_pieces.view.state == whole.view.state);
  demand(in_pieces.view.traceback == whole.view.traceback);
  check_parts(whole);
}

template <class Read>
void attempt(Read read) {
  try {
    read();
  } catch (const failure& refused) {
    demand(!refused.message().empty());
  }
}

void check_other_shapes(std::string_view body, std::uint8_t seed) {
  http::response answer;
  constexpr int statuses[] = {200, 302, 400, 401, 403, 404, 500};
  answer.status = statuses[seed % std::size(statuses)];
  answer.headers.set("Content-Type", seed % 2 == 0 ? "application/json" : "text/html");
  answer.body = body;
  const auto target = http::parse_url("http://127.0.0.1:8998/sessions");
  demand(is_valid_utf8(livy::server_words(answer)));
  demand(is_valid_utf8(livy::failure_from(answer, target, "do this").message()));
  demand(is_valid_utf8(livy::session_failure_from(answer, target, "do this").message()));
  attempt([&] { livy::base_url(body); });
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (document.is_discarded()) return;
  livy::read_version(document);
  attempt([&] { livy::reason_in_log(livy::read_session(document).log); });
  attempt([&] { livy::read_session_page(document); });
  attempt([&] { livy::progress_in_log(livy::read_log_page(document).lines); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  check_statement(body, bytes[0]);
  check_other_shapes(body, bytes[0]);
  return 0;
}
