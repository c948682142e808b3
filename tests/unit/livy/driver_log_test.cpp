#include "livy/driver_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::livy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> shown(const std::vector<http::url>& addresses) {
  std::vector<std::string> out;
  for (const auto& one : addresses) out.push_back(concat(one.origin(), one.target()));
  return out;
}

http::response answered(std::string type, std::string body, int status = 200) {
  http::response out;
  out.status = status;
  out.headers = {{"Content-Type", std::move(type)}};
  out.body = std::move(body);
  return out;
}

std::vector<std::string> lines_of(std::string type, std::string body) {
  const auto page = read_driver_log(answered(std::move(type), std::move(body)), 1000);
  return page ? page->lines : std::vector<std::string>{"no log"};
}

TEST(DriverLogAddresses, AreTheNodeManagersRestAndThenItsPage) {
  EXPECT_THAT(
      shown(driver_log_addresses("http://node:8042/node/containerlogs/container_1_01/ann/",
                                 "stderr", 4096)),
      ElementsAre("http://node:8042/ws/v1/node/containers/container_1_01/logs/stderr?size=-4096",
                  "http://node:8042/node/containerlogs/container_1_01/ann/stderr/?start=-4096"));
}

TEST(DriverLogAddresses, KeepAGatewaysPrefix) {
  EXPECT_EQ(shown(driver_log_addresses("https://gate/x/yarn/node/containerlogs/c/u?doAs=ann",
                                       "stdout", 9))[0],
            "https://gate:443/x/yarn/ws/v1/node/containers/c/logs/stdout?size=-9");
}

TEST(DriverLogAddresses, ArePagesOnlyWhereThePathIsNotAsExpected) {
  EXPECT_THAT(
      shown(driver_log_addresses("http://history:19888/jobhistory/logs/n/c/u", "stderr", 9)),
      ElementsAre("http://history:19888/jobhistory/logs/n/c/u/stderr/?start=-9"));
  EXPECT_EQ(driver_log_addresses("http://node:8042/node/containerlogs/", "stderr", 9).size(), 1U);
}

TEST(DriverLogAddresses, RefuseWhatIsNoWebAddress) {
  EXPECT_THROW(driver_log_addresses("file:///etc/passwd", "stderr", 9), failure);
  EXPECT_THROW(driver_log_addresses("", "stderr", 9), failure);
}

TEST(DriverLog, IsTextWithoutTheNodeManagersWords) {
  EXPECT_THAT(lines_of("text/plain; charset=utf-8",
                       "one\r\n\ntwo\nEnd of LogType:stderr.This log file belongs to a running "
                       "container (c) and so may not be complete.\n*****\n\n"),
              ElementsAre("one", "", "two"));
  EXPECT_THAT(lines_of("application/octet-stream",
                       "Container: c on node_1\nLogAggregationType: LOCAL\n====\nLogType:stderr\n"
                       "LogLength:4\nLogContents:\none\n\nEnd of LogType:stderr\n****\n"),
              ElementsAre("one"));
}

TEST(DriverLog, KeepsLinesThatOnlyLookLikeTheFrame) {
  EXPECT_THAT(lines_of("text/plain", "End of LogType: no\n1\n2\n3\n4\n5\n"),
              ElementsAre("End of LogType: no", "1", "2", "3", "4", "5"));
  EXPECT_THAT(lines_of("text/plain", "Container: mine\n1\n"), ElementsAre("Container: mine", "1"));
}

TEST(DriverLog, IsWhatStandsInThePage) {
  EXPECT_THAT(
      lines_of("text/html;charset=utf-8",
               "<html><p>Showing 9 bytes</p><PRE class=\"x\">a &lt;b&gt; &amp;amp; &#39;&#x1F680;"
               " &nope; &\nsecond\n</pre><p>foot</p></html>"),
      ElementsAre("a <b> &amp; '🚀 &nope; &", "second"));
  EXPECT_THAT(lines_of("text/html", "<pre>cut &#xD800; &#99999999;"),
              ElementsAre("cut &#xD800; &#99999999;"));
  EXPECT_THAT(lines_of("text/html", "<pre></pre>"), IsEmpty());
}

TEST(DriverLog, IsNotALoginPageNorAnotherServicesAnswer) {
  EXPECT_THAT(lines_of("text/html", "<form>Sign in</form>"), ElementsAre("no log"));
  EXPECT_THAT(lines_of("application/json", "{}"), ElementsAre("no log"));
  EXPECT_FALSE(read_driver_log(answered("text/plain", "gone", 404), 9));
}

TEST(DriverLog, SaysWhenThereIsMoreAndDropsTheHalfLine) {
  const auto page = read_driver_log(answered("text/plain", "alf\nwhole\n"), 10);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->cut);
  EXPECT_THAT(page->lines, ElementsAre("whole"));
  EXPECT_FALSE(read_driver_log(answered("text/plain", "whole\n"), 10)->cut);
  const std::string foot = "\nEnd of LogType:stderr\n****\n\n";
  EXPECT_TRUE(read_driver_log(answered("text/plain", "alf\nwhole\n" + foot), 10)->cut);
  EXPECT_FALSE(read_driver_log(answered("text/plain", "lf\nwhole\n" + foot), 10)->cut);
}

TEST(DriverLog, IsValidText) {
  EXPECT_THAT(lines_of("text/plain", "a\xFF\n"), ElementsAre("a\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace livyd::livy
