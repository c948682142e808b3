// An answer at Livy's own limit passes through in bounded memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "allocation.hpp"
#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "http/raw_server.hpp"
#include "livy/client.hpp"

namespace livyd::livy {
namespace {

constexpr std::size_t answer_size = 45_MiB;
constexpr std::size_t allowed_memory = 16_MiB;
/// What is read at once, and the end of a character or number that began before.
constexpr std::size_t largest_piece = 64_KiB + 16;

/// A body made of a head, one row again and again, and a tail.
struct big_body {
  std::string head;
  std::string row;
  std::string tail;
  std::size_t rows = answer_size / row.size();

  std::size_t size() const { return head.size() + rows * row.size() + tail.size(); }
};

/// Counts what it gets and forgets it.
class counting_sink final : public output_sink {
 public:
  task<void> restart() override { co_return; }
  task<void> write(std::size_t, std::string_view, std::string_view text) override {
    bytes += text.size();
    largest = std::max(largest, text.size());
    co_return;
  }
  std::size_t bytes = 0;
  std::size_t largest = 0;
};

task<void> send_body(test::tcp::socket& peer, const big_body& body) {
  co_await test::hear(peer);
  co_await test::say(peer, concat("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
                                  "Content-Length: ", body.size(), "\r\n\r\n", body.head));
  std::string many;
  const std::size_t at_once = std::max<std::size_t>(1, 64_KiB / body.row.size());
  for (std::size_t sent = 0; sent < body.rows;) {
    const auto count = std::min(at_once, body.rows - sent);
    many.clear();
    for (std::size_t row = 0; row < count; ++row) many.append(body.row);
    co_await test::say(peer, many);
    sent += count;
  }
  co_await test::say(peer, body.tail);
  co_await test::farewell(peer);
}

struct outcome {
  statement_view view;
  counting_sink sink;
  std::size_t memory = 0;
};

outcome read_over_the_network(const big_body& body) {
  outcome result;
  test::loop loop;
  test::raw_server server(loop, [&body](test::tcp::socket& peer, int) -> task<void> {
    co_await send_body(peer, body);
  });
  http::client transport(loop.io.get_executor(), {}, http::no_authentication());
  client livy(transport, server.at());
  test::allocation_peak peak;
  auto seen = loop.run(livy.read_statement("5", 7, result.sink));
  result.memory = peak.growth();
  result.view = *seen;
  transport.close_idle_connections();
  loop.settle();
  return result;
}

TEST(BigAnswer, OfTextPassesThroughInBoundedMemory) {
  const std::string row =
      R"(Grüße, 世界 and plain words to make this line as long as usual ones are)";
  const big_body body{
      .head = R"({"id":7,"state":"available","output":{"status":"ok","data":{"text/plain":")",
      .row = row + "\\n",
      .tail = R"("}},"completed":9})"};
  const auto result = read_over_the_network(body);
  EXPECT_TRUE(result.view.complete());
  EXPECT_EQ(result.sink.bytes, body.rows * (row.size() + 1));
  EXPECT_EQ(result.view.parts[0].bytes, result.sink.bytes);
  EXPECT_EQ(result.view.parts[0].preview.size(), part_preview_limit);
  EXPECT_LE(result.sink.largest, largest_piece);
  EXPECT_LT(result.memory, allowed_memory);
}

TEST(BigAnswer, OfJsonPassesThroughInBoundedMemory) {
  const auto row = concat("[12345,\"", std::string(400, 'n'), "\",-1.5e3,null,{\"k\":true}],");
  const big_body body{
      .head =
          R"({"id":7,"state":"available","output":{"status":"ok","data":{"application/json":{"data":[)",
      .row = row,
      .tail = R"([]]}}},"completed":9})"};
  const auto result = read_over_the_network(body);
  EXPECT_TRUE(result.view.complete());
  EXPECT_TRUE(result.view.parts[0].structured);
  EXPECT_EQ(result.sink.bytes, body.rows * row.size() + std::string(R"({"data":[[]]})").size());
  EXPECT_LE(result.sink.largest, largest_piece);
  EXPECT_LT(result.memory, allowed_memory);
}

}  // namespace
}  // namespace livyd::livy
