#include "service/program.hpp"

#include <gtest/gtest.h>

#include "base/failure.hpp"

namespace livyd {
namespace {

protocol::RunStartParams python(std::string code) {
  protocol::RunStartParams run;
  run.language = protocol::Language::python;
  run.code = std::move(code);
  return run;
}

std::string refusal(const protocol::RunStartParams& run) {
  try {
    code_to_send(run);
  } catch (const failure& reason) {
    return reason.message();
  }
  return "sent";
}

TEST(CodeToSend, IsTheSelectionWithUnixLineEnds) {
  EXPECT_EQ(code_to_send(python("a = 1\r\nb = 2\rc\n")), "a = 1\nb = 2\nc\n");
}

TEST(CodeToSend, RefusesWhatCannotBeSent) {
  EXPECT_EQ(refusal(python(" \n\t")), "There is no code to run: the selection is empty.");
  EXPECT_EQ(refusal(python(std::string("a\nb\0c", 5))),
            "The code holds a NUL character in line 2. Remove it and run again.");
  EXPECT_EQ(refusal(python("a = '\xff'")),
            "The code is not valid UTF-8. Save the file as UTF-8 and run again.");
  EXPECT_NE(refusal(python(std::string(40'000'001, 'a'))).find("Livy takes at most 40.0 MB"),
            std::string::npos);
}

TEST(CodeToSend, WrapsAProgramAndKeepsItsTextAndPath) {
  auto run = python("print('ü😀\\n')\n\"\"\"q\"\"\"");
  run.source =
      protocol::SourceLocation{.file = "/home/me/a \"b\".py", .first_line = 1, .last_line = 2};
  run.program = protocol::ProgramArguments{{"x", "y z"}};
  const auto sent = code_to_send(run);
  EXPECT_TRUE(sent.starts_with("def __livyd_program__("));
  EXPECT_NE(
      sent.find(
          R"(__livyd_program__("print('ü😀\\n')\n\"\"\"q\"\"\"", "/home/me/a \"b\".py", ["x","y z"]))"),
      std::string::npos)
      << sent;
}

TEST(CodeToSend, RunsOnlyPythonAsAProgram) {
  auto run = python("select 1");
  run.language = protocol::Language::sql;
  run.program = protocol::ProgramArguments{};
  EXPECT_NE(refusal(run).find("Only Python files"), std::string::npos);
}

TEST(StatementKind, FollowsTheLanguage) {
  EXPECT_EQ(statement_kind(protocol::Language::python), "pyspark");
  EXPECT_EQ(statement_kind(protocol::Language::scala), "spark");
  EXPECT_EQ(statement_kind(protocol::Language::sql), "sql");
  EXPECT_EQ(statement_kind(protocol::Language::r), "sparkr");
}

}  // namespace
}  // namespace livyd
