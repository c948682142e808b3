// Every answer of a real Livy is read without losing what a user would see.
#include "recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.hpp"
#include "livy/api.hpp"
#include "reading.hpp"

namespace livyd {
namespace {

using nlohmann::json;
using test::recorded_exchange;
using test::recorded_exchanges;

std::string text_or_nothing(const json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>()
                                                         : std::string();
}

void expect_same_session(const livy::session_view& view, const json& original) {
  EXPECT_EQ(view.id, original["id"].dump());
  EXPECT_EQ(json(view.state), original["state"]);
  EXPECT_EQ(view.name, text_or_nothing(original, "name"));
  EXPECT_EQ(view.kind, text_or_nothing(original, "kind"));
  EXPECT_EQ(view.application_id, text_or_nothing(original, "appId"));
  EXPECT_EQ(view.owner, text_or_nothing(original, "owner"));
  EXPECT_EQ(view.proxy_user, text_or_nothing(original, "proxyUser"));
  EXPECT_EQ(json(view.log), original.value("log", json::array()));
  EXPECT_EQ(view.raw, original);
}

std::vector<std::string> lines_of_traceback(const json& output) {
  std::vector<std::string> lines;
  for (const auto& element : output.value("traceback", json::array())) {
    auto text = element.get<std::string>();
    if (text.ends_with('\n')) text.pop_back();
    for (const auto line : split(text, '\n')) lines.emplace_back(line);
  }
  return lines;
}

void expect_same_output(const test::reading& read, const json& output) {
  EXPECT_EQ(json(read.view.status), output["status"]);
  EXPECT_EQ(read.view.error_name, text_or_nothing(output, "ename"));
  EXPECT_EQ(read.view.error_value, text_or_nothing(output, "evalue"));
  EXPECT_EQ(read.view.traceback, lines_of_traceback(output));
  const auto parts = output.value("data", json::object());
  ASSERT_EQ(read.view.parts.size(), parts.size());
  for (std::size_t at = 0; at < parts.size(); ++at) {
    const auto& part = read.view.parts[at];
    const auto& original = parts[part.mime];
    EXPECT_EQ(part.structured, !original.is_string());
    EXPECT_EQ(part.structured ? json::parse(read.texts[at]) : json(read.texts[at]), original);
    EXPECT_EQ(part.bytes, read.texts[at].size());
    EXPECT_EQ(part.preview, read.texts[at]);
  }
}

void expect_same_statement(const json& original, std::size_t piece_size) {
  SCOPED_TRACE(concat(original.dump(), " in pieces of ", piece_size));
  const auto read = test::read_in_pieces(original.dump(), piece_size);
  EXPECT_EQ(json(read.view.id), original["id"]);
  EXPECT_EQ(json(read.view.state), original["state"]);
  EXPECT_EQ(json(read.view.code_head), original["code"]);
  EXPECT_EQ(json(read.view.progress), original["progress"]);
  EXPECT_EQ(json(read.view.started), original["started"]);
  EXPECT_EQ(json(read.view.completed), original["completed"]);
  EXPECT_EQ(read.view.has_output, !original["output"].is_null());
  if (read.view.has_output) expect_same_output(read, original["output"]);
}

bool is_statement(const json& body) {
  return body.contains("code") && body.contains("output");
}

TEST(Recording, IsCutInTwoPlacesOnly) {
  std::vector<std::string> cut;
  for (const auto& exchange : recorded_exchanges()) {
    if (exchange.cut) cut.push_back(exchange.step);
  }
  EXPECT_THAT(cut, testing::ElementsAre("log: all", "one megabyte / result"));
}

TEST(Recording, SessionsKeepEveryField) {
  int seen = 0;
  for (const auto& exchange : recorded_exchanges()) {
    if (!exchange.response.ok() || exchange.cut || exchange.response.body.empty()) continue;
    const auto body = exchange.body();
    if (!body.contains("state") || is_statement(body) || body.contains("result")) continue;
    SCOPED_TRACE(exchange.step);
    expect_same_session(livy::read_session(body), body);
    ++seen;
  }
  EXPECT_EQ(seen, 10);
}

TEST(Recording, SessionListsKeepEverySession) {
  int seen = 0;
  for (const auto& exchange : recorded_exchanges()) {
    if (exchange.path != "/sessions" || exchange.response.status != 200) continue;
    SCOPED_TRACE(exchange.step);
    const auto body = exchange.body();
    const auto page = livy::read_session_page(body);
    EXPECT_EQ(json(page.from), body["from"]);
    EXPECT_EQ(json(page.total), body["total"]);
    ASSERT_EQ(page.sessions.size(), body["sessions"].size());
    for (std::size_t at = 0; at < page.sessions.size(); ++at) {
      expect_same_session(page.sessions[at], body["sessions"][at]);
    }
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

TEST(Recording, LogsKeepEveryLine) {
  int seen = 0;
  for (const auto& exchange : recorded_exchanges()) {
    if (!exchange.path.ends_with("/log") || exchange.response.status != 200 || exchange.cut) {
      continue;
    }
    SCOPED_TRACE(exchange.step);
    const auto body = exchange.body();
    const auto page = livy::read_log_page(body);
    EXPECT_EQ(json(page.from), body["from"]);
    EXPECT_EQ(json(page.lines), body["log"]);
    if (!page.lines.empty()) EXPECT_EQ(json(page.total), body["total"]);
    ++seen;
  }
  EXPECT_EQ(seen, 5);
}

TEST(Recording, StatementsKeepEveryFieldHoweverTheyArrive) {
  int seen = 0;
  for (const auto& exchange : recorded_exchanges()) {
    if (!exchange.response.ok() || exchange.cut || exchange.response.body.empty()) continue;
    const auto body = exchange.body();
    if (!is_statement(body)) continue;
    SCOPED_TRACE(exchange.step);
    const auto size = exchange.response.body.size();
    for (const auto piece_size : {size, size / 2 + 1, std::size_t{1}}) {
      expect_same_statement(body, piece_size);
      // As it came, not only as nlohmann writes it.
      EXPECT_EQ(json(test::read_in_pieces(exchange.response.body, piece_size).view.id), body["id"]);
    }
    ++seen;
  }
  EXPECT_EQ(seen, 75);
}

TEST(Recording, StatementsOfAListAreReadToo) {
  int seen = 0;
  for (const auto& exchange : recorded_exchanges()) {
    if (!exchange.path.ends_with("/statements") || exchange.response.status != 200) continue;
    const auto body = exchange.body();
    for (const auto& statement : body["statements"]) {
      expect_same_statement(statement, 7);
      ++seen;
    }
  }
  EXPECT_EQ(seen, 4);
}

TEST(Recording, VersionIsKnown) {
  const auto body = recorded_exchanges().front().body();
  const auto version = livy::read_version(body);
  EXPECT_EQ(json(version.text), body["version"]);
  EXPECT_TRUE(version.at_least(0, 9));
  EXPECT_FALSE(version.at_least(0, 10));
  EXPECT_FALSE(version.at_least(1, 0));
  EXPECT_FALSE(version.embedded);
}

/// What a person would read of an error body: the first line of its text, without Java's wrappers.
std::string first_sentence(const json& body) {
  const auto text = body.is_string() ? body.get<std::string>() : body["msg"].get<std::string>();
  const std::string line(trimmed(text.substr(0, text.find('\n'))));
  const auto wrapper = line.rfind("Exception: ");
  return wrapper == std::string::npos ? line : line.substr(wrapper + 11);
}

TEST(Recording, ErrorsKeepTheServersWords) {
  int seen = 0;
  for (const auto& exchange : recorded_exchanges()) {
    if (exchange.response.ok() || exchange.response.body.empty()) continue;
    SCOPED_TRACE(exchange.step);
    const auto words = livy::server_words(exchange.response);
    const auto expected = first_sentence(exchange.body());
    EXPECT_THAT(words, testing::HasSubstr(expected.substr(0, 490)));
    EXPECT_THAT(words, testing::Not(testing::HasSubstr("\tat ")));
    EXPECT_THAT(words, testing::Not(testing::HasSubstr("[Source:")));
    const auto reason = livy::failure_from(
        exchange.response, http::parse_url("http://livy:8998" + exchange.path), "do this");
    const auto status = exchange.response.status;
    EXPECT_EQ(reason.kind(), status == 404   ? failure_kind::not_found
                             : status == 500 ? failure_kind::server_error
                                             : failure_kind::rejected);
    EXPECT_THAT(reason.message(), testing::HasSubstr(words.substr(0, words.size() - 1)));
    ++seen;
  }
  EXPECT_EQ(seen, 34);
}

}  // namespace
}  // namespace livyd
