#include "service/journal.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/text.hpp"
#include "service/run_to_end.hpp"
#include "service/temporary_folder.hpp"

namespace livyd {
namespace {

class Journal : public testing::Test {
 protected:
  static stored_run example(std::string id, std::int64_t accepted) {
    stored_run run;
    run.params.run = std::move(id);
    run.params.profile = "p";
    run.params.source =
        protocol::SourceLocation{.file = "/p/é.py", .first_line = 3, .last_line = 9};
    run.accepted = accepted;
    return run;
  }

  void put(const stored_run& run) { run_to_end(loop_, journal_.put(run)); }

  temporary_folder folder_;
  asio::io_context loop_;
  journal journal_{folder_.path, true};
};

TEST_F(Journal, GivesBackWhatWasStoredInOrderOfAcceptance) {
  auto sent = example("b", 2);
  sent.phase = run_phase::sending;
  sent.attempt = 2;
  sent.server = "http://livy/";
  sent.session = "7";
  sent.session_name = "livyd-me-p-1";
  sent.last_known = 41;
  sent.agent = true;
  sent.sent = 1234;
  put(sent);
  auto finished = example("a", 1);
  finished.phase = run_phase::finished;
  finished.statement = 40;
  finished.record_shift = -41;
  finished.told_bytes = 5;
  finished.result = protocol::RunResult{};
  finished.result->outcome = protocol::RunOutcome::error;
  finished.result->message = "ValueError: x";
  put(finished);
  const auto all = journal_.read_all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].params.run, "a");
  EXPECT_EQ(all[0].result, finished.result);
  EXPECT_EQ(all[0].told_bytes, 5U);
  EXPECT_EQ(all[0].record_shift, -41);
  EXPECT_EQ(all[0].statement, 40);
  EXPECT_EQ(all[1].phase, run_phase::sending);
  EXPECT_EQ(all[1].marked_name(), "b.2");
  EXPECT_EQ(all[1].server, "http://livy/");
  EXPECT_EQ(all[1].session, "7");
  EXPECT_EQ(all[1].session_name, "livyd-me-p-1");
  EXPECT_EQ(all[1].last_known, 41);
  EXPECT_EQ(all[1].params.source, sent.params.source);
  EXPECT_TRUE(all[1].agent);
  EXPECT_EQ(all[1].sent, 1234);
}

TEST_F(Journal, KeepsTheCodeInAFileOfItsOwn) {
  auto run = example("a", 1);
  run.params.code = "print('é')";
  put(run);
  EXPECT_EQ(journal_.code("a"), "");
  run_to_end(loop_, journal_.put_code("a", run.params.code));
  EXPECT_EQ(journal_.code("a"), "print('é')");
  EXPECT_EQ(journal_.read_all().at(0).params.code, "");
}

TEST_F(Journal, PassesOverWhatItCannotRead) {
  replace_file(folder_.path / "x.run.json", "{");
  replace_file(folder_.path / "y.run.json", R"({"version": 99})");
  put(example("a", 1));
  EXPECT_EQ(journal_.read_all().size(), 1U);
}

TEST_F(Journal, RemovesARunWithItsOutput) {
  put(example("a", 1));
  replace_file(folder_.path / "a.txt", "x");
  replace_file(folder_.path / "a.1.png", "x");
  replace_file(folder_.path / "ab.txt", "x");
  journal_.remove("a");
  EXPECT_TRUE(std::filesystem::exists(folder_.path / "ab.txt"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path / "a.1.png"));
  EXPECT_TRUE(journal_.read_all().empty());
}

TEST_F(Journal, PrunesTheOldestFinishedRunsAndNoOther) {
  for (int i = 0; i < 5; ++i) {
    auto run = example(std::to_string(i), i);
    if (i != 0) run.phase = run_phase::finished;
    put(run);
    const auto file = folder_.path / concat(i, ".txt");
    replace_file(file, "x");
    const auto time = std::filesystem::file_time_type::clock::now() - std::chrono::hours(10 - i);
    std::filesystem::last_write_time(file, time);
    std::filesystem::last_write_time(folder_.path / concat(i, ".run.json"), time);
  }
  prune_history(folder_.path, 2, 1'000'000);
  std::vector<std::string> left;
  for (const auto& run : journal_.read_all()) left.push_back(run.params.run);
  EXPECT_EQ(left, (std::vector<std::string>{"0", "3", "4"}));
  EXPECT_FALSE(std::filesystem::exists(folder_.path / "1.txt"));
  prune_history(folder_.path, 2, 0);
  EXPECT_EQ(journal_.read_all().size(), 1U);
}

TEST_F(Journal, SearchesOutputAndCodeWhateverTheCase) {
  replace_file(folder_.path / "a.txt", "one\nTwo words\n");
  replace_file(folder_.path / "a.code", "print('two')\n");
  replace_file(folder_.path / "b.txt", "nothing\ntwofold\n");
  const auto found = search_history(folder_.path, {"a", "b"}, "TWO", 10);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].run, "b");
  EXPECT_EQ(found[0].line, "twofold");
  EXPECT_TRUE(found[1].code);
  EXPECT_EQ(found[2].line, "Two words");
  EXPECT_EQ(search_history(folder_.path, {"a", "b"}, "two", 1).size(), 1U);
}

}  // namespace
}  // namespace livyd
