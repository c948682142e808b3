// A statement's JSON is read while it arrives, whatever its size and shape.
#include "livy/statement_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loop.hpp"
#include "reading.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;
using test::failure_of;
using test::read_in_pieces;

std::string with_output(std::string_view output) {
  return concat(R"({"id":3,"code":"x","state":"available","output":)", output,
                R"(,"progress":1.0,"started":5,"completed":9})");
}

std::string with_data(std::string_view data) {
  return with_output(concat(R"({"status":"ok","execution_count":3,"data":)", data, "}"));
}

/// Each of the sizes in which a body may arrive.
std::vector<std::size_t> piece_sizes(const std::string& body) {
  return {body.size() + 1, body.size() / 2 + 1, 3, 1};
}

TEST(StatementReader, ReadsTextInWholeCharacters) {
  const auto body =
      with_data(R"({"text/plain":"Gr\u00fc\u00DFe, 世界 🚀 \uD83D\uDE80\n\t\"q\" \\ \/ \u0000"})");
  for (const auto size : piece_sizes(body)) {
    const auto read = read_in_pieces(body, size);
    ASSERT_EQ(read.texts.size(), 1U);
    EXPECT_EQ(read.texts[0], std::string("Grüße, 世界 🚀 🚀\n\t\"q\" \\ / ") + '\0');
    EXPECT_FALSE(read.split_characters);
    EXPECT_EQ(read.view.parts[0].mime, "text/plain");
    EXPECT_FALSE(read.view.parts[0].structured);
    EXPECT_TRUE(read.view.parts[0].whole());
  }
}

TEST(StatementReader, CopiesStructuredValuesAsTheyWereWritten) {
  const std::string value =
      R"({"a":[1,-2.50,1e3,12345678901234567890123,true,false,null,[],{}],"":{"k\"ey":"\u0001é"},"z":"\n"})";
  const auto body =
      with_data(concat(R"({"application/json": )", value, R"(, "text/plain": "after"})"));
  for (const auto size : piece_sizes(body)) {
    const auto read = read_in_pieces(body, size);
    ASSERT_EQ(read.texts.size(), 2U);
    EXPECT_EQ(read.texts[0], value);
    EXPECT_TRUE(read.view.parts[0].structured);
    EXPECT_EQ(read.texts[1], "after");
  }
}

TEST(StatementReader, ReadsSpacedJson) {
  const auto read = read_in_pieces(
      " \r\n{ \"id\" : \"12\" , \"state\" : \"available\" , \"completed\" : 1.7e12 , \"output\" : {"
      " \"data\" : { \"application/json\" : [ 1 , { \"a\" : \"b c\" } ] } } }\n ",
      1);
  EXPECT_EQ(read.view.id, 12);
  EXPECT_EQ(read.view.completed, 1'700'000'000'000);
  EXPECT_EQ(read.texts[0], R"([1,{"a":"b c"}])");
  EXPECT_EQ(read.view.status, "ok");
}

TEST(StatementReader, KeepsEveryShapeOfData) {
  struct shape {
    std::string data;
    std::vector<std::pair<std::string, std::string>> parts;
  };
  const shape shapes[] = {
      {R"({"text/plain":""})", {{"text/plain", ""}}},
      {R"({"application/json":null})", {{"application/json", "null"}}},
      {R"({"text/plain":null})", {}},
      {R"({"application/json":42})", {{"application/json", "42"}}},
      {R"({"application/json":-0.5})", {{"application/json", "-0.5"}}},
      {R"({"text/plain":true})", {{"text/plain", "true"}}},
      {R"({})", {}},
      {R"(null)", {}},
      {R"([1,2])", {{"application/json", "[1,2]"}}},
      {R"("bare")", {{"text/plain", "bare"}}},
      {R"({"msg_type":"execute_reply","content":{"ename":"KeyError"}})",
       {{"msg_type", "execute_reply"}, {"content", R"({"ename":"KeyError"})"}}},
      {R"({"image/png":"aGk=","text/plain":"<Figure>"})",
       {{"image/png", "aGk="}, {"text/plain", "<Figure>"}}},
  };
  for (const auto& shape : shapes) {
    const auto body = with_data(shape.data);
    for (const auto size : piece_sizes(body)) {
      const auto read = read_in_pieces(body, size);
      std::vector<std::pair<std::string, std::string>> parts;
      for (std::size_t at = 0; at < read.texts.size(); ++at) {
        parts.emplace_back(read.view.parts[at].mime, read.texts[at]);
      }
      EXPECT_EQ(parts, shape.parts) << shape.data;
    }
  }
}

TEST(StatementReader, TakesAnErrorOfACancelledStatement) {
  const auto read = read_in_pieces(
      R"({"id":30,"state":"cancelled","output":{"status":"error","ename":"Py4JJavaError",)"
      R"("evalue":"Job 3 cancelled","traceback":["Traceback:\n","  one\r\n  two\n","end"]},"completed":7})",
      2);
  EXPECT_TRUE(read.view.complete());
  EXPECT_EQ(read.view.status, "error");
  EXPECT_EQ(read.view.error_name, "Py4JJavaError");
  EXPECT_EQ(read.view.error_value, "Job 3 cancelled");
  EXPECT_THAT(read.view.traceback, testing::ElementsAre("Traceback:", "  one", "  two", "end"));
}

TEST(StatementReader, TellsATornReadFromAServerThatNamesNoTimes) {
  const auto torn =
      read_in_pieces(R"({"id":1,"state":"available","output":null,"completed":0})", 9);
  EXPECT_TRUE(torn.view.terminal());
  EXPECT_FALSE(torn.view.complete());
  EXPECT_FALSE(torn.view.has_output);
  const auto old = read_in_pieces(R"({"id":1,"state":"available","output":{"status":"ok"}})", 9);
  EXPECT_TRUE(old.view.complete());
  EXPECT_EQ(old.view.completed, statement_view::completed_unknown);
  EXPECT_EQ(read_in_pieces(R"({"id":1,"state":"running"})", 9).view.completed, 0);
}

TEST(StatementReader, SkipsWhatItDoesNotKnow) {
  const auto body =
      R"({"new":{"state":"dead","output":[1,{"id":9}]},"id":4,"more":[[["id"]]],"state":"running",)"
      R"("output":{"data2":{"text/plain":"no"},"execution_count":[4],"traceback":{"a":1}},"x":"y"})";
  const auto read = read_in_pieces(body, 1);
  EXPECT_EQ(read.view.id, 4);
  EXPECT_EQ(read.view.state, "running");
  EXPECT_TRUE(read.view.parts.empty());
  EXPECT_TRUE(read.view.traceback.empty());
}

TEST(StatementReader, RefusesWhatIsNoStatement) {
  const std::string bodies[] = {
      "",
      " ",
      "null",
      "true",
      "17",
      R"("Statement not found")",
      R"([{"id":1,"state":"idle"}])",
      "<html><title>Sign in</title></html>",
      R"({"msg":"canceled"})",
      R"({"id":1})",
      R"({"id":"one","state":"available"})",
      R"({"id":1,"state":null})",
      R"({"id":1,"state":"available","output":{"data":{"application/json":NaN}}})",
      R"({"id":1,"state":"available","output":{"data":{"text/plain":"cut)",
      R"({"id":1,"state":"available"}{"id":2,"state":"available"})",
      "{\"id\":1,\"state\":\"\xff\"}",
  };
  for (const auto& body : bodies) {
    for (const auto size : piece_sizes(body)) {
      const auto reason = failure_of([&] { read_in_pieces(body, size); });
      EXPECT_EQ(reason.kind(), failure_kind::not_livy) << body << " in pieces of " << size;
    }
  }
}

TEST(StatementReader, ReplacesHalfASurrogatePair) {
  const auto read = read_in_pieces(with_data(R"({"text/plain":"a\ud800b\udc00c"})"), 1);
  EXPECT_TRUE(is_valid_utf8(read.texts[0]));
  EXPECT_EQ(read.texts[0], "a\uFFFDb\uFFFDc");
}

TEST(StatementReader, CopiesNumbersNoMachineCanHold) {
  const std::string numbers = "[1e400,-1e-99999,123456789012345678901234567890.5]";
  EXPECT_EQ(read_in_pieces(with_data(concat(R"({"application/json":)", numbers, "}")), 1).texts[0],
            numbers);
}

TEST(StatementReader, ReadsDeepNestingAndRefusesTheDeepest) {
  const auto nested = [](std::size_t depth) {
    return with_data(
        concat(R"({"application/json":)", std::string(depth, '['), std::string(depth, ']'), "}"));
  };
  const auto read = read_in_pieces(nested(1400), 64 * 1024);
  EXPECT_EQ(read.texts[0].size(), 2800U);
  EXPECT_EQ(read_in_pieces(nested(1400), 100).texts, read.texts);
  const auto reason = failure_of([&] { read_in_pieces(nested(100'000), 64 * 1024); });
  EXPECT_EQ(reason.kind(), failure_kind::too_large);
}

TEST(StatementReader, SaysWhatItCutOfAnError) {
  const std::string long_value(3 << 20, 'v');
  const std::string line(1000, 't');
  json traceback = json::array();
  for (int count = 0; count < 3000; ++count) traceback.push_back(line + "\n");
  const json output{{"status", "error"},
                    {"ename", std::string(10'000, 'n')},
                    {"evalue", long_value},
                    {"traceback", traceback}};
  const auto read = read_in_pieces(with_output(output.dump()), 64 * 1024);
  EXPECT_LE(read.view.error_value.size(), part_preview_limit);
  EXPECT_TRUE(read.view.error_value.starts_with(long_value.substr(0, part_preview_limit - 64)));
  EXPECT_TRUE(read.view.error_value.ends_with(
      concat("… (", long_value.size() - part_preview_limit + 64, " more bytes cut)")));
  EXPECT_TRUE(read.view.error_name.ends_with("… (5904 more bytes cut)"));
  ASSERT_GT(read.view.traceback.size(), 900U);
  ASSERT_LT(read.view.traceback.size(), 1100U);
  const auto kept = read.view.traceback.size() - 1;
  EXPECT_EQ(read.view.traceback[kept - 1], line);
  EXPECT_EQ(read.view.traceback[kept], concat("… (", (3000 - kept) * 1001, " more bytes cut)"));
}

TEST(StatementReader, BoundsATracebackOfOneEndlessElement) {
  const json output{{"status", "error"}, {"traceback", {std::string(3 << 20, '\n')}}};
  const auto read = read_in_pieces(with_output(output.dump()), 64 * 1024);
  EXPECT_LE(read.view.traceback.size(), part_preview_limit / sizeof(std::string) + 1);
  EXPECT_TRUE(read.view.traceback.back().ends_with(" more bytes cut)"));
}

TEST(StatementReader, KeepsTheHeadOfLongCode) {
  const std::string code = "ä" + std::string(5000, 'c');
  const json statement{{"id", 1}, {"state", "running"}, {"code", code}};
  const auto read = read_in_pieces(statement.dump(), 100);
  EXPECT_EQ(read.view.code_head, code.substr(0, 4096));
}

TEST(StatementReader, PreviewsTheBeginningOfEachPart) {
  const std::string text = std::string(part_preview_limit - 1, 'x') + "é and more";
  json data{{"text/plain", text}, {"text/html", "small"}};
  const auto read = read_in_pieces(with_data(data.dump()), 1000);
  const auto& html = read.view.parts[0];
  const auto& plain = read.view.parts[1];
  EXPECT_EQ(html.preview, "small");
  EXPECT_TRUE(html.whole());
  EXPECT_EQ(plain.preview, text.substr(0, part_preview_limit - 1));
  EXPECT_EQ(plain.bytes, text.size());
  EXPECT_FALSE(plain.whole());
  EXPECT_EQ(read.texts[1], text);
}

TEST(StatementReader, BoundsPartsAndTheirPreviews) {
  json many;
  for (int count = 0; count < 300; ++count) many[concat("text/x", count)] = "t";
  const auto reason = failure_of([&] { read_in_pieces(with_data(many.dump()), 1000); });
  EXPECT_EQ(reason.kind(), failure_kind::too_large);

  json big;
  for (int count = 0; count < 8; ++count) big[concat("text/x", count)] = std::string(1 << 20, 'x');
  std::size_t previews = 0;
  const auto read = read_in_pieces(with_data(big.dump()), 64 * 1024);
  for (const auto& part : read.view.parts) {
    previews += part.preview.size();
    EXPECT_EQ(part.bytes, 1U << 20U);
  }
  EXPECT_EQ(previews, 4 * part_preview_limit);
}

TEST(StatementReader, DecodesNoMoreThanItWasFed) {
  const auto body =
      with_data(R"({"application/json":{"\u0001\ud83d\ude80":"\u0022\/\u001f","b":[true,null]}})");
  for (std::size_t size = 1; size < 20; ++size) {
    statement_reader reader;
    std::size_t fed = 0;
    std::size_t decoded = 0;
    for (std::size_t at = 0; at < body.size(); at += size) {
      const auto piece = std::string_view(body).substr(at, size);
      fed += piece.size();
      for (const auto& output : reader.feed(piece)) decoded += output.text.size();
      EXPECT_LE(decoded, fed);
    }
    reader.finish();
  }
}

TEST(StatementReader, KeepsTheBeginningAndTheEndOfTheCode) {
  const std::string codes[] = {
      "",
      "x",
      std::string(4096, 'a'),
      std::string(4095, 'a') + "bc",
      "begin" + std::string(100'000, 'x') + "end",
      std::string(3000, 'a') + "\n" + std::string(3000, 'b'),
  };
  for (const auto& code : codes) {
    const auto body = json{{"id", 3}, {"code", code}, {"state", "waiting"}}.dump();
    for (const auto size : piece_sizes(body)) {
      const auto read = read_in_pieces(body, size);
      EXPECT_EQ(read.view.code_head, code.substr(0, 4096));
      EXPECT_EQ(read.view.code_tail,
                code.substr(code.size() - std::min<std::size_t>(code.size(), 4096)));
    }
  }
}

TEST(StatementReader, EndsTheCodesTailWithWholeCharacters) {
  std::string code;
  for (int i = 0; i < 5000; ++i) code.append("世");
  const auto body = json{{"id", 3}, {"code", code}, {"state", "waiting"}}.dump();
  for (const auto size : piece_sizes(body)) {
    const auto read = read_in_pieces(body, size);
    EXPECT_TRUE(is_valid_utf8(read.view.code_tail));
    EXPECT_EQ(read.view.code_tail.size(), 4095U);
  }
}

TEST(StatementReader, KeepsNothingOfACodeThatIsNull) {
  const auto read = read_in_pieces(R"({"id":3,"code":null,"state":"waiting"})", 1);
  EXPECT_EQ(read.view.code_head, "");
  EXPECT_EQ(read.view.code_tail, "");
}

}  // namespace
}  // namespace livyd::livy
