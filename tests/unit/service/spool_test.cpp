#include "service/spool.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/text.hpp"
#include "service/run_to_end.hpp"
#include "service/temporary_folder.hpp"

namespace livyd {
namespace {

class Spool : public testing::Test {
 protected:
  void write(spool& out, std::size_t part, std::string_view mime, std::string_view text) {
    run_to_end(loop_, out.write(part, mime, text));
  }
  temporary_folder folder_;
  asio::io_context loop_;
};

TEST_F(Spool, KeepsTextAndCutsPiecesAtCharacters) {
  spool out(folder_.path, "r");
  out.append_text("aé");
  out.append_text("😀b");
  EXPECT_EQ(out.text_bytes(), 8U);
  EXPECT_EQ(out.read_text(0, 2), "a");
  EXPECT_EQ(out.read_text(1, 5), "é");
  EXPECT_EQ(out.read_text(3, 4), "😀");
  EXPECT_EQ(out.read_text(0, 100), "aé😀b");
  EXPECT_EQ(out.read_text(8, 100), "");
  EXPECT_TRUE(out.finish().empty());
  EXPECT_EQ(out.read_text(7, 100), "b");
  EXPECT_EQ(read_file(*out.text_file()), "aé😀b");
}

TEST_F(Spool, ForgetsARepeatedReading) {
  spool out(folder_.path, "r");
  write(out, 0, "text/plain", "torn");
  write(out, 1, "text/html", "<b>");
  run_to_end(loop_, out.restart());
  write(out, 0, "text/plain", "ok");
  out.take_reply(0);
  EXPECT_EQ(out.read_text(0, 10), "ok");
  EXPECT_TRUE(out.finish().empty());
  EXPECT_EQ(read_file(*out.text_file()), "ok");
}

TEST_F(Spool, TakesPartsBackAndMovesLateOnesToTheFront) {
  spool out(folder_.path, "r");
  write(out, 0, "text/html", "reply");
  write(out, 7, "text/html", "torn");
  write(out, 8, "text/html", "large");
  out.drop_part(7);
  out.drop_part(7);
  out.drop_part(99);
  write(out, 8, "text/html", "r");
  write(out, 9, "text/html", "early");
  write(out, 10, "text/html", "earlier");
  out.show_first(2);
  std::vector<std::string> shown;
  for (const auto& part : out.finish()) shown.push_back(read_file(part.file));
  EXPECT_EQ(shown, (std::vector<std::string>{"early", "earlier", "reply", "larger"}));
}

TEST_F(Spool, DecodesALargeImageWhoseTextHasLines) {
  spool out(folder_.path, "r");
  const std::string image(1'000'000, 'i');
  auto text = base64_encoded(image);
  for (std::size_t at = 76; at < text.size(); at += 77) text.insert(at, "\n");
  write(out, 0, "image/png", text + "\n");
  write(out, 1, "image/png", "no base64");
  const auto parts = out.finish();
  EXPECT_EQ(read_file(parts[0].file), image);
  EXPECT_EQ(read_file(parts[1].file), "no base64") << "kept as it came";
}

TEST_F(Spool, DecodesImagesAndListsParts) {
  spool out(folder_.path, "r");
  write(out, 0, "image/png", "aGVs");
  write(out, 1, "application/json", "{}");
  write(out, 0, "image/png", "bG8=");
  const auto parts = out.finish();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].mime, "image/png");
  EXPECT_EQ(parts[0].bytes, 5);
  EXPECT_EQ(read_file(parts[0].file), "hello");
  EXPECT_EQ(read_file(parts[1].file), "{}");
  EXPECT_FALSE(out.text_file().has_value());
}

TEST_F(Spool, TakesOnlyWhatTheTextLacksOfAReply) {
  spool out(folder_.path, "r");
  out.append_text("one\ntw");
  write(out, 0, "text/plain", "one\ntwo\n");
  EXPECT_EQ(out.text_bytes(), 6U);
  out.take_reply(out.text_bytes());
  EXPECT_EQ(out.read_text(0, 100), "one\ntwo\n");
}

TEST_F(Spool, DropsAReplyThatIsNotWanted) {
  {
    spool out(folder_.path, "r");
    write(out, 0, "text/plain", "one");
    write(out, 1, "application/vnd.livyd.run+json", "{}");
    EXPECT_TRUE(out.finish().empty());
    EXPECT_FALSE(out.text_file().has_value());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path));
}

TEST_F(Spool, GoesOnAfterTheLastWholeCharacterOfAnEarlierProcess) {
  replace_file(folder_.path / "r.txt", std::string("aé😀").substr(0, 5));
  spool out(folder_.path, "r");
  EXPECT_EQ(out.text_bytes(), 3U);
  out.append_text("😀b");
  EXPECT_EQ(out.read_text(0, 100), "aé😀b");
  EXPECT_TRUE(out.finish().empty());
  EXPECT_EQ(read_file(*out.text_file()), "aé😀b");
}

TEST_F(Spool, ForgetsWhatAnEarlierProcessWrote) {
  replace_file(folder_.path / "r.txt", "old");
  spool out(folder_.path, "r");
  out.forget();
  out.append_text("new");
  EXPECT_EQ(out.read_text(0, 100), "new");
}

}  // namespace
}  // namespace livyd
