#include "service/store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.hpp"
#include "service/run_to_end.hpp"
#include "service/temporary_folder.hpp"

namespace livyd {
namespace {

stored_session numbered(int id) {
  stored_session made;
  made.id = std::to_string(id);
  return made;
}

class Store : public testing::Test {
 protected:
  std::unique_ptr<store> open(duration patience = 1s) {
    return run_to_end(loop_, store::open(folder_.path, patience, {}));
  }
  temporary_folder folder_;
  asio::io_context loop_;
};

TEST_F(Store, KeepsASessionForTheNextProcess) {
  {
    auto first = open();
    run_to_end(loop_, first->put_session("p", stored_session{.url = "u",
                                                             .id = "7",
                                                             .name = "n",
                                                             .application_id = "a",
                                                             .nonce = "ab",
                                                             .created = true,
                                                             .use_agent = true,
                                                             .last_statement = 12,
                                                             .removed = true}));
  }
  const auto kept = open()->session("p");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id, "7");
  EXPECT_EQ(kept->name, "n");
  EXPECT_TRUE(kept->removed);
  EXPECT_EQ(kept->nonce, "ab");
  EXPECT_TRUE(kept->created);
  EXPECT_TRUE(kept->use_agent);
  EXPECT_EQ(kept->last_statement, 12);
  struct stat facts{};
  ASSERT_EQ(::stat((folder_.path / "store.json").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(Store, KeepsWhatIsToBeRemovedAndTheLastWords) {
  stored_profile kept;
  kept.removals = {{.url = "u", .id = "7", .name = "n", .application_id = "a", .failed = true}};
  kept.last_words = {.id = "7", .name = "n", .reason = "why", .text = "line\n"};
  {
    auto first = open();
    run_to_end(loop_, first->put_profile("p", kept));
    run_to_end(loop_, first->put_session("p", numbered(8)));
    run_to_end(loop_, first->put_session("p", std::nullopt));
  }
  EXPECT_EQ(store::peek_last_words(folder_.path, "p").text, "line\n");
  auto opened = open();
  const auto again = opened->kept("p");
  EXPECT_FALSE(again.session);
  ASSERT_EQ(again.removals.size(), 1U);
  EXPECT_EQ(again.removals[0].id, "7");
  EXPECT_EQ(again.removals[0].application_id, "a");
  EXPECT_TRUE(again.removals[0].failed);
  EXPECT_EQ(again.last_words.reason, "why");
  EXPECT_EQ(opened->profiles_with_removals(), std::vector<std::string>{"p"});
  run_to_end(loop_, opened->put_profile("p", {}));
  EXPECT_TRUE(opened->profiles_with_removals().empty());
}

TEST_F(Store, CutsLastWordsToTheirLastLines) {
  std::string text;
  for (int n = 0; n < 10'000; ++n) text += concat("ä line ", n, "\n");
  stored_profile kept;
  kept.last_words.text = text;
  auto opened = open();
  run_to_end(loop_, opened->put_profile("p", kept));
  const auto cut = opened->kept("p").last_words.text;
  EXPECT_LE(cut.size(), store::words_limit);
  EXPECT_GT(cut.size(), store::words_limit - 32);
  EXPECT_TRUE(cut.starts_with("ä line "));
  EXPECT_TRUE(cut.ends_with("line 9999\n"));
  EXPECT_TRUE(last_lines(std::string(100, 'x'), 10) == std::string(10, 'x'));
}

TEST_F(Store, SaysWhoHoldsIt) {
  auto first = open();
  try {
    open(100ms);
    FAIL();
  } catch (const failure& reason) {
    EXPECT_EQ(reason.kind(), failure_kind::io);
    EXPECT_NE(reason.message().find(concat("process ", ::getpid())), std::string::npos);
  }
}

TEST_F(Store, KeepsAnUnreadableFileAside) {
  replace_file(folder_.path / "store.json", "{ broken");
  auto opened = open();
  EXPECT_NE(opened->complaint().find(".unreadable-"), std::string::npos);
  EXPECT_FALSE(opened->session("p"));
}

TEST_F(Store, RefusesTheFileOfANewerVersion) {
  replace_file(folder_.path / "store.json", R"({"version": 2, "profiles": {}})");
  EXPECT_THROW(open(), failure);
}

TEST_F(Store, WritesOneAfterTheOther) {
  {
    auto opened = open();
    auto twenty = [](store& kept) -> task<void> {
      auto executor = co_await asio::this_coro::executor;
      int pending = 20;
      notification done(executor);
      for (int i = 0; i < 20; ++i) {
        asio::co_spawn(executor, kept.put_session("p", numbered(i)), [&](std::exception_ptr) {
          --pending;
          done.notify_all();
        });
      }
      while (pending > 0) co_await done.wait();
    };
    run_to_end(loop_, twenty(*opened));
  }
  EXPECT_EQ(open()->session("p")->id, "19");
}

}  // namespace
}  // namespace livyd
