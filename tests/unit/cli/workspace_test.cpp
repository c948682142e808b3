// Which profiles a command may use in a folder: the user's, and the workspace's once trusted.
#include "cli/workspace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/text.hpp"

namespace livyd {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A home of its own for each test.
class Workspace : public testing::Test {
 protected:
  Workspace() {
    fs::create_directories(root_ / "home");
    ::setenv("HOME", (root_ / "home").c_str(), 1);
    ::setenv("XDG_STATE_HOME", (root_ / "state").c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", (root_ / "config").c_str(), 1);
  }
  ~Workspace() override { fs::remove_all(root_); }

  fs::path write(const fs::path& path, std::string_view text) {
    const auto whole = root_ / path;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << text;
    return whole;
  }
  fs::path project() { return root_ / "project"; }
  void settings(std::string_view text) { write("project/.vscode/settings.json", text); }
  std::string refusal_of(const fs::path& profiles_file) {
    try {
      profiles_for(project(), profiles_file);
    } catch (const failure& reason) {
      EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
      return reason.message();
    }
    return "";
  }

  fs::path root_ = fs::canonical(fs::temp_directory_path()) / concat("livyd-test-", random_hex(8));
};

TEST_F(Workspace, IsTheNearestFolderWithAMark) {
  fs::create_directories(project() / ".git");
  fs::create_directories(project() / "a/b");
  EXPECT_EQ(workspace_of(project() / "a/b"), project());
  fs::create_directories(project() / "a/.vscode");
  EXPECT_EQ(workspace_of(project() / "a/b"), project() / "a");
}

TEST_F(Workspace, IsTheFolderItselfWithoutAMark) {
  fs::create_directories(root_ / "plain/a");
  EXPECT_EQ(workspace_of(root_ / "plain/a"), root_ / "plain/a");
}

TEST_F(Workspace, IsNotTheHomeFolderOfEverythingBelowIt) {
  fs::create_directories(root_ / "home/.vscode/extensions");
  fs::create_directories(root_ / "home/notes");
  EXPECT_EQ(workspace_of(root_ / "home/notes"), root_ / "home/notes");
  EXPECT_EQ(workspace_of(root_ / "home"), root_ / "home");
}

TEST_F(Workspace, KeepsItsStateApart) {
  EXPECT_NE(state_folder_of("/a/project"), state_folder_of("/b/project"));
  EXPECT_EQ(state_folder_of("/a"), state_folder_of("/a"));
  EXPECT_THAT(state_folder_of("/a").string(), testing::StartsWith((root_ / "state").string()));
}

TEST_F(Workspace, HasNoProfilesWithoutFiles) {
  const auto choice = profiles_for(project(), {});
  EXPECT_THAT(choice.profiles, IsEmpty());
  EXPECT_THAT(choice.remarks, IsEmpty());
  EXPECT_EQ(choice.preferred, "");
}

TEST_F(Workspace, ReadsTheUsersProfiles) {
  write("config/livyd/profiles.json", R"({"a": {"url": "http://a"}, /* mine */ "b": 3,})");
  const auto choice = profiles_for(project(), {});
  EXPECT_EQ(choice.profiles.at("a")["url"], "http://a");
  EXPECT_EQ(choice.profiles.at("b"), 3);
  const auto other = write("other.json", R"({"c": {}})");
  EXPECT_EQ(profiles_for(project(), other).profiles.size(), 1U);
}

TEST_F(Workspace, NamesTheFileThatCannotBeRead) {
  EXPECT_THAT(refusal_of(root_ / "nowhere.json"), HasSubstr("nowhere.json"));
  EXPECT_THAT(refusal_of(root_), HasSubstr(root_.string()));
  for (const std::string_view text : {std::string_view("{"), std::string_view(""),
                                      std::string_view("\0", 1), std::string_view("{'a': 1}")}) {
    EXPECT_THAT(refusal_of(write("bad.json", text)), HasSubstr("bad.json is not JSON")) << text;
  }
  EXPECT_THAT(refusal_of(write("bad.json", "[]")), HasSubstr("bad.json must hold an object"));
  EXPECT_THAT(refusal_of(write("bad.json", "{\n\n\"a\": x}")), HasSubstr("line 3"));
}

TEST_F(Workspace, IsNotUsedBeforeItIsTrusted) {
  settings(R"({"livyd.profiles": {"trap": {"url": "http://evil"}}, "livyd.profile": "trap"})");
  const auto choice = profiles_for(project(), {});
  EXPECT_THAT(choice.profiles, IsEmpty());
  EXPECT_EQ(choice.preferred, "");
  EXPECT_THAT(choice.remarks, ElementsAre(HasSubstr("livyd trust")));
}

TEST_F(Workspace, IsUsedAsItWasTrusted) {
  settings(R"({
    // The cluster of the team.
    "livyd.profiles": {"team": {"url": "http://team"},},
    "livyd.profile": "team", "editor.fontSize": 12,
  })");
  EXPECT_THAT(trust_workspace(project()), HasSubstr("settings.json"));
  const auto choice = profiles_for(project(), {});
  EXPECT_EQ(choice.profiles.at("team")["url"], "http://team");
  EXPECT_EQ(choice.preferred, "team");
  EXPECT_THAT(choice.remarks, IsEmpty());
  struct stat facts{};
  ASSERT_EQ(::stat((root_ / "state/livyd/trusted.json").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(Workspace, KeepsItsTrustWhenOtherSettingsChange) {
  settings(R"({"livyd.profile": "local", "editor.fontSize": 12})");
  trust_workspace(project());
  settings(R"({"editor.fontSize": 13, /* moved */ "livyd.profile": "local"})");
  EXPECT_EQ(profiles_for(project(), {}).preferred, "local");
}

TEST_F(Workspace, LosesItsTrustWithAnyChangeOfItsOwn) {
  settings(R"({"livyd.profiles": {"team": {"url": "http://team"}}})");
  trust_workspace(project());
  settings(R"({"livyd.profiles": {"team": {"url": "http://evil"}}})");
  const auto choice = profiles_for(project(), {});
  EXPECT_THAT(choice.profiles, IsEmpty());
  EXPECT_THAT(choice.remarks, ElementsAre(HasSubstr("changed since you trusted them")));
}

TEST_F(Workspace, TrustsOneFolderOnly) {
  const auto text = R"({"livyd.profiles": {"team": {"url": "http://team"}}})";
  settings(text);
  trust_workspace(project());
  write("clone/.vscode/settings.json", text);
  EXPECT_THAT(profiles_for(root_ / "clone", {}).profiles, IsEmpty());
  EXPECT_EQ(profiles_for(project(), {}).profiles.size(), 1U);
}

TEST_F(Workspace, ABrokenRecordTrustsNothing) {
  settings(R"({"livyd.profile": "team"})");
  trust_workspace(project());
  write("state/livyd/trusted.json", "{\"");
  EXPECT_EQ(profiles_for(project(), {}).preferred, "");
}

TEST_F(Workspace, SettingsThatAreNotJsonAreRemarkedAndNotUsed) {
  settings("{ broken");
  const auto choice = profiles_for(project(), {});
  EXPECT_THAT(choice.remarks, ElementsAre(HasSubstr("settings.json")));
  EXPECT_THROW(trust_workspace(project()), failure);
}

TEST_F(Workspace, NothingToTrustIsSaid) {
  EXPECT_THROW(trust_workspace(project()), failure);
  settings(R"({"editor.fontSize": 12})");
  EXPECT_THROW(trust_workspace(project()), failure);
}

TEST(SettingsJson, AllowsCommentsAndTrailingCommas) {
  const auto read = [](std::string_view text) { return read_json_with_comments(text, "f").dump(); };
  EXPECT_EQ(read("// a\n{\"a\": [1, 2, /* , */ ], // b\n}"), R"({"a":[1,2]})");
  EXPECT_EQ(read(R"({"url": "http://x//y", "c": "/* no */,}", "q": "\"//"})"),
            R"({"c":"/* no */,}","q":"\"//","url":"http://x//y"})");
  EXPECT_EQ(read("\xEF\xBB\xBF{}"), "{}");
  EXPECT_EQ(read("[1, 2]"), "[1,2]");
}

TEST(SettingsJson, RefusesWhatIsNoJsonEither) {
  for (const auto* text :
       {"{,}", "[,1]", "[1,,]", "{\"a\": 1,,}", "/* open", "{\"a", "{} x", "[1 2]"}) {
    EXPECT_THROW(read_json_with_comments(text, "f"), failure) << text;
  }
}

}  // namespace
}  // namespace livyd
