// Which paths a pattern fits, as tables.
#include "deploy/glob.hpp"

#include <gtest/gtest.h>

namespace livyd::deploy {
namespace {

struct row {
  std::string_view pattern;
  std::string_view path;
  bool fits;
};

class GlobMatches : public testing::TestWithParam<row> {};

TEST_P(GlobMatches, AsWritten) {
  const auto& [pattern, path, fits] = GetParam();
  EXPECT_EQ(glob(pattern).matches(names_of(path)), fits) << pattern << " and " << path;
}

INSTANTIATE_TEST_SUITE_P(Names, GlobMatches,
                         testing::Values(row{"a.py", "a.py", true}, row{"a.py", "b/a.py", false},
                                         row{"*.py", "a.py", true}, row{"*.py", ".py", true},
                                         row{"*.py", "b/a.py", false}, row{"*", "a/b", false},
                                         row{"a*b*c", "aXbXbXc", true},
                                         row{"a*b*c", "aXcXb", false}, row{"?.py", "a.py", true},
                                         row{"?.py", "ä.py", true}, row{"?.py", "ab.py", false},
                                         row{"*ü", "grün", false}, row{"gr*", "grün", true},
                                         row{"A.py", "a.py", false}));

INSTANTIATE_TEST_SUITE_P(
    Sets, GlobMatches,
    testing::Values(row{"[a-c].py", "b.py", true}, row{"[a-c].py", "d.py", false},
                    row{"[!a-c].py", "d.py", true}, row{"[^a-c].py", "b.py", false},
                    row{"[]a].py", "].py", true}, row{"[!]a].py", "].py", false},
                    row{"[ä-ü].py", "ö.py", true}, row{"[a-].py", "-.py", true},
                    row{"[\\]].py", "].py", true}, row{"[a.py", "[a.py", true},
                    row{"\\*.py", "*.py", true}, row{"\\*.py", "a.py", false},
                    row{"\\[a]", "[a]", true}));

INSTANTIATE_TEST_SUITE_P(
    Folders, GlobMatches,
    testing::Values(row{"**", "a", true}, row{"**", "a/b/c", true}, row{"**/a", "a", true},
                    row{"**/a", "x/y/a", true}, row{"a/**/b", "a/b", true},
                    row{"a/**/b", "a/x/y/b", true}, row{"a/**/b", "a/x/c", false},
                    row{"a/**", "a", false}, row{"a/**", "a/b/c", true},
                    row{"**/a/**/b", "a/c/a/b", true}, row{"./a//b/", "a/b", true},
                    row{"**/*.py", "a/b.py", true}, row{"**.py", "a/b.py", false}));

TEST(Glob, ThatNamesAFolderCoversAllInIt) {
  EXPECT_TRUE(glob("etl").covers(names_of("etl/steps/load.py")));
  EXPECT_TRUE(glob("*/steps/").covers(names_of("etl/steps/load.py")));
  EXPECT_FALSE(glob("etl").covers(names_of("report/etl/load.py")));
}

TEST(Glob, TellsWhereNothingCanBeFound) {
  EXPECT_TRUE(glob("a/b/*.py").leads_into(names_of("a")));
  EXPECT_TRUE(glob("a/b/*.py").leads_into(names_of("a/b")));
  EXPECT_FALSE(glob("a/b/*.py").leads_into(names_of("a/c")));
  EXPECT_FALSE(glob("a/b/*.py").leads_into(names_of("a/b/c/d")));
  EXPECT_TRUE(glob("**/x").leads_into(names_of("a/c/d")));
  EXPECT_TRUE(glob("a").leads_into(names_of("a/c/d")));
}

TEST(Glob, IsQuickAlsoWithManyStars) {
  const std::string name(4000, 'a');
  EXPECT_FALSE(glob("*a*a*a*a*a*a*a*a*a*a*a*b").matches(names_of(name)));
}

}  // namespace
}  // namespace livyd::deploy
