// Feeds the frame decoder any bytes, whole and in pieces: the same messages, or the same refusal.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/framing.hpp"

namespace {

struct result {
  std::vector<std::string> messages;
  std::string refusal;
  bool at_boundary = false;
  bool operator==(const result&) const = default;
};

/// `step` chooses the size of each piece from the bytes before it.
template <class Step>
result decoded(std::string_view stream, Step step) {
  result all;
  livyd::rpc::frame_decoder decoder(1024);
  try {
    while (!stream.empty()) {
      const auto size = step(stream);
      decoder.feed(stream.substr(0, size));
      stream.remove_prefix(size);
      while (auto message = decoder.next()) all.messages.push_back(std::move(*message));
    }
    all.at_boundary = decoder.at_boundary();
  } catch (const livyd::failure& reason) {
    all.refusal = reason.message();
  }
  return all;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(bytes), size);
  const auto whole = decoded(stream, [](std::string_view left) { return left.size(); });
  const auto single = decoded(stream, [](std::string_view) { return std::size_t{1}; });
  const auto uneven = decoded(stream, [](std::string_view left) {
    return std::min<std::size_t>(left.size(), 1 + static_cast<unsigned char>(left.front()) % 13);
  });
  require(whole.messages == single.messages && whole.messages == uneven.messages);
  require(whole.refusal.empty() == single.refusal.empty());
  require(whole.refusal.empty() == uneven.refusal.empty());
  if (whole.refusal.empty()) require(whole == single && whole == uneven);

  std::string again;
  for (const auto& message : whole.messages) again += livyd::rpc::framed(message);
  const auto repeated = decoded(again, [](std::string_view left) { return left.size(); });
  require(repeated.messages == whole.messages && repeated.refusal.empty());
  return 0;
}
