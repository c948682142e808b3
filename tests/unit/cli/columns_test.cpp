// Aligned columns: what counts is what a terminal shows.
#include "cli/columns.hpp"

#include <gtest/gtest.h>

namespace livyd {
namespace {

TEST(Columns, CountCellsNotBytes) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("Grüße"), 5U);
  EXPECT_EQ(display_width("世界"), 4U);
  EXPECT_EQ(display_width("한국"), 4U);
  EXPECT_EQ(display_width("🚀"), 2U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("\xff\xe4\xb8"), 3U);
}

TEST(Columns, AreAsWideAsTheirWidestCell) {
  EXPECT_EQ(aligned({{"N", "NAME", "X"}, {"1", "世界", "a"}, {"22", "ü", ""}}),
            "N   NAME  X\n"
            "1   世界  a\n"
            "22  ü\n");
  EXPECT_EQ(aligned({}), "");
}

TEST(Columns, CutALongCellAtACharacter) {
  EXPECT_EQ(fitted("short", 5), "short");
  EXPECT_EQ(fitted("longer", 5), "long…");
  EXPECT_EQ(fitted("世界世界", 4), "世…");
  EXPECT_EQ(fitted("a\tb\nc", 9), "a b c");
}

}  // namespace
}  // namespace livyd
