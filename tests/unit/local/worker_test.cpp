// The worker's protocol and its behaviour in both modes, on a real Python process; and when a
// session expires.
#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/files.hpp"
#include "base/text.hpp"
#include "local/expiry.hpp"
#include "local/output.hpp"
#include "local/worker.hpp"
#include "loop.hpp"

namespace livyd::local {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// A worker in a folder of its own, ended with the test.
class shell {
 public:
  explicit shell(bool strict) {
    auto pattern = (std::filesystem::temp_directory_path() / "livyd-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    make_private_folder(folder_ / "files");
    replace_file(folder_ / "livy_shell.py", worker_source());
    worker_ = worker::start(loop_.io.get_executor(),
                            {.strict = strict,
                             .python = "python3",
                             .script = folder_ / "livy_shell.py",
                             .environment = {"PYTHONUNBUFFERED=YES"}},
                            [this](std::string_view line) { log_.emplace_back(line); });
    if (!loop_.run(worker_->ready())) throw std::runtime_error("the worker did not start");
  }
  shell(const shell&) = delete;
  shell& operator=(const shell&) = delete;
  ~shell() {
    worker_->send_signal(SIGKILL);
    loop_.run(worker_->wait_for_end());
    worker_.reset();
    loop_.drain();
    std::filesystem::remove_all(folder_);
  }

  /// The output of a statement that is this code; "" when the shell is gone.
  std::string output_of(std::string_view code, bool keep_printed = false) {
    const auto line = loop_.run(worker_->execute(code));
    return line ? output_of_reply(0, *line, keep_printed) : "";
  }
  ordered_json ask(ordered_json question) {
    return loop_.run(worker_->channel().ask(std::move(question)));
  }
  std::string last_words() { return loop_.run(worker_->take_error_lines()); }
  worker& process() { return *worker_; }
  test::loop& loop() { return loop_; }
  const std::vector<std::string>& log() const { return log_; }

 private:
  test::loop loop_;
  std::filesystem::path folder_;
  std::vector<std::string> log_;
  std::shared_ptr<worker> worker_;
};

std::string text_output(std::string_view text) {
  return dumped({{"status", "ok"}, {"execution_count", 0}, {"data", {{"text/plain", text}}}});
}

TEST(Worker, AnswersAsLivysShellDoes) {
  for (const bool strict : {true, false}) {
    shell one(strict);
    EXPECT_EQ(one.output_of("1+1"), text_output("2"));
    EXPECT_EQ(one.output_of("x = 1"), text_output(""));
    EXPECT_EQ(one.output_of("print('a')\n41+x"), text_output("a\n42"));
    EXPECT_EQ(one.output_of("1\n2\n3"), text_output("3"));
    EXPECT_EQ(one.output_of("__name__"), text_output("'builtins'"));
    EXPECT_EQ(one.output_of("import sys\nprint('o')\nprint('e', file=sys.stderr)"),
              text_output("o\ne"));
    EXPECT_THAT(one.output_of("input()"), HasSubstr("EOFError"));
    EXPECT_THAT(one.output_of("%nope x"), HasSubstr("unknown magic command 'nope'"));
    EXPECT_EQ(one.output_of("d = {'a': [1, None]}\n%json d"),
              R"({"status":"ok","execution_count":0,"data":{"application/json":{"a":[1,null]}}})");
  }
}

TEST(Worker, UsesARouterThatACellReplaced) {
  shell one(false);
  one.output_of(
      "import __main__ as shell\n"
      "plain = shell.msg_type_router['execute_request']\n"
      "def mine(content):\n"
      "    reply = plain(content)\n"
      "    reply['content']['data'] = {'text/plain': 'mine'}\n"
      "    return reply\n"
      "shell.msg_type_router['execute_request'] = mine");
  EXPECT_EQ(one.output_of("1"), text_output("mine"));
}

TEST(StrictWorker, LosesWhatAFailedCellPrintedAndItsTopFrame) {
  shell one(true);
  const auto output = one.output_of("print('before')\n1/0", true);
  EXPECT_THAT(output, HasSubstr(R"("traceback":["Traceback (most recent call last):\n",)"
                                R"("ZeroDivisionError: division by zero\n"])"));
  EXPECT_THAT(output, Not(HasSubstr("before")));
}

TEST(StrictWorker, IsThrownOutOfStepByAChildThatPrints) {
  shell one(true);
  EXPECT_THAT(one.output_of("import os\nos.system('echo from a child')"),
              HasSubstr("Unrecognized token 'from'"));
  EXPECT_EQ(one.output_of("'second'"), text_output("0"));
}

TEST(StrictWorker, DiesOfWhatIsNoJson) {
  shell one(true);
  one.output_of("o = object()");
  EXPECT_EQ(one.output_of("%json o"), "");
  EXPECT_THAT(one.last_words(),
              HasSubstr("TypeError: Object of type object is not JSON serializable"));
}

TEST(Worker, KeepsWhatAFailedCellPrintedAndItsTopFrame) {
  shell one(false);
  const auto output = one.output_of("print('before')\n1/0", true);
  EXPECT_THAT(output, HasSubstr(R"(File \"<stdin>\", line 2, in <module>)"));
  EXPECT_THAT(output, HasSubstr(R"("data":{"text/plain":"before"})"));
  EXPECT_EQ(one.output_of("2"), text_output("2"));
}

TEST(Worker, ShowsWhatChildrenPrintWhereTheyPrintedIt) {
  shell one(false);
  EXPECT_EQ(one.output_of("import os\nprint('a')\nr = os.system('echo b')\nprint('c')"),
            text_output("a\nb\nc"));
  EXPECT_EQ(one.output_of("r = os.system('head -c 1000000 /dev/zero | tr \"\\\\0\" x')"),
            text_output(std::string(1'000'000, 'x')));
}

TEST(Worker, SurvivesWhatKillsLivysShell) {
  shell one(false);
  EXPECT_THAT(one.output_of("o = object()\n%json o"), HasSubstr("not JSON serializable"));
  EXPECT_THAT(one.output_of("t = [1, 'a']\n%table t"),
              HasSubstr("table rows have different types"));
  one.output_of("import sys\nsys.stdout.close()");
  one.output_of("sys.stdout = None");
  EXPECT_EQ(one.output_of("print('here')"), text_output("here"));
  EXPECT_THAT(one.output_of(std::string_view("a\0b", 3)), HasSubstr("null bytes"));
}

TEST(Worker, EndsWithItsLastWordsInTheLog) {
  shell one(false);
  EXPECT_EQ(one.output_of("import os\nos.abort()"), "");
  EXPECT_THAT(one.last_words(), HasSubstr("Fatal Python error: Aborted"));
  EXPECT_THAT(one.log(), Contains(HasSubstr("Fatal Python error")));
  one.loop().run(one.process().wait_for_end());
  EXPECT_TRUE(one.ask({{"op", "progress"}, {"group", "0"}}).contains("failure"));
}

/// The constant frame of livy.md: a pickle that evaluates an expression.
ordered_json job_of(const std::string& expression) {
  std::string pickle(
      "\x80\x02"
      "cbuiltins\neval\nX",
      18);
  pickle += static_cast<char>(expression.size());
  pickle += std::string(3, '\0') + expression + "\x85R.";
  return {{"op", "job"}, {"job", base64_encoded(pickle)}};
}

TEST(Worker, RunsJobsBesideACell) {
  shell one(false);
  test::started<std::optional<std::string>> cell(
      one.loop(),
      one.process().execute("print('so far')\nimport builtins, time\n"
                            "while not hasattr(builtins, 'released'): time.sleep(0.01)"));
  const auto look = job_of("lambda ctx: __import__('sys').stdout.getvalue()");
  std::string seen;
  while (seen.find("so far") == std::string::npos) {
    const auto result = one.ask(look).value("result", "");
    ASSERT_NE(result, "");
    seen = base64_decoded(base64_decoded(result));
  }
  EXPECT_FALSE(cell.finished());
  one.ask(job_of("lambda ctx: setattr(__import__('builtins'), 'released', 1)"));
  EXPECT_TRUE(cell.result());
}

TEST(Worker, TellsWhatAJobRaised) {
  shell one(false);
  const auto answer = one.ask(job_of("lambda ctx: 1/0"));
  EXPECT_THAT(answer.value("error", ""), ::testing::StartsWith("Client job error:Traceback"));
  EXPECT_THAT(answer.value("error", ""), HasSubstr("ZeroDivisionError: division by zero"));
}

TEST(Worker, TellsWhyAnInterpreterCannotBeStarted) {
  test::loop loop;
  worker_settings settings;
  settings.python = "/no/such/python";
  const auto problem = test::failure_of(
      [&] { worker::start(loop.io.get_executor(), settings, [](std::string_view) {}); });
  EXPECT_EQ(problem.kind(), failure_kind::io);
  EXPECT_THAT(problem.message(), HasSubstr("/no/such/python: No such file or directory"));
}

TEST(WorkerEnvironment, HasNothingOfLivydsOwn) {
  const char* const ours[] = {"PATH=/bin", "LIVYD_TOKEN=secret", "PYSPARK_GATEWAY_SECRET=secret",
                              "A=1", nullptr};
  EXPECT_THAT(worker_environment(ours, {"A=2"}),
              ::testing::UnorderedElementsAre("PATH=/bin", "A=2"));
}

// Expiry ------------------------------------------------------------------------------------------

constexpr monotonic_time start{};

TEST(Expiry, ComesAfterTheIdleLimit) {
  expiry_facts facts;
  facts.idle_limit = 1h;
  EXPECT_FALSE(is_expired(facts, start + 59min));
  EXPECT_TRUE(is_expired(facts, start + 60min));
  facts.times.active = start + 30min;
  EXPECT_FALSE(is_expired(facts, start + 60min));
}

TEST(Expiry, SparesABusySessionUnlessStrict) {
  expiry_facts facts;
  facts.idle_limit = 1h;
  facts.busy = true;
  EXPECT_FALSE(is_expired(facts, start + 2h));
  facts.strict = true;
  EXPECT_TRUE(is_expired(facts, start + 2h));
}

TEST(Expiry, HasNoMercyForTtlAndHeartbeat) {
  expiry_facts facts;
  facts.busy = true;
  facts.ttl = 10min;
  facts.times.heartbeat = start + 9min;
  EXPECT_FALSE(is_expired(facts, start + 9min));
  EXPECT_TRUE(is_expired(facts, start + 10min));
  facts.ttl = 0ms;
  facts.heartbeat_limit = 60s;
  EXPECT_FALSE(is_expired(facts, start + 9min + 59s));
  EXPECT_TRUE(is_expired(facts, start + 10min));
}

TEST(Expiry, KeepsADeadSessionTenMinutes) {
  expiry_facts facts;
  facts.state = session_state::dead;
  facts.idle_limit = 1s;
  EXPECT_FALSE(is_expired(facts, start + 599s));
  EXPECT_TRUE(is_expired(facts, start + 600s));
}

}  // namespace
}  // namespace livyd::local
