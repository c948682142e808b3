// Which words mean what: the parser of the command line, without performing anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/command_line.hpp"

namespace livyd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using words = std::vector<std::string>;

template <class Command>
Command parsed(const words& arguments) {
  return std::get<Command>(parse_command_line(arguments, true));
}

std::string complaint_about(const words& arguments) {
  try {
    parse_command_line(arguments, true);
  } catch (const usage_problem& problem) {
    return problem.what();
  }
  return "";
}

TEST(CommandLine, RunsAFileWithItsArguments) {
  const auto run = parsed<run_command>(
      {"run", "job.py", "--profile", "cluster", "--once", "--", "one", "--profile", "-x", "--"});
  EXPECT_EQ(run.file, "job.py");
  EXPECT_EQ(run.where.profile, "cluster");
  EXPECT_TRUE(run.once);
  EXPECT_FALSE(run.code);
  EXPECT_THAT(run.arguments, ElementsAre("one", "--profile", "-x", "--"));
}

TEST(CommandLine, OptionsMayStandBeforeTheFile) {
  const auto run = parsed<run_command>({"run", "--url=http://a:1", "--json", "job.py"});
  EXPECT_EQ(run.where.url, "http://a:1");
  EXPECT_TRUE(run.json);
  EXPECT_EQ(run.file, "job.py");
}

TEST(CommandLine, RunsCodeAndStandardInput) {
  EXPECT_EQ(parsed<run_command>({"run", "-c", "print(1)"}).code, "print(1)");
  EXPECT_EQ(parsed<run_command>({"run", "-c", ""}).code, "");
  EXPECT_EQ(parsed<run_command>({"run", "-c", "a\nb = 'c d'"}).code, "a\nb = 'c d'");
  EXPECT_EQ(parsed<run_command>({"run", "-"}).file, "-");
}

TEST(CommandLine, KnowsTheKindsAndTheSuffixes) {
  EXPECT_EQ(parsed<run_command>({"run", "-c", "1", "--kind", "SQL"}).language,
            protocol::Language::sql);
  EXPECT_EQ(parsed<run_command>({"run", "-c", "1", "--kind", "spark"}).language,
            protocol::Language::scala);
  EXPECT_FALSE(parsed<run_command>({"run", "-c", "1"}).language);
  EXPECT_EQ(language_of("a/b.py"), protocol::Language::python);
  EXPECT_EQ(language_of("b.scala"), protocol::Language::scala);
  EXPECT_EQ(language_of("b.SQL"), protocol::Language::sql);
  EXPECT_EQ(language_of("b.R"), protocol::Language::r);
  EXPECT_EQ(language_of("-"), protocol::Language::python);
}

TEST(CommandLine, ListsAndKillsSessions) {
  EXPECT_TRUE(parsed<sessions_command>({"sessions"}).kill.empty());
  EXPECT_TRUE(parsed<sessions_command>({"sessions", "list"}).kill.empty());
  const auto kill = parsed<sessions_command>({"sessions", "kill", "12", "name", "--profile", "p"});
  EXPECT_THAT(kill.kill, ElementsAre("12", "name"));
  EXPECT_EQ(kill.where.profile, "p");
  EXPECT_EQ(parsed<sessions_command>({"sessions", "--url", "u", "kill", "12"}).where.url, "u");
}

TEST(CommandLine, ChoosesTheSessionsToListAndKill) {
  EXPECT_FALSE(parsed<sessions_command>({"sessions"}).kills);
  EXPECT_TRUE(parsed<sessions_command>({"sessions", "--mine"}).mine);
  EXPECT_TRUE(parsed<sessions_command>({"sessions", "--all"}).all);
  const auto mine = parsed<sessions_command>({"sessions", "kill", "--mine", "-y"});
  EXPECT_TRUE(mine.kills && mine.mine && mine.where.yes && mine.kill.empty());
  EXPECT_TRUE(parsed<sessions_command>({"sessions", "kill", "--all"}).all);
}

TEST(CommandLine, WorksOnTheFilesOfTheCluster) {
  using action = hdfs_command::action;
  const auto put = parsed<hdfs_command>({"hdfs", "put", "-", "/a b", "-f", "--profile", "p"});
  EXPECT_EQ(put.what, action::put);
  EXPECT_THAT(put.paths, ElementsAre("-", "/a b"));
  EXPECT_TRUE(put.replaces);
  EXPECT_EQ(put.where.profile, "p");
  const auto rm = parsed<hdfs_command>({"hdfs", "--json", "rm", "-r", "--yes", "/a", "/b", "/c"});
  EXPECT_EQ(rm.what, action::remove);
  EXPECT_TRUE(rm.recursive && rm.json && rm.where.yes && !rm.replaces);
  EXPECT_EQ(rm.paths.size(), 3U);
  EXPECT_EQ(parsed<hdfs_command>({"hdfs", "ls"}).what, action::list);
  EXPECT_EQ(parsed<hdfs_command>({"hdfs", "mv", "/a", "/b"}).what, action::move);
  EXPECT_EQ(parsed<hdfs_command>({"hdfs", "du", "/a"}).what, action::measure);
  EXPECT_EQ(parsed<hdfs_command>({"hdfs", "get", "/a", "-"}).what, action::get);
  EXPECT_EQ(parsed<hdfs_command>({"hdfs", "cat", "/a"}).what, action::print);
  EXPECT_EQ(parsed<hdfs_command>({"hdfs", "mkdir", "/a"}).what, action::make_folder);
}

TEST(CommandLine, WorksOnBatches) {
  using action = batch_command::action;
  const auto sent = parsed<batch_command>(
      {"batch", "submit", "etl.py", "--standalone", "--profile", "p", "--", "--date", "--", "x"});
  EXPECT_EQ(sent.what, action::submit);
  EXPECT_EQ(sent.file, "etl.py");
  EXPECT_THAT(sent.arguments, ElementsAre("--date", "--", "x"));
  EXPECT_TRUE(sent.standalone && sent.waits);
  EXPECT_EQ(sent.where.profile, "p");
  EXPECT_FALSE(parsed<batch_command>({"batch", "submit", "a.py", "--no-wait"}).waits);
  EXPECT_EQ(parsed<batch_command>({"batch"}).what, action::list);
  EXPECT_TRUE(parsed<batch_command>({"batch", "list", "--json"}).json);
  EXPECT_THAT(parsed<batch_command>({"batch", "show", "etl"}).ids, ElementsAre("etl"));
  const auto log = parsed<batch_command>({"batch", "log", "-f", "-n", "20", "12", "--url", "u"});
  EXPECT_EQ(log.what, action::log);
  EXPECT_TRUE(log.follows);
  EXPECT_EQ(log.tail, 20);
  EXPECT_EQ(log.where.url, "u");
  EXPECT_EQ(parsed<batch_command>({"batch", "log", "12", "--from", "3"}).from, 3);
  const auto killed = parsed<batch_command>({"batch", "kill", "1", "2", "-y"});
  EXPECT_EQ(killed.what, action::kill);
  EXPECT_THAT(killed.ids, ElementsAre("1", "2"));
  EXPECT_TRUE(killed.where.yes);
}

TEST(CommandLine, WorksOnTheSessionOfTheFolder) {
  using action = session_command::action;
  EXPECT_EQ(parsed<session_command>({"session"}).what, action::show);
  const auto show = parsed<session_command>({"session", "show", "12", "--json", "--url", "u"});
  EXPECT_EQ(show.what, action::show);
  EXPECT_EQ(show.session, "12");
  EXPECT_EQ(show.where.url, "u");
  EXPECT_TRUE(show.json);
  EXPECT_EQ(parsed<session_command>({"session", "attach"}).session, "");
  EXPECT_EQ(parsed<session_command>({"session", "attach", "name"}).session, "name");
  EXPECT_EQ(parsed<session_command>({"session", "start"}).what, action::start);
  EXPECT_EQ(parsed<session_command>({"session", "restart"}).what, action::restart);
  EXPECT_EQ(parsed<session_command>({"session", "stop"}).what, action::stop);
  EXPECT_EQ(parsed<session_command>({"session", "--profile", "p", "keep"}).what, action::keep);
}

TEST(CommandLine, ListsAndCancelsStatements) {
  EXPECT_FALSE(parsed<statements_command>({"statements"}).cancel);
  const auto cancel = parsed<statements_command>({"statements", "cancel", "3", "--session", "s"});
  EXPECT_EQ(cancel.cancel, 3);
  EXPECT_EQ(cancel.session, "s");
}

TEST(CommandLine, ReadsAndFollowsLogs) {
  const auto plain = parsed<logs_command>({"logs"});
  EXPECT_FALSE(plain.follow || plain.tail || plain.from);
  const auto tail = parsed<logs_command>({"logs", "-f", "--tail", "20", "--session", "s"});
  EXPECT_TRUE(tail.follow);
  EXPECT_EQ(tail.tail, 20);
  EXPECT_EQ(tail.session, "s");
  EXPECT_EQ(parsed<logs_command>({"logs", "--from", "0", "--profile", "p"}).from, 0);
}

TEST(CommandLine, LooksIntoTheHistory) {
  using action = runs_command::action;
  EXPECT_EQ(parsed<runs_command>({"runs", "--json"}).what, action::list);
  const auto show = parsed<runs_command>({"runs", "show", "3f2a", "--code"});
  EXPECT_EQ(show.what, action::show);
  EXPECT_EQ(show.words, "3f2a");
  EXPECT_TRUE(show.code);
  const auto search = parsed<runs_command>({"runs", "search", "two words"});
  EXPECT_EQ(search.what, action::search);
  EXPECT_EQ(search.words, "two words");
  EXPECT_EQ(parsed<runs_command>({"runs", "clear"}).what, action::clear);
  EXPECT_EQ(parsed<state_command>({"state", "--profile", "p"}).where.profile, "p");
}

TEST(CommandLine, ServesTheEndpointAndTheEditor) {
  const auto local =
      parsed<local_command>({"local", "--port", "8998", "--strict", "--python", "p"});
  EXPECT_EQ(local.port, 8998);
  EXPECT_TRUE(local.strict);
  EXPECT_EQ(local.python, "p");
  EXPECT_EQ(parsed<local_command>({"local", "--state-file", "s"}).state_file, "s");
  EXPECT_NO_THROW(parsed<serve_command>({"serve", "--stdio"}));
  EXPECT_EQ(parsed<trust_command>({"trust"}).folder, "");
  EXPECT_EQ(parsed<trust_command>({"trust", "a"}).folder, "a");
}

TEST(CommandLine, WithoutACommandItServesAnEditorAndHelpsAPerson) {
  EXPECT_TRUE(std::holds_alternative<serve_command>(parse_command_line({}, false)));
  EXPECT_THAT(parsed<print_command>({}).text, HasSubstr("livyd run job.py"));
}

TEST(CommandLine, RefusesWhatItDoesNotUnderstandAndSaysWhereToLook) {
  const std::vector<std::pair<words, std::string>> table{
      {{"run"}, "nothing to run"},
      {{"run", "-c"}, "-c"},
      {{"run", "-c", "1", "file.py"}, "FILE"},
      {{"run", "a.py", "b.py"}, "b.py"},
      {{"run", "--nope", "-c", "1"}, "--nope"},
      {{"run", "-c", "1", "--profile", "a", "--url", "b"}, "--url"},
      {{"run", "-c", "1", "--kind", "cobol"}, "cobol"},
      {{"run", "-c", "1", "--once", "--session", "3"}, "--once"},
      {{"nonsense"}, "nonsense"},
      {{"sessions", "kill"}, "ID"},
      {{"sessions", "kill", "1", "--mine"}, "--mine"},
      {{"sessions", "kill", "--mine", "--all"}, "--all"},
      {{"sessions", "--", "x"}, "--"},
      {{"session", "dance"}, "dance"},
      {{"session", "stop", "12"}, "12"},
      {{"statements", "cancel"}, "N"},
      {{"statements", "cancel", "-1"}, "-1"},
      {{"logs", "--tail", "-1"}, "-1"},
      {{"logs", "--tail", "1", "--from", "2"}, "--tail"},
      {{"logs", "-f", "12"}, "12"},
      {{"runs", "show"}, "RUN"},
      {{"runs", "search"}, "TEXT"},
      {{"hdfs"}, "ubcommand"},
      {{"hdfs", "rm"}, "PATH"},
      {{"batch", "submit"}, "FILE"},
      {{"batch", "log", "1", "2"}, "2"},
      {{"batch", "kill"}, "ID"},
      {{"batch", "kill", "1", "--", "2"}, "livyd batch submit"},
      {{"hdfs", "mv", "/a"}, "PATH"},
      {{"hdfs", "get", "/a", "b", "c"}, "c"},
      {{"hdfs", "ls", "-r", "/a"}, "-r"},
      {{"local", "--port", "seventy"}, "--port"},
      {{"local", "--port", "70000"}, "--port"},
      {{"serve"}, "--stdio"},
      {{"completion", "tcsh"}, "tcsh"},
  };
  for (const auto& [arguments, part] : table) {
    const auto said = complaint_about(arguments);
    EXPECT_THAT(said, HasSubstr(part)) << arguments.back();
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
}

TEST(CommandLine, EveryHelpFitsAScreenAndBeginsWithExamples) {
  for (const auto* name : {"", "run", "sessions", "session", "statements", "logs", "runs", "hdfs",
                           "batch", "state", "doctor", "local", "trust", "serve", "completion"}) {
    words arguments;
    if (*name != '\0') arguments.emplace_back(name);
    arguments.emplace_back("--help");
    const auto help = parsed<print_command>(arguments).text;
    std::istringstream lines(help);
    std::string line;
    int count = 0;
    bool example = false;
    while (std::getline(lines, line)) {
      ++count;
      EXPECT_LE(line.size(), 103U) << line;
      if (count <= 4 && line.starts_with("  livyd")) example = true;
    }
    EXPECT_LE(count, 24) << name;
    EXPECT_TRUE(example) << name;
  }
}

TEST(CommandLine, CompletionKnowsEveryCommand) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto script = parsed<print_command>({"completion", shell}).text;
    for (const auto* name : {"run", "runs", "session", "sessions", "statements", "logs", "hdfs",
                             "batch", "state", "doctor", "local", "trust", "serve", "completion",
                             "version", "follow", "attach", "mine"}) {
      EXPECT_THAT(script, HasSubstr(name)) << shell;
    }
  }
}

TEST(CommandLine, KnowsTheDoctor) {
  const auto asked = parsed<doctor_command>({"doctor", "--profile", "p", "--json"});
  EXPECT_EQ(asked.where.profile, "p");
  EXPECT_TRUE(asked.json);
}

TEST(CommandLine, TellsItsVersion) {
  EXPECT_EQ(parsed<print_command>({"version"}).text, parsed<print_command>({"--version"}).text);
  EXPECT_THAT(parsed<print_command>({"version"}).text, testing::StartsWith("livyd "));
}

}  // namespace
}  // namespace livyd
