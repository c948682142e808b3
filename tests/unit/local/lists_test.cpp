// Log paging, statement lists, routes, uploads and Spark's properties: no network, no process.
#include <gmock/gmock.h>

#include "local/log_ring.hpp"
#include "local/multipart.hpp"
#include "local/routes.hpp"
#include "local/spark_conf.hpp"
#include "local/statements.hpp"

namespace livyd::local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> numbered(int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back(std::to_string(i));
  return lines;
}

TEST(LogRing, ShowsBothSectionsUnderTheirTitles) {
  log_ring log;
  log.add_output("out");
  log.add_error("err");
  EXPECT_THAT(log.lines(), ElementsAre("stdout: ", "out", "\nstderr: ", "err"));
}

TEST(LogRing, KeepsTheLastLinesOfEachSection) {
  log_ring log(2);
  for (const char* line : {"1", "2", "3"}) log.add_error(line);
  EXPECT_THAT(log.lines(), ElementsAre("stdout: ", "\nstderr: ", "2", "3"));
}

TEST(LogRing, SaysHowMuchOfALongLineWasCut) {
  log_ring log;
  log.add_error(std::string(log_ring::line_limit + 7, 'x'));
  EXPECT_THAT(log.lines().back(), HasSubstr(" [7 bytes cut]"));
}

TEST(LogRing, ReplacesWhatIsNoUtf8) {
  log_ring log;
  log.add_error("a\xff");
  EXPECT_EQ(log.lines().back(), "a\xEF\xBF\xBD");
}

TEST(LogPage, IsTheTailOfAHundredLinesByDefault) {
  const auto page = page_of(numbered(202), std::nullopt, std::nullopt);
  EXPECT_EQ(page.from, 102);
  EXPECT_EQ(page.total, 202);
  EXPECT_EQ(page.lines.size(), 100U);
  EXPECT_EQ(page.lines.back(), "201");
}

TEST(LogPage, IsEverythingForANegativeSize) {
  const auto page = page_of(numbered(202), std::nullopt, -1);
  EXPECT_EQ(page.from, 0);
  EXPECT_EQ(page.lines.size(), 202U);
}

TEST(LogPage, IsEmptyPastTheEndButKeepsTheNumberAskedFor) {
  const auto page = page_of(numbered(5), 100000, 10);
  EXPECT_EQ(page.from, 100000);
  EXPECT_EQ(page.total, 5);
  EXPECT_THAT(page.lines, IsEmpty());
}

TEST(LogPage, StartsWhereAskedAndEndsAtTheEnd) {
  EXPECT_THAT(page_of(numbered(5), 3, 10).lines, ElementsAre("3", "4"));
  EXPECT_THAT(page_of(numbered(5), -7, 2).lines, ElementsAre("3", "4"));
}

std::vector<std::int64_t> ids_of(const std::vector<std::shared_ptr<statement>>& list) {
  std::vector<std::int64_t> ids;
  for (const auto& one : list) ids.push_back(one->id);
  return ids;
}

TEST(Statements, ForgetTheOldestBeyondAHundred) {
  statements kept;
  for (int i = 0; i < 101; ++i) kept.add("pyspark", "1");
  EXPECT_EQ(kept.find(0), nullptr);
  EXPECT_NE(kept.find(1), nullptr);
  EXPECT_NE(kept.find(100), nullptr);
}

TEST(Statements, ArePagedFromEitherEnd) {
  statements kept;
  for (int i = 0; i < 5; ++i) kept.add("pyspark", "1");
  EXPECT_THAT(ids_of(page_of(kept.all(), false, 1, 2)), ElementsAre(1, 2));
  EXPECT_THAT(ids_of(page_of(kept.all(), true, 0, 2)), ElementsAre(4, 3));
  EXPECT_THAT(ids_of(page_of(kept.all(), false, std::nullopt, std::nullopt)),
              ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(ids_of(page_of(kept.all(), false, 5000, 2)), IsEmpty());
  EXPECT_THAT(ids_of(page_of(kept.all(), false, -1, 2)), ElementsAre(0));
}

TEST(Statement, HasTheFieldsOfLivyInItsOrder) {
  statement one;
  one.code = "say \"a\"";
  EXPECT_EQ(json_of(one),
            R"({"id":0,"code":"say \"a\"","state":"waiting","output":null,"progress":0.0,)"
            R"("started":0,"completed":0})");
}

TEST(Statement, ShowsAFinishedOneAsWholeEvenIfItNeverRan) {
  statement one;
  one.state = statement_state::cancelled;
  EXPECT_THAT(json_of(one), HasSubstr(R"("state":"cancelled","output":null,"progress":1.0)"));
}

TEST(Routes, KnowTheSessionAndTheStatement) {
  const auto found = route_of("POST", "/sessions/my-name/statements/12/cancel");
  EXPECT_EQ(found.what, action::cancel_statement);
  EXPECT_EQ(found.session, "my-name");
  EXPECT_EQ(found.item, "12");
}

TEST(Routes, DoNotMindASlashAtTheEnd) {
  EXPECT_EQ(route_of("GET", "/sessions/").what, action::list_sessions);
  EXPECT_EQ(route_of("GET", "/").what, action::root);
}

TEST(Routes, TellAnotherVerbFromAnotherPath) {
  EXPECT_EQ(route_of("PUT", "/sessions").what, action::wrong_verb);
  EXPECT_EQ(route_of("GET", "/nope").what, action::not_found);
  EXPECT_EQ(route_of("GET", "/sessions//state").what, action::not_found);
  EXPECT_EQ(route_of("GET", "").what, action::not_found);
}

constexpr const char* body =
    "--b0undary\r\n"
    "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\\\x\\\\mod.py\"\r\n"
    "Content-Type: application/octet-stream\r\n"
    "\r\n"
    "value = 1\r\n--b0\r\n"
    "\r\n--b0undary\r\n"
    "content-disposition: form-data; name=other\r\n"
    "\r\n"
    "\r\n--b0undary--\r\n";

TEST(Multipart, YieldsThePartsWithTheirNames) {
  const auto parts = form_parts(body, "b0undary");
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].name, "file");
  EXPECT_EQ(parts[0].file_name, "mod.py");
  EXPECT_EQ(parts[0].content, "value = 1\r\n--b0\r\n");
  EXPECT_EQ(parts[1].name, "other");
  EXPECT_EQ(parts[1].content, "");
}

TEST(Multipart, SkipsAPreambleAndStopsAtATornEnd) {
  EXPECT_EQ(form_parts(std::string("preamble\r\n") + body, "b0undary").size(), 2U);
  EXPECT_THAT(form_parts(std::string(body).substr(0, 150), "b0undary"), IsEmpty());
  EXPECT_THAT(form_parts("", "b0undary"), IsEmpty());
}

TEST(Multipart, NeverYieldsANameThatLeavesTheFolder) {
  const std::string text =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; "
      "filename=\"../../..\"\r\n\r\nx\r\n--b--";
  const auto parts = form_parts(text, "b");
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].file_name, "");
}

TEST(Multipart, FindsTheBoundaryOfItsTypeOnly) {
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=b0undary"), "b0undary");
  EXPECT_EQ(boundary_of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\""), "a b");
  EXPECT_EQ(boundary_of("application/json"), std::nullopt);
  EXPECT_EQ(boundary_of("multipart/form-data"), std::nullopt);
}

TEST(SparkConf, LetsTheUsersConfWin) {
  session_request request;
  request.driver_memory = "1g";
  request.conf = {{"spark.master", "local[1]"}, {"spark.app.name", "mine"}};
  const auto conf = spark_conf(request, 3, "/scratch");
  EXPECT_EQ(conf.at("spark.master"), "local[1]");
  EXPECT_EQ(conf.at("spark.app.name"), "mine");
  EXPECT_EQ(conf.at("spark.driver.memory"), "1g");
  EXPECT_EQ(conf.at("spark.driver.bindAddress"), "127.0.0.1");
}

TEST(SparkConf, IsEscapedAsPropertiesAre) {
  EXPECT_EQ(properties_text({{"a key:", " C:\\x=1\n"}}), "a\\ key\\:=\\ C:\\\\x=1\\n\n");
}

}  // namespace
}  // namespace livyd::local
