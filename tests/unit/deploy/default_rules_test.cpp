// Where scripts/ and modules/ are found in a project that names none.
#include <gmock/gmock.h>

#include "project.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class DefaultRules : public Project {
 protected:
  /// Name and folder (relative to the project) of each.
  std::vector<std::pair<std::string, std::string>> found(std::string_view start,
                                                         const fs::path& workspace) const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& one : default_rules(folder_ / start, workspace)) {
      EXPECT_EQ(one.kind, bundle_kind::py_files);
      out.emplace_back(one.name, one.folder.lexically_relative(folder_).generic_string());
    }
    return out;
  }
};

TEST_F(DefaultRules, FindBothBesideTheFile) {
  write("scripts/job.py");
  write("modules/etl/__init__.py");
  write("main.py");
  EXPECT_THAT(found("main.py", folder_),
              ElementsAre(Pair("scripts", "scripts"), Pair("modules", "modules")));
}

TEST_F(DefaultRules, LookUpwards) {
  write("modules/etl/steps/load.py");
  write("scripts/daily/job.py");
  EXPECT_THAT(found("modules/etl/steps/load.py", folder_), ElementsAre(Pair("modules", "modules")));
  EXPECT_THAT(found("scripts/daily/job.py", folder_), ElementsAre(Pair("modules", "modules")));
}

TEST_F(DefaultRules, LookOneFolderDown) {
  write("spark/modules/a.py");
  write("deep/er/scripts/a.py");
  EXPECT_THAT(found("", folder_), ElementsAre(Pair("modules", "spark/modules")));
}

TEST_F(DefaultRules, TakeTheNearest) {
  write("modules/outer.py");
  write("team/modules/inner.py");
  write("team/job.py");
  EXPECT_THAT(found("team/job.py", folder_), ElementsAre(Pair("modules", "team/modules")));
  EXPECT_THAT(found("", folder_), ElementsAre(Pair("modules", "modules")));
}

TEST_F(DefaultRules, PassOverFoldersWithoutPython) {
  write("scripts/build.sh");
  write("modules/readme.md");
  write("modules/__pycache__/a.py");
  write("modules/environment/pyvenv.cfg");
  write("modules/environment/a.py");
  EXPECT_THAT(found("", folder_), IsEmpty());
}

TEST_F(DefaultRules, PassOverWhatIsIgnored) {
  write("modules/a.py");
  write("node_modules/x.py");
  write("node_modules/modules/x.py");
  write(".livydignore", "modules/\n");
  EXPECT_THAT(found("", folder_), IsEmpty());
}

TEST_F(DefaultRules, EndAtTheWorkspace) {
  write("modules/a.py");
  write("workspace/job.py");
  EXPECT_THAT(found("workspace/job.py", folder_ / "workspace"), IsEmpty());
  EXPECT_THAT(found("workspace/job.py", folder_), ElementsAre(Pair("modules", "modules")));
}

TEST_F(DefaultRules, EndAtTheRepositoryWithoutAWorkspace) {
  write("modules/a.py");
  write("repository/.git/HEAD");
  write("repository/src/job.py");
  EXPECT_THAT(found("repository/src/job.py", {}), IsEmpty());
  write("repository/modules/a.py");
  EXPECT_THAT(found("repository/src/job.py", {}),
              ElementsAre(Pair("modules", "repository/modules")));
}

TEST_F(DefaultRules, EndThreeFoldersUpWithoutWorkspaceAndRepository) {
  write("modules/a.py");
  write("1/2/3/job.py");
  write("1/2/3/4/job.py");
  EXPECT_THAT(found("1/2/3/job.py", {}), ElementsAre(Pair("modules", "modules")));
  EXPECT_THAT(found("1/2/3/4/job.py", {}), IsEmpty());
}

TEST_F(DefaultRules, AreNoneForAFileThatIsNotThere) {
  EXPECT_THAT(found("not/there.py", folder_), IsEmpty());
}

}  // namespace
}  // namespace livyd::deploy
