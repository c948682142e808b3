// UTF-8, percent and base64 encoding, near misses and sizes in words.
#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "base/failure.hpp"
#include "loop.hpp"

namespace livyd {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

TEST(Utf8, IsValidOrNot) {
  for (const std::string text : {"", "plain", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                 "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  }
  EXPECT_TRUE(is_valid_utf8(std::string("a\0b", 3)));
  for (const std::string text : {"\x80", "\xC3", "\xC0\xAF", "\xC1\xBF", "\xE2\x82", "\xE0\x80\x80",
                                 "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                                 "\xF5\x80\x80\x80", "\xFF", "a\xC3", "\xF0\x9F\x98"}) {
    EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, IsMadeValid) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(valid_utf8("a\xFFz"), "a" + mark + "z");
  EXPECT_EQ(valid_utf8("a\xE2\x82"), "a" + mark);
  EXPECT_EQ(valid_utf8("\xC3z"), mark + "z");
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; second += 5) {
      const std::string text{static_cast<char>(first), static_cast<char>(second), 'x'};
      EXPECT_TRUE(is_valid_utf8(valid_utf8(text)));
    }
  }
}

TEST(Utf8, IsCutBetweenCharacters) {
  const std::string text = "a\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_EQ(utf8_prefix(text, 0), "");
  EXPECT_EQ(utf8_prefix(text, 1), "a");
  EXPECT_EQ(utf8_prefix(text, 3), "a");
  EXPECT_EQ(utf8_prefix(text, 4), "a\xE2\x82\xAC");
  EXPECT_EQ(utf8_prefix(text, 7), "a\xE2\x82\xAC");
  EXPECT_EQ(utf8_prefix(text, 8), text);
  EXPECT_EQ(utf8_prefix(text, 99), text);
}

TEST(Percent, EncodesAndDecodes) {
  EXPECT_EQ(percent_encoded("a b/\xC3\xA4~"), "a%20b%2F%C3%A4~");
  EXPECT_EQ(percent_encoded("a/b", "/"), "a/b");
  EXPECT_EQ(percent_decoded("a%20b%2f%C3%a4"), "a b/\xC3\xA4");
  EXPECT_EQ(percent_decoded("%41"), "A");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%4"), "%4");
  EXPECT_EQ(percent_decoded("%zz%41"), "%zzA");
}

TEST(Base64, EncodesAndDecodes) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {std::string("\0\xFF\xFE", 3), "AP/+"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(base64_encoded(bytes), text);
    EXPECT_EQ(base64_decoded(text), bytes);
  }
  EXPECT_EQ(base64_decoded("Zm9v\r\nYmFy"), "foobar");
  EXPECT_EQ(base64_decoded("Zg"), "f");
}

TEST(Base64, RefusesWhatIsNot) {
  for (const std::string text : {"Z", "Zm9vY", "Zm 9v", "Zg==Zg==", "Zg===", "\xC3\xA4"}) {
    EXPECT_EQ(test::failure_of([&] { base64_decoded(text); }).kind(), failure_kind::invalid_input)
        << text;
  }
}

TEST(Text, IsTrimmedSplitAndCompared) {
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_TRUE(equal_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_EQ(lower_case("\xC3\x84Z"), "\xC3\x84z");
  EXPECT_EQ(concat("a", 'b', 3, std::string("c"), std::size_t{7}), "ab3c7");
}

TEST(Random, NamesDiffer) {
  std::set<std::string> seen;
  for (int at = 0; at < 100; ++at) {
    seen.insert(random_hex(8));
    EXPECT_THAT(random_uuid(), MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                                            "[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  }
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_EQ(seen.begin()->size(), 16U);
}

TEST(NearestName, IsFoundForATypingMistakeAndNothingElse) {
  constexpr std::array<std::string_view, 4> known{"driverMemory", "executorMemory", "url", "kind"};
  EXPECT_EQ(nearest_name("drivrMemory", known), "driverMemory");
  EXPECT_EQ(nearest_name("DRIVERMEMORY", known), "driverMemory");
  EXPECT_EQ(nearest_name("executerMemori", known), "executorMemory");
  EXPECT_EQ(nearest_name("ulr", known), "url");
  EXPECT_EQ(nearest_name("completelyDifferent", known), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

TEST(NearestName, IsNotFoundForAShortWordWithNothingInCommon) {
  constexpr std::array<std::string_view, 2> known{"ca", "url"};
  EXPECT_EQ(nearest_name("x", known), "");
  EXPECT_EQ(nearest_name("xy", known), "");
}

TEST(Human, SizesAndDurations) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(48'100'000), "48.1 MB");
  EXPECT_EQ(human_bytes(999'999), "1.0 MB");
  EXPECT_EQ(human_duration(0), "0.0 s");
  EXPECT_EQ(human_duration(1849), "1.8 s");
  EXPECT_EQ(human_duration(724'000), "12 min 4 s");
  EXPECT_EQ(human_duration(7'380'000), "2 h 3 min");
}

}  // namespace
}  // namespace livyd
