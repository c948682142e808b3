// What `livyd logs -f` prints of a followed log.
#include "cli/log_text.hpp"

#include <gtest/gtest.h>

namespace livyd {
namespace {

using protocol::LogLines;
using protocol::LogSection;
using lines = std::vector<std::string>;

LogLines told(LogSection section, lines words) {
  LogLines out;
  out.section = section;
  out.lines = std::move(words);
  return out;
}

TEST(LogText, IsPlainLinesAndNamesASectionWhereAnotherGoesOn) {
  log_text text;
  EXPECT_EQ(text.of(told(LogSection::stderr, {"a", "b"})), "a\nb\n");
  EXPECT_EQ(text.of(told(LogSection::stderr, {"c"})), "c\n");
  EXPECT_EQ(text.of(told(LogSection::yarn, {"waiting"})), "[YARN]\nwaiting\n");
  EXPECT_EQ(text.of(told(LogSection::stderr, {"d"})), "[stderr]\nd\n");
  EXPECT_EQ(text.of(told(LogSection::stdout, {})), "");
}

TEST(LogText, MarksAGap) {
  log_text text;
  auto gap = told(LogSection::stderr, {"a"});
  gap.gap = 0;
  EXPECT_EQ(text.of(gap), "· lines may be missing here\na\n");
  gap.gap = 120;
  EXPECT_EQ(text.of(gap), "· about 120 lines may be missing here\na\n");
}

TEST(LogText, DoesNotRepeatWhatWasPrintedBefore) {
  log_text text;
  text.skip({"a", "b"});
  EXPECT_EQ(text.of(told(LogSection::stderr, {"a", "b", "c"})), "c\n");
  EXPECT_EQ(text.of(told(LogSection::stderr, {"a", "b"})), "a\nb\n") << "these came later";
}

TEST(LogText, DoesNotRepeatTheSectionsThatWerePrintedBefore) {
  log_text text;
  text.skip({"[stdout]", "o", "[stderr]", "a", "b"});
  EXPECT_EQ(text.of(told(LogSection::stdout, {"o"})), "");
  EXPECT_EQ(text.of(told(LogSection::stderr, {"b", "c"})), "c\n");
  EXPECT_EQ(text.of(told(LogSection::yarn, {"y"})), "[YARN]\ny\n");
}

}  // namespace
}  // namespace livyd
