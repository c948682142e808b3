// How fast messages pass through the framing, in both directions.
#include "rpc/framing.hpp"

#include <benchmark/benchmark.h>

#include <iterator>
#include <string>
#include <string_view>

namespace {

using namespace livyd;

/// A stream of messages as long as a `run/output` event, fed in pieces as a pipe delivers them.
void decode_frames(benchmark::State& state) {
  const auto message_size = static_cast<std::size_t>(state.range(0));
  std::string stream;
  while (stream.size() < 1_MiB) stream += rpc::framed(std::string(message_size, 'x'));
  for (auto _ : state) {
    rpc::frame_decoder decoder;
    std::size_t seen = 0;
    for (std::string_view rest = stream; !rest.empty();) {
      const auto piece = rest.substr(0, 64_KiB);
      rest.remove_prefix(piece.size());
      decoder.feed(piece);
      while (const auto message = decoder.next()) seen += message->size();
    }
    benchmark::DoNotOptimize(seen);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(stream));
}
BENCHMARK(decode_frames)->Arg(200)->Arg(64 << 10);

void encode_frame(benchmark::State& state) {
  const std::string message(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    auto frame = rpc::framed(message);
    benchmark::DoNotOptimize(frame);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(message));
}
BENCHMARK(encode_frame)->Arg(200)->Arg(64 << 10);

}  // namespace
