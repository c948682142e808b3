// From rules to bundles, on real folders.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.hpp"
#include "project.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class Collect : public Project {
 protected:
  bundle one(std::vector<std::string> include = {}, std::vector<std::string> exclude = {}) const {
    auto bundles = collect({rule(std::move(include), std::move(exclude))}, folder_);
    EXPECT_EQ(bundles.size(), 1U);
    return std::move(bundles.front());
  }
  failure refusal(const bundle_rule& bad) const {
    return failure_of([&] { collect({bad}, folder_); });
  }
};

TEST_F(Collect, FindsPackagesWithTheirData) {
  write("modules/etl/__init__.py", "");
  write("modules/etl/steps/load.py", "abc");
  write("modules/etl/table.json", "{}");
  write("modules/report.py");
  const auto found = one();
  EXPECT_THAT(paths_of(found),
              ElementsAre("etl/__init__.py", "etl/steps/load.py", "etl/table.json", "report.py"));
  EXPECT_THAT(found.top_modules, ElementsAre("etl", "report"));
  EXPECT_EQ(found.bytes, 11U);
  EXPECT_EQ(found.files[1].hash, sha256_of("abc"));
  EXPECT_EQ(found.file_name(), "modules-" + found.hash.substr(0, 12) + ".zip");
}

TEST_F(Collect, LeavesOutWhatNeverRuns) {
  write("modules/a.py");
  for (const auto* never : {"__pycache__/a.py", ".git/a.py", "a.pyc", "x.egg-info/PKG-INFO",
                            "node_modules/a.py", ".livydignore", ".tox/a.py", "deep/.svn/a.py"}) {
    write(std::string("modules/") + never, "");
  }
  write("modules/environment/pyvenv.cfg");
  write("modules/environment/lib/b.py");
  write("modules/conda/conda-meta/history");
  write("modules/conda/b.py");
  EXPECT_THAT(paths_of(one()), ElementsAre("a.py"));
}

TEST_F(Collect, FollowsPatternsAndLivydignore) {
  write("modules/a.py");
  write("modules/a_test.py");
  write("modules/data/big.csv");
  write("modules/data/small.csv");
  write("modules/notes.md");
  write(".livydignore", "*.csv\n!small.csv\n");
  EXPECT_THAT(paths_of(one({"*.py", "data"}, {"**/*_test.py"})),
              ElementsAre("a.py", "data/small.csv"));
}

TEST_F(Collect, DoesNotLookIntoFoldersThatNoPatternMeans) {
  write("modules/etl/a.py");
  write("modules/other/a.py");
  fs::create_symlink("nowhere", folder_ / "modules" / "other" / "broken.py");
  fs::create_directory_symlink(".", folder_ / "modules" / "other" / "circle");
  EXPECT_THAT(paths_of(one({"etl/**/*.py"})), ElementsAre("etl/a.py"));
  EXPECT_THAT(paths_of(one({}, {"other"})), ElementsAre("etl/a.py"));
}

TEST_F(Collect, MakesABundleOfEachJar) {
  write("modules/lib/driver.jar", "1");
  write("modules/lib/other driver.jar", "2");
  write("modules/lib/readme.txt");
  auto jars = rule({"lib/*.jar"});
  jars.kind = bundle_kind::jars;
  const auto bundles = collect({jars}, folder_);
  ASSERT_EQ(bundles.size(), 2U);
  EXPECT_FALSE(bundles[0].packed);
  EXPECT_EQ(bundles[0].hash, sha256_of("1"));
  EXPECT_EQ(bundles[0].file_name(), "driver-" + sha256_of("1").substr(0, 12) + ".jar");
  EXPECT_EQ(bundles[1].file_name(), "other_driver-" + sha256_of("2").substr(0, 12) + ".jar");
  EXPECT_EQ(bundles[1].source, folder_ / "modules" / "lib" / "other driver.jar");
}

TEST_F(Collect, KeepsTheWholeSuffixOfAnArchive) {
  write("modules/env.tar.gz", "1");
  auto archives = rule({"env.tar.gz"});
  archives.kind = bundle_kind::archives;
  archives.alias = "environment";
  const auto bundles = collect({archives}, folder_);
  EXPECT_EQ(bundles.at(0).file_name(), "env-" + sha256_of("1").substr(0, 12) + ".tar.gz");
  EXPECT_EQ(bundles.at(0).alias, "environment");
}

TEST_F(Collect, HashesPathsAndContentsAndNothingElse) {
  write("modules/a.py", "1");
  write("elsewhere/a.py", "1");
  fs::permissions(folder_ / "elsewhere" / "a.py", fs::perms(0600));
  fs::last_write_time(folder_ / "elsewhere" / "a.py", fs::file_time_type{});
  auto elsewhere = rule();
  elsewhere.folder = folder_ / "elsewhere";
  const auto before = one().hash;
  EXPECT_EQ(before, collect({elsewhere}, folder_).at(0).hash);
  write("modules/a.py", "2");
  const auto changed = one().hash;
  EXPECT_NE(before, changed);
  write("modules/a.py", "1");
  EXPECT_EQ(before, one().hash);
  fs::rename(folder_ / "modules" / "a.py", folder_ / "modules" / "b.py");
  EXPECT_NE(before, one().hash);
}

TEST_F(Collect, SaysThatAPatternFindsNothing) {
  write("modules/a.py");
  const auto error = refusal(rule({"*.jar", "x"}));
  EXPECT_EQ(error.kind(), failure_kind::invalid_input);
  EXPECT_THAT(error.message(),
              HasSubstr("\"modules\" is empty: no file in " + (folder_ / "modules").string() +
                        " fits \"*.jar\", \"x\"."));
}

TEST_F(Collect, SaysThatAFolderIsEmptyIgnoredOrMissing) {
  EXPECT_THAT(refusal(rule()).message(), HasSubstr("does not exist"));
  fs::create_directory(folder_ / "modules");
  EXPECT_THAT(refusal(rule()).message(), HasSubstr("nothing in"));
  write("modules/a.py");
  write(".livydignore", "/modules/\n");
  EXPECT_THAT(refusal(rule()).message(), HasSubstr(".livydignore"));
  auto file = rule();
  file.folder = folder_ / "modules" / "a.py";
  EXPECT_THAT(refusal(file).message(), HasSubstr("is not a folder"));
}

TEST_F(Collect, RefusesTwoBundlesOfOneName) {
  write("modules/a.py");
  const auto error = failure_of([&] { collect({rule(), rule()}, folder_); });
  EXPECT_EQ(error.kind(), failure_kind::invalid_input);
  EXPECT_EQ(error.message(), "Two bundles are called \"modules\". Give each a name of its own.");
}

TEST_F(Collect, RefusesNamesThatAreNoFileNames) {
  write("modules/a.py");
  for (const auto* name : {"", "..", "a/b", "a b", "ä"}) {
    auto bad = rule();
    bad.name = name;
    EXPECT_THAT(refusal(bad).message(), HasSubstr("cannot be called")) << name;
  }
}

TEST_F(Collect, RefusesPatternsThatLeaveTheFolder) {
  write("modules/a.py");
  EXPECT_THAT(refusal(rule({"../other/*.py"})).message(), HasSubstr("leaves its folder"));
  EXPECT_THAT(refusal(rule({}, {"/etc"})).message(), HasSubstr("leaves its folder"));
}

TEST_F(Collect, FollowsLinksButNotInACircle) {
  write("shared/b.py");
  write("modules/a.py");
  fs::create_directory_symlink("../shared", folder_ / "modules" / "first");
  fs::create_directory_symlink("../shared", folder_ / "modules" / "second");
  EXPECT_THAT(paths_of(one()), ElementsAre("a.py", "first/b.py", "second/b.py"));
  fs::create_directory_symlink("../modules", folder_ / "shared" / "back");
  const auto error = refusal(rule());
  EXPECT_EQ(error.kind(), failure_kind::invalid_input);
  EXPECT_THAT(error.message(), HasSubstr("in a circle at " + (folder_ / "modules").string()));
}

TEST_F(Collect, SeesALinkToItself) {
  write("modules/a.py");
  fs::create_symlink("self.py", folder_ / "modules" / "self.py");
  EXPECT_THAT(refusal(rule()).message(), HasSubstr("in a circle at"));
}

TEST_F(Collect, NamesTheFileThatCannotBeRead) {
  write("modules/a.py");
  fs::create_symlink("nowhere", folder_ / "modules" / "broken.py");
  const auto error = refusal(rule());
  EXPECT_EQ(error.kind(), failure_kind::io);
  EXPECT_EQ(error.message(), "Cannot read " + (folder_ / "modules" / "broken.py").string() +
                                 ": No such file or directory.");
}

TEST_F(Collect, NamesTheFileThatMayNotBeRead) {
  const auto path = write("modules/secret.py");
  fs::permissions(path, fs::perms::none);
  fs::permissions(folder_, fs::perms(0755));
  const auto user = ::geteuid();
  constexpr uid_t nobody = 65534;  // root may read everything
  if (user == 0) ASSERT_EQ(::seteuid(nobody), 0);
  const auto error = refusal(rule());
  if (user == 0) ASSERT_EQ(::seteuid(user), 0);
  EXPECT_EQ(error.kind(), failure_kind::io);
  EXPECT_EQ(error.message(), "Cannot read " + path.string() + ": Permission denied.");
}

TEST_F(Collect, PassesOverPipes) {
  write("modules/a.py");
  ASSERT_EQ(::mkfifo((folder_ / "modules" / "pipe.py").c_str(), 0600), 0);
  EXPECT_THAT(paths_of(one()), ElementsAre("a.py"));
}

TEST_F(Collect, RefusesOnePathInTwoUnicodeForms) {
  write("modules/gr\u00FCn/\u1EC7.py");
  write("modules/gru\u0308n/e\u0323\u0302.py");
  const auto error = refusal(rule());
  EXPECT_EQ(error.kind(), failure_kind::invalid_input);
  EXPECT_THAT(error.message(), HasSubstr("twice"));
}

TEST_F(Collect, KeepsNamesThatOnlyLookNear) {
  write("modules/gr\u00FCn.py");
  write("modules/grun.py");
  write("modules/\uAC01.py");
  write("modules/\uAC00.py");
  EXPECT_EQ(one().files.size(), 4U);
}

TEST_F(Collect, RefusesNamesThatAreNotUtf8) {
  write("modules/a\xFF.py");
  const auto error = refusal(rule());
  EXPECT_EQ(error.kind(), failure_kind::invalid_input);
  EXPECT_THAT(error.message(), HasSubstr("a\uFFFD.py is not UTF-8"));
}

TEST_F(Collect, RefusesWhatIsTooLargeToTravelUnlessItIsAJar) {
  write("modules/a.py");
  fs::resize_file(write("modules/table.bin"), (100U << 20U) + 1);
  const auto refused = [&](std::uint64_t largest) {
    return failure_of([&] { collect({rule()}, folder_, {}, largest); });
  };
  const auto error = refused(100U << 20U);
  EXPECT_EQ(error.kind(), failure_kind::too_large);
  EXPECT_THAT(error.message(), HasSubstr((folder_ / "modules/table.bin").string()));
  EXPECT_THAT(error.message(), HasSubstr("100 MiB is the most"));
  EXPECT_EQ(collect({rule()}, folder_, {}, (100U << 20U) + 1).front().files.size(), 2U);
  auto jars = rule({"table.bin"});
  jars.kind = bundle_kind::jars;
  EXPECT_EQ(collect({jars}, folder_, {}, 1).size(), 1U);
}

TEST_F(Collect, EndsWhenToldTo) {
  write("modules/a.py");
  std::stop_source stop;
  stop.request_stop();
  const auto error = failure_of([&] { collect({rule()}, folder_, stop.get_token()); });
  EXPECT_EQ(error.kind(), failure_kind::cancelled);
}

TEST_F(Collect, KnowsTheModuleOfAFile) {
  write("modules/etl/__init__.py");
  const auto load = write("modules/etl/steps/load.py");
  const auto data = write("modules/etl/table.json");
  const auto dashed = write("modules/run-me.py");
  fs::create_directory_symlink("modules", folder_ / "link");
  const auto bundles = collect({rule()}, folder_);
  EXPECT_EQ(module_of(bundles, load), "etl.steps.load");
  EXPECT_EQ(module_of(bundles, folder_ / "link" / "etl" / "steps" / "load.py"), "etl.steps.load");
  EXPECT_EQ(module_of(bundles, folder_ / "modules" / "etl" / "__init__.py"), "etl");
  EXPECT_EQ(module_of(bundles, data), "");
  EXPECT_EQ(module_of(bundles, dashed), "");
  EXPECT_EQ(module_of(bundles, folder_ / "other" / "load.py"), "");
}

}  // namespace
}  // namespace livyd::deploy
