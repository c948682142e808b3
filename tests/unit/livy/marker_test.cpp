// The comment line that makes a statement recognisable, for every kind.
#include "livy/marker.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"

namespace livyd::livy {
namespace {

const marker plain{.run = "7d1f-42", .file = {}, .line = 1, .program = std::nullopt};
const marker placed{
    .run = "7d1f-42.2", .file = "/home/ü/a b$\\.py", .line = 12, .program = std::nullopt};

struct marked_case {
  std::string_view kind;
  std::string_view code;
  const marker& mark;
  std::string_view expected;
};

TEST(Marker, StandsBeforeTheCodeAndInScalaBehindIt) {
  const marked_case cases[] = {
      {"pyspark", "print(1)", plain, "# livyd run=7d1f-42\nprint(1)"},
      {"python", "", plain, "# livyd run=7d1f-42\n"},
      {"pyspark", "%json x\r\n", placed,
       "# livyd run=7d1f-42.2 file=/home/%C3%BC/a%20b%24%5C.py line=12\n%json x\r\n"},
      {"sparkr", "1", plain, "# livyd run=7d1f-42\n1"},
      {"r", "1", plain, "# livyd run=7d1f-42\n1"},
      {"sql", "select 1", plain, "-- livyd run=7d1f-42\nselect 1"},
      {"spark", "%json x", plain, "%json x\n// livyd run=7d1f-42"},
      {"scala", "val x = 1\n", plain, "val x = 1\n// livyd run=7d1f-42"},
      {"spark", "val x = 1\r\n", plain, "val x = 1\r\n// livyd run=7d1f-42"},
      {"spark", "val x = 1\r", plain, "val x = 1\r\n// livyd run=7d1f-42"},
      {"spark", "", plain, "// livyd run=7d1f-42"},
      {"spark", "x", placed, "x\n// livyd run=7d1f-42.2 file=/home/%C3%BC/a%20b%24%5C.py line=12"},
  };
  for (const auto& one : cases) EXPECT_EQ(marked(one.code, one.kind, one.mark), one.expected);
}

TEST(Marker, SaysTheLineAlsoWithoutAFile) {
  auto mark = plain;
  mark.line = 3;
  EXPECT_EQ(marked("x", "pyspark", mark), "# livyd run=7d1f-42 line=3\nx");
}

TEST(Marker, CarriesTheArgumentsOfAProgram) {
  auto mark = plain;
  mark.program = {"--out", "a b", "ü\"\n\xff"};
  EXPECT_EQ(marked("x", "pyspark", mark),
            "# livyd run=7d1f-42 program=%5B%22--out%22%2C%22a%20b%22%2C%22%5Cu00fc%5C%22%5Cn"
            "%5Cufffd%22%5D\nx");
  mark.program = std::vector<std::string>();
  EXPECT_EQ(marked("x", "pyspark", mark), "# livyd run=7d1f-42 program=%5B%5D\nx");
}

TEST(Marker, CountsTheLinesThatItPutsBeforeTheCode) {
  for (const auto* kind : {"pyspark", "python", "sparkr", "r", "sql"}) {
    EXPECT_EQ(lines_before(kind), 1) << kind;
  }
  for (const auto* kind : {"spark", "scala"}) EXPECT_EQ(lines_before(kind), 0) << kind;
}

TEST(Marker, IsOneLineOfHarmlessCharactersWhateverTheFileIsCalled) {
  std::string all;
  for (int c = 1; c < 256; ++c) all.push_back(static_cast<char>(c));
  const marker mark{.run = "r", .file = all, .line = 5, .program = {{all}}};
  for (const auto* kind : {"pyspark", "sql", "sparkr", "spark"}) {
    auto text = marked("", kind, mark);
    if (text.ends_with('\n')) text.pop_back();
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
      return c >= ' ' && c <= '~' && c != '\\' && c != '$';
    })) << text;
  }
}

TEST(Marker, IsFoundAgain) {
  for (const auto* kind : {"pyspark", "sql", "sparkr", "spark"}) {
    for (const auto* code : {"", "x", "x\n", "x\r\ny\r\n", "x\n\n"}) {
      const auto text = marked(code, kind, placed);
      EXPECT_EQ(marked_run(text, text), "7d1f-42.2") << text;
    }
  }
}

TEST(Marker, IsFoundWithTheLineEndsOfAnotherSystem) {
  EXPECT_EQ(marked_run("# livyd run=a.3\r\nx", ""), "a.3");
  EXPECT_EQ(marked_run("-- livyd run=a", ""), "a");
  EXPECT_EQ(marked_run("", "x\r\n// livyd run=a\r\n \r\n"), "a");
}

TEST(Marker, IsFoundInTheFirstAndLastPieceOfALongStatement) {
  const std::string code(100'000, 'x');
  const marker mark{.run = "r1",
                    .file = std::string(4000, '/') + "ü",
                    .line = 9,
                    .program = {{std::string(9000, ' ')}}};
  for (const auto* kind : {"pyspark", "sql", "sparkr", "spark"}) {
    const auto text = marked(code, kind, mark);
    const std::string_view view = text;
    EXPECT_EQ(marked_run(view.substr(0, 4096), view.substr(view.size() - 4096)), "r1") << kind;
  }
}

TEST(Marker, IsNotSeenWhereThereIsNone) {
  for (const std::string_view text :
       {"", "\n", "print(1)", "# livyd run=", "# livyd run= file=x", "#livyd run=a",
        " # livyd run=a", "x\n# livyd run=a\ny", "// livyd run=a\nx = 1", "-- livyd fence=a",
        "# livyd fence=a"}) {
    EXPECT_FALSE(marked_run(text, text)) << text;
  }
}

TEST(Marker, OfAFenceNamesNoRun) {
  EXPECT_EQ(fence("pyspark", "f 1"), "# livyd fence=f%201");
  EXPECT_EQ(fence("sql", "f1"), "-- livyd fence=f1");
  EXPECT_EQ(fence("sparkr", "f1"), "# livyd fence=f1");
  EXPECT_EQ(fence("spark", "f1"), "// livyd fence=f1");
  for (const auto* kind : {"pyspark", "sql", "sparkr", "spark"}) {
    EXPECT_FALSE(marked_run(fence(kind, "f1"), fence(kind, "f1")));
  }
}

TEST(Marker, OfOursWinsOverOneThatWasCopiedWithTheCode) {
  const auto copied = marked("x", "pyspark", plain);
  const auto text = marked(copied, "pyspark", placed);
  EXPECT_EQ(marked_run(text, text), "7d1f-42.2");
  const auto scala = marked(marked("x", "spark", plain), "spark", placed);
  EXPECT_EQ(marked_run(scala, scala), "7d1f-42.2");
}

}  // namespace
}  // namespace livyd::livy
