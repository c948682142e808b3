// What it costs to turn a message of the protocol into its type and back.
#include <benchmark/benchmark.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "protocol/protocol.hpp"

namespace {

using namespace livyd;

protocol::RunOutput output_event(std::size_t size) {
  return {.run = "0b9b4f5e-1b7e-4c52-8a6f-2f6a5b1a7c11",
          .offset = 65536,
          .text = std::string(size, 'x')};
}

void write_run_output(benchmark::State& state) {
  const auto event = output_event(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto text = nlohmann::json(event).dump();
    benchmark::DoNotOptimize(text);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(event.text));
}
BENCHMARK(write_run_output)->Arg(100)->Arg(64 << 10);

void read_run_start(benchmark::State& state) {
  const auto text =
      nlohmann::json(protocol::RunStartParams{
                         .run = "0b9b4f5e-1b7e-4c52-8a6f-2f6a5b1a7c11",
                         .profile = "local",
                         .language = protocol::Language::python,
                         .code = std::string(static_cast<std::size_t>(state.range(0)), 'x'),
                         .source = {},
                         .program = {}})
          .dump();
  for (auto _ : state) {
    auto params = nlohmann::json::parse(text).get<protocol::RunStartParams>();
    benchmark::DoNotOptimize(params);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(text));
}
BENCHMARK(read_run_start)->Arg(100)->Arg(64 << 10);

}  // namespace
