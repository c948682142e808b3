#include "service/traceback.hpp"

#include <gtest/gtest.h>

namespace livyd {
namespace {

protocol::RunStartParams selection(std::string code, std::int64_t first_line) {
  protocol::RunStartParams run;
  run.language = protocol::Language::python;
  run.code = std::move(code);
  run.source = protocol::SourceLocation{
      .file = "/p/etl.py", .first_line = first_line, .last_line = first_line + 3};
  return run;
}

livy::statement_view failed(std::string name, std::string value, std::vector<std::string> lines) {
  livy::statement_view seen;
  seen.status = "error";
  seen.error_name = std::move(name);
  seen.error_value = std::move(value);
  seen.traceback = std::move(lines);
  return seen;
}

using lines = std::vector<std::string>;

TEST(EditorError, MapsTheFrameOfAFunctionThatThisCodeDefines) {
  const auto run = selection("def f(a):\n    return 1/a\n\nf(0)", 41);
  const auto seen =
      failed("ZeroDivisionError", "division by zero",
             {"Traceback (most recent call last):\n", "  File \"<stdin>\", line 3, in f\n",
              "ZeroDivisionError: division by zero\n"});
  const auto error = editor_error(seen, run, false);
  EXPECT_EQ(error.traceback,
            (lines{"Traceback (most recent call last):", "  File \"/p/etl.py\", line 42, in f",
                   "    return 1/a", "ZeroDivisionError: division by zero"}));
  EXPECT_EQ(error.line, 42);
}

TEST(EditorError, LeavesAFrameOfAnEarlierStatementAlone) {
  const auto run = selection("g(0)\nprint(1)", 10);
  const auto seen = failed("E", "x", {"  File \"<stdin>\", line 3, in g\n", "E: x\n"});
  const auto error = editor_error(seen, run, false);
  EXPECT_EQ(error.traceback, (lines{"  File \"<stdin>\", line 3, in g", "E: x"}));
  EXPECT_FALSE(error.line.has_value());
}

TEST(EditorError, MapsTheModulesFrameAndKeepsASourceLineThatIsThere) {
  const auto run = selection("x = 1\n1/0", 5);
  const auto seen =
      failed("E", "x", {"  File \"<stdin>\", line 3, in <module>\n    1/0\n", "E: x\n"});
  const auto error = editor_error(seen, run, false);
  EXPECT_EQ(error.traceback,
            (lines{"  File \"/p/etl.py\", line 6, in <module>", "    1/0", "E: x"}));
}

TEST(EditorError, MapsASyntaxErrorAndItsMessage) {
  const auto run = selection("def f(:\n  pass", 7);
  const auto seen = failed("SyntaxError", "invalid syntax (<stdin>, line 2)",
                           {"  File \"<stdin>\", line 2\n", "    def f(:\n", "          ^\n",
                            "SyntaxError: invalid syntax\n"});
  const auto error = editor_error(seen, run, false);
  EXPECT_EQ(error.message, "invalid syntax (etl.py, line 7)");
  EXPECT_EQ(error.traceback.front(), "  File \"/p/etl.py\", line 7");
  EXPECT_EQ(error.traceback[2], "          ^");
  EXPECT_EQ(error.line, 7);
}

TEST(EditorError, HidesTheWrapperOfAProgram) {
  auto run = selection("1/0", 1);
  run.program = protocol::ProgramArguments{};
  const auto seen = failed("ZeroDivisionError", "division by zero",
                           {"Traceback (most recent call last):\n",
                            "  File \"<stdin>\", line 26, in <module>\n    __livyd_program__(…)\n",
                            "  File \"<stdin>\", line 12, in __livyd_program__\n",
                            "  File \"/p/etl.py\", line 1, in <module>\n    1/0\n",
                            "ZeroDivisionError: division by zero\n"});
  const auto error = editor_error(seen, run, false);
  EXPECT_EQ(
      error.traceback,
      (lines{"Traceback (most recent call last):", "  File \"/p/etl.py\", line 1, in <module>",
             "    1/0", "ZeroDivisionError: division by zero"}));
  EXPECT_EQ(error.line, 1);
}

TEST(EditorError, RemovesColours) {
  EXPECT_EQ(without_colours("\x1b[31mred\x1b[0m \x1b"), "red \x1b");
}

TEST(EditorError, MapsMethodsAndLambdasOfThisCode) {
  const auto run = selection(
      "class A:\n    def go(self):\n        if True:\n            1/0\nh = lambda: 1/0", 1);
  const auto seen =
      failed("E", "x",
             {"  File \"<stdin>\", line 5, in go\n", "  File \"<stdin>\", line 6, in <lambda>\n",
              "  File \"<stdin>\", line 4, in stop\n", "E: x\n"});
  const auto error = editor_error(seen, run, false);
  EXPECT_EQ(error.traceback[0], "  File \"/p/etl.py\", line 4, in go");
  EXPECT_EQ(error.traceback[2], "  File \"/p/etl.py\", line 5, in <lambda>");
  EXPECT_EQ(error.traceback[4], "  File \"<stdin>\", line 4, in stop");
}

TEST(EditorError, BelievesTheAgentsFilesAndLines) {
  const auto run = selection("def f(a):\n    return 1/a\n\nf(0)", 41);
  const auto seen = failed("ZeroDivisionError", "division by zero",
                           {"Traceback (most recent call last):\n",
                            "  File \"/p/etl.py\", line 44, in <module>\n    f(0)\n",
                            "  File \"/p/etl.py\", line 42, in f\n    return 1/a\n",
                            "  File \"/usr/lib/x.py\", line 7, in g\n    h()\n",
                            "ZeroDivisionError: division by zero\n"});
  const auto error = editor_error(seen, run, true);
  EXPECT_EQ(error.traceback[1], "  File \"/p/etl.py\", line 44, in <module>");
  EXPECT_EQ(error.line, 42);
}

}  // namespace
}  // namespace livyd
