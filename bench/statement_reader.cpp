// How fast a statement's JSON is read while it arrives, beside a parser that builds everything.
#include "livy/statement_reader.hpp"

#include <benchmark/benchmark.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace {

using namespace livyd;

/// An answer with `size` bytes of text that has escapes and characters of one to four bytes.
std::string answer(std::size_t size) {
  constexpr std::string_view line =
      R"(| 1|caf\u00e9|\"quoted\"|日本|🙂|some plain text in a row of a table|\n)";
  std::string text;
  while (text.size() < size) text += line;
  return R"json({"id":7,"code":"df.show()","state":"available","progress":1.0,"started":1,"completed":2,)json"
         R"("output":{"status":"ok","execution_count":7,"data":{"text/plain":")" +
         text + "\"}}}";
}

void read_statement_as_it_arrives(benchmark::State& state) {
  const auto body = answer(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    livy::statement_reader reader;
    std::size_t decoded = 0;
    for (std::string_view rest = body; !rest.empty();) {
      const auto piece = rest.substr(0, 64_KiB);
      rest.remove_prefix(piece.size());
      for (const auto& part : reader.feed(piece)) decoded += part.text.size();
    }
    reader.finish();
    benchmark::DoNotOptimize(decoded);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(body));
}
BENCHMARK(read_statement_as_it_arrives)
    ->Arg(200)
    ->Arg(64 << 10)
    ->Arg(8 << 20)
    ->Unit(benchmark::kMicrosecond);

/// The floor to compare with: the whole answer in memory, every value built.
void read_statement_as_a_tree(benchmark::State& state) {
  const auto body = answer(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto tree = nlohmann::json::parse(body);
    benchmark::DoNotOptimize(tree);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(body));
}
BENCHMARK(read_statement_as_a_tree)
    ->Arg(200)
    ->Arg(64 << 10)
    ->Arg(8 << 20)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
