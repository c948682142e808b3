// What .livydignore says, line by line and file by file.
#include "deploy/ignore.hpp"

#include "project.hpp"

namespace livyd::deploy {
namespace {

bool ignores(std::string_view lines, std::string_view path, bool is_folder = false) {
  ignore_rules rules;
  rules.add(lines, 0);
  return rules.ignores(names_of(path), is_folder);
}

TEST(IgnoreLines, FitAtAnyDepthUnlessTheyHaveASlash) {
  EXPECT_TRUE(ignores("*.csv", "a.csv"));
  EXPECT_TRUE(ignores("*.csv", "deep/er/a.csv"));
  EXPECT_TRUE(ignores("/a.csv", "a.csv"));
  EXPECT_FALSE(ignores("/a.csv", "deep/a.csv"));
  EXPECT_TRUE(ignores("deep/a.csv", "deep/a.csv"));
  EXPECT_FALSE(ignores("deep/a.csv", "very/deep/a.csv"));
}

TEST(IgnoreLines, WithASlashAtTheEndMeanFolders) {
  EXPECT_TRUE(ignores("data/", "data", true));
  EXPECT_TRUE(ignores("data/", "deep/data", true));
  EXPECT_FALSE(ignores("data/", "data", false));
}

TEST(IgnoreLines, AreTakenBackByLaterOnes) {
  EXPECT_FALSE(ignores("*.csv\n!small.csv", "small.csv"));
  EXPECT_TRUE(ignores("!small.csv\n*.csv", "small.csv"));
}

TEST(IgnoreLines, PassOverCommentsAndBlanks) {
  EXPECT_FALSE(ignores("# a.py\n\n   \n/\n!\n", "a.py"));
  EXPECT_TRUE(ignores("a.py  \r\n", "a.py"));
  EXPECT_TRUE(ignores("\\#a.py", "#a.py"));
  EXPECT_TRUE(ignores("\\!a.py", "!a.py"));
  EXPECT_TRUE(ignores("a\\ ", "a "));
}

using Ignore = Project;

TEST_F(Ignore, ReadsTheFilesUpToTheWorkspaceAndNoFurther) {
  write(".livydignore", "outside.py\n");
  write("workspace/.livydignore", "/modules/anchored.py\n*.csv\n");
  write("workspace/modules/.livydignore", "!kept.csv\n");
  const ignore_rules rules(folder_ / "workspace" / "modules", folder_ / "workspace");
  EXPECT_FALSE(rules.ignores({"outside.py"}, false));
  EXPECT_TRUE(rules.ignores({"anchored.py"}, false));
  EXPECT_TRUE(rules.ignores({"deep", "a.csv"}, false));
  EXPECT_FALSE(rules.ignores({"kept.csv"}, false));
}

TEST_F(Ignore, ReadsOnlyItsOwnFolderOutsideTheWorkspace) {
  write("elsewhere/.livydignore", "a.py\n");
  write(".livydignore", "b.py\n");
  const ignore_rules rules(folder_ / "elsewhere", folder_ / "workspace");
  EXPECT_TRUE(rules.ignores({"a.py"}, false));
  EXPECT_FALSE(rules.ignores({"b.py"}, false));
}

TEST_F(Ignore, KnowsWhenTheWholeFolderIsMeant) {
  write(".livydignore", "scratch/\n");
  EXPECT_TRUE(ignore_rules(folder_ / "scratch" / "modules", folder_).ignores_the_folder());
  EXPECT_FALSE(ignore_rules(folder_ / "modules", folder_).ignores_the_folder());
}

}  // namespace
}  // namespace livyd::deploy
