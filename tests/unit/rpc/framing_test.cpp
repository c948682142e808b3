// Content-Length framing: any cut of the stream gives the same messages; nonsense gives a sentence.
#include "rpc/framing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/text.hpp"

namespace livyd::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> all_of(frame_decoder& decoder) {
  std::vector<std::string> messages;
  while (auto message = decoder.next()) messages.push_back(std::move(*message));
  return messages;
}

std::vector<std::string> decoded_in_pieces(std::string_view stream, std::size_t size) {
  frame_decoder decoder;
  std::vector<std::string> messages;
  for (std::size_t at = 0; at < stream.size(); at += size) {
    decoder.feed(stream.substr(at, size));
    for (auto& message : all_of(decoder)) messages.push_back(std::move(message));
  }
  EXPECT_TRUE(decoder.at_boundary());
  return messages;
}

std::string refusal_of(std::string_view stream, std::size_t limit = 64_MiB) {
  frame_decoder decoder(limit);
  try {
    decoder.feed(stream);
    all_of(decoder);
  } catch (const failure& reason) {
    EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
    return reason.message();
  }
  return "";
}

TEST(Framing, GivesTheSameMessagesHoweverTheStreamIsCut) {
  const auto stream = framed("{}") + framed("") + framed("{\"a\":\"\r\n\r\nContent-Length: 9\"}") +
                      framed(std::string(100'000, 'x'));
  const auto whole = decoded_in_pieces(stream, stream.size());
  ASSERT_EQ(whole.size(), 4U);
  EXPECT_EQ(whole[1], "");
  EXPECT_EQ(whole[2], "{\"a\":\"\r\n\r\nContent-Length: 9\"}");
  EXPECT_EQ(whole[3].size(), 100'000U);
  for (const std::size_t size : {stream.size() / 2, std::size_t{7}, std::size_t{1}}) {
    EXPECT_EQ(decoded_in_pieces(stream, size), whole) << "pieces of " << size;
  }
}

TEST(Framing, ReadsTheLengthWhateverItsCaseAndNeighbours) {
  frame_decoder decoder;
  decoder.feed(
      "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n"
      "content-LENGTH:   2  \r\n\r\n{}");
  EXPECT_THAT(all_of(decoder), ElementsAre("{}"));
}

TEST(Framing, ReadsLinesThatEndInALineFeedOnly) {
  frame_decoder decoder;
  decoder.feed("Content-Length: 2\n\n{}");
  EXPECT_THAT(all_of(decoder), ElementsAre("{}"));
}

TEST(Framing, KnowsWhetherAMessageWasBegun) {
  frame_decoder decoder;
  EXPECT_TRUE(decoder.at_boundary());
  decoder.feed("C");
  EXPECT_FALSE(decoder.next());
  EXPECT_FALSE(decoder.at_boundary());
  decoder.feed("ontent-Length: 2\r\n");
  EXPECT_FALSE(decoder.next());
  EXPECT_FALSE(decoder.at_boundary());
  decoder.feed("\r\n{");
  EXPECT_FALSE(decoder.next());
  EXPECT_FALSE(decoder.at_boundary());
  decoder.feed("}");
  EXPECT_EQ(decoder.next(), "{}");
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(Framing, TakesAMessageAtTheLimitAndRefusesOneBeyond) {
  frame_decoder decoder(10);
  decoder.feed(framed("0123456789"));
  EXPECT_EQ(decoder.next(), "0123456789");
  EXPECT_THAT(refusal_of(framed("0123456789a"), 10), HasSubstr("longer than the limit of 10 B"));
}

TEST(Framing, RefusesNonsenseWithASentence) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"hello\n", "got \"hello\""},
      {"{\"jsonrpc\":\"2.0\"", ""},  // not yet a line: see the next test
      {"\r\n\r\n", "names no Content-Length"},
      {"Content-Type: x\r\n\r\n{}", "names no Content-Length"},
      {"Content-Length: -1\r\n\r\n", "not a number: \"-1\""},
      {"Content-Length: +1\r\n\r\n", "not a number: \"+1\""},
      {"Content-Length: \r\n\r\n", "not a number: \"\""},
      {"Content-Length: 0x10\r\n\r\n", "not a number: \"0x10\""},
      {"Content-Length: 12 34\r\n\r\n", "not a number: \"12 34\""},
      {"Content-Length: 1e3\r\n\r\n", "not a number"},
      {"Content-Length: 99999999999\r\n\r\n", "longer than the limit"},
      {"Content-Length: 99999999999999999999999999\r\n\r\n", "longer than the limit"},
      {"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "twice"},
      {std::string("\0\x01\xff bytes\n", 10), "got \"??? bytes\""},
      {std::string(100, 'a') + "\n", "…"},
  };
  for (const auto& [stream, part] : table) {
    if (part.empty()) {
      EXPECT_EQ(refusal_of(stream), "");
    } else {
      EXPECT_THAT(refusal_of(stream), HasSubstr(part)) << stream;
    }
  }
}

TEST(Framing, RefusesAHeaderThatDoesNotEnd) {
  EXPECT_THAT(refusal_of(std::string(9000, 'a')), HasSubstr("a header does not end"));
  std::string lines;
  while (lines.size() < 9000) lines += "X-Filler: y\r\n";
  EXPECT_THAT(refusal_of(lines), HasSubstr("a header does not end"));
}

TEST(Framing, KeepsTheHeadersLimitForEachMessage) {
  std::string stream;
  for (int i = 0; i < 2000; ++i) stream += framed("{}");
  frame_decoder decoder;
  decoder.feed(stream);
  EXPECT_EQ(all_of(decoder).size(), 2000U);
}

}  // namespace
}  // namespace livyd::rpc
