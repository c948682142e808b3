// The one-file program: run by every Python of this machine that it promises to run by.
#include "deploy/standalone.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>

#include "base/files.hpp"
#include "project.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// pyenv's Pythons from 3.6 on, or the one in the path.
std::vector<std::string> pythons() {
  std::vector<std::string> found;
  const char* root = std::getenv("PYENV_ROOT");
  const char* home = std::getenv("HOME");
  const auto versions = root != nullptr   ? fs::path(root) / "versions"
                        : home != nullptr ? fs::path(home) / ".pyenv" / "versions"
                                          : fs::path();
  std::error_code error;
  for (fs::directory_iterator entry(versions, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.starts_with("3.")) found.push_back((entry->path() / "bin" / "python3").string());
  }
  if (found.empty()) found.emplace_back("python3");
  return found;
}

struct ended {
  int code = -1;
  std::string said;
};

class Standalone : public Project {
 protected:
  std::vector<bundle> collected() const { return collect({rule()}, folder_); }

  std::string with_script(std::string_view text, std::vector<std::string> arguments = {}) const {
    return standalone(collected(), standalone_script{.name = "job.py",
                                                     .text = std::string(text),
                                                     .arguments = std::move(arguments)});
  }

  /// Runs it in an empty folder.
  ended run(const std::string& python, const std::string& command) const {
    fs::create_directories(folder_ / "empty");
    const auto line = "cd '" + (folder_ / "empty").string() + "' && timeout 120 '" + python +
                      "' -W ignore::DeprecationWarning " + command + " > ../said 2>&1";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder_ / "said")};
  }

  /// The program says the same with every Python.
  void expect_says(std::string_view program, const std::string& expected,
                   const std::string& arguments = "") const {
    write("program.py", program);
    for (const auto& python : pythons()) {
      const auto result = run(python, "../program.py " + arguments);
      EXPECT_EQ(result.code, 0) << python;
      EXPECT_EQ(result.said, expected) << python;
    }
  }

  /// A program that executes these files one after the other, as statements of one session.
  void expect_session_says(const std::string& code, const std::string& expected) const {
    write("session.py",
          "scope = {}\n"
          "def statement(name):\n"
          "    with open('../' + name, encoding='utf-8') as file:\n"
          "        exec(compile(file.read(), '<stdin>', 'exec'), scope)\n" +
              code);
    for (const auto& python : pythons()) {
      const auto result = run(python, "../session.py");
      EXPECT_EQ(result.code, 0) << python << result.said;
      EXPECT_EQ(result.said, expected) << python;
    }
  }
};

TEST_F(Standalone, CarriesPackagesAndRunsTheScript) {
  write("modules/etl/__init__.py", "from .steps.load import load\n");
  write("modules/etl/steps/__init__.py", "");
  write("modules/etl/steps/load.py", "def load():\n    return 'loaded'\n");
  write("modules/gr\u00FCn.py", "name = 'gr\u00FCn'.upper()\n");
  expect_says(with_script("import etl, gr\u00FCn\nprint(etl.load(), ascii(gr\u00FCn.name))\n"),
              "loaded 'GR\\xdcN'\n");
}

TEST_F(Standalone, RunsTheScriptAsMainUnderItsName) {
  write("modules/a.py");
  const auto program = with_script("import sys\nprint(__name__, sys.argv)\n", {"x", "y z"});
  expect_says(program, "__main__ ['job.py', 'x', 'y z']\n");
  expect_says(program, "__main__ ['job.py', '1', '--two']\n", "1 --two");
}

TEST_F(Standalone, KeepsEveryCharacterOfTheScript) {
  write("modules/a.py");
  const std::string script =
      "text = r'\\n\"\"\"' + \"'\\x41\\t\" \r\n"
      "print(ascii(text))\n"
      "# gr\u00FCn \U0001F600\n"
      "print(ascii('''\n%magic\n\u00E4'''))\n"
      "print('\\\\')";
  expect_says(with_script(script), "'\\\\n\"\"\"\\'A\\t'\n'\\n%magic\\n\\xe4'\n\\\n");
}

TEST_F(Standalone, EndsWithTheScriptsExitCode) {
  write("modules/a.py");
  write("program.py", with_script("import sys\nsys.exit(3)\n"));
  for (const auto& python : pythons()) EXPECT_EQ(run(python, "../program.py").code, 3) << python;
}

TEST_F(Standalone, ShowsTheLinesOfATraceback) {
  write("modules/etl/__init__.py", "");
  write("modules/etl/load.py", "def load():\n    return 1 / 0  # here\n");
  write("program.py", with_script("import etl.load\n\netl.load.load()  # called\n"));
  for (const auto& python : pythons()) {
    const auto result = run(python, "../program.py");
    EXPECT_EQ(result.code, 1) << python;
    EXPECT_THAT(result.said, HasSubstr("File \"job.py\", line 3, in <module>\n"
                                       "    etl.load.load()  # called\n"))
        << python;
    EXPECT_THAT(result.said,
                HasSubstr("etl/load.py\", line 2, in load\n    return 1 / 0  # here\n"))
        << python;
    EXPECT_THAT(result.said, EndsWith("ZeroDivisionError: division by zero\n")) << python;
    EXPECT_THAT(result.said, Not(HasSubstr("_livyd_standalone"))) << python;
  }
}

TEST_F(Standalone, ReadsDataFilesOfItsPackages) {
  write("modules/etl/__init__.py", "");
  write("modules/etl/table.csv", "a,b");
  write("modules/etl/sql/__init__.py", "");
  write("modules/etl/sql/q.sql", "select");
  write("modules/space/words.txt", "word");
  expect_says(with_script(R"(
import pkgutil, sys
print(pkgutil.get_data("etl", "table.csv"), pkgutil.get_data("etl", "sql/q.sql"))
try:
    pkgutil.get_data("etl", "none.csv")
except OSError as error:
    assert "standalone" in str(error), error
else:
    raise AssertionError
if sys.version_info >= (3, 7):
    from importlib import resources
    if sys.version_info < (3, 13):
        assert resources.is_resource("etl", "table.csv") and not resources.is_resource("etl", "x")
        assert set(resources.contents("etl")) >= {"table.csv", "sql"}
    assert resources.read_text("etl.sql", "q.sql") == "select"
    with resources.path("etl", "table.csv") as path:
        assert path.read_text() == "a,b"
if sys.version_info >= (3, 9):
    assert (resources.files("etl") / "sql" / "q.sql").read_text() == "select"
    assert sorted(p.name for p in resources.files("etl").iterdir()) == ["__init__.py", "sql", "table.csv"]
    assert resources.files("space").joinpath("words.txt").read_bytes() == b"word"
    with resources.as_file(resources.files("etl") / "table.csv") as path:
        assert path.read_text() == "a,b"
)"),
              "b'a,b' b'select'\n");
}

TEST_F(Standalone, ImportsInCirclesAndPackagesWithoutInit) {
  write("modules/ring/__init__.py", "from . import a\n");
  write("modules/ring/a.py", "from . import b\ndef name():\n    return 'a' + b.name()\n");
  write("modules/ring/b.py", "from . import a\ndef name():\n    return 'b' + a.__name__\n");
  write("modules/space/deep/x.py", "from space import y\nvalue = y.value\n");
  write("modules/space/y.py", "value = 7\n");
  expect_says(with_script(R"(
import inspect, pkgutil, ring, space.deep.x
print(ring.a.name(), space.deep.x.value)
print([(m[1], m[2]) for m in pkgutil.iter_modules(ring.__path__)])
print(inspect.getsource(ring.b.name).strip().splitlines()[0])
)"),
              "abring.a 7\n[('a', False), ('b', False)]\ndef name():\n");
}

TEST_F(Standalone, SharesANamespaceWithWhatIsBesideIt) {
  write("modules/company/mine.py", "who = 'mine'\n");
  write("empty/company/theirs.py", "who = 'theirs'\n");
  expect_says("import sys; sys.path.append('.')\n" +
                  with_script("import company.mine, company.theirs\n"
                              "print(company.mine.who, company.theirs.who)\n"),
              "mine theirs\n");
}

TEST_F(Standalone, WorksInProcessesThatAreSpawned) {
  write("modules/etl.py", "def double(x):\n    return 2 * x\n");
  expect_says(with_script(R"(
import multiprocessing, etl
def work(x):
    print(etl.double(x) + 1)
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=work, args=(2,))
    process.start()
    process.join()
    assert process.exitcode == 0, process.exitcode
)"),
              "5\n");
}

TEST_F(Standalone, ImportsItsPackagesAlsoWithoutAScript) {
  write("modules/etl.py", "value = 1\n");
  write("program.py", standalone(collected(), std::nullopt));
  for (const auto& python : pythons()) {
    const auto result = run(python,
                            "-c 'import sys; sys.path.append(\"..\"); import program, etl; "
                            "print(etl.value, [n for n in vars(program) if \"livyd\" in n])'");
    EXPECT_EQ(result.said, "1 []\n") << python;
  }
}

TEST_F(Standalone, GivesWayToTheNewerPackagesInOneProcess) {
  write("modules/etl/__init__.py", "from .part import value\n");
  write("modules/etl/part.py", "value = 1\n");
  write("modules/gone.py");
  write("first", with_script("import etl, gone\nprint(etl.value)\nkept = etl\n"));
  fs::remove(folder_ / "modules" / "gone.py");
  write("modules/etl/part.py", "value = 2\n");
  write("second", with_script(R"(
import etl
print(etl.value, etl is kept)
try:
    import gone
except ImportError:
    print("gone")
)"));
  expect_session_says(
      "statement('first'); statement('first'); statement('second')\n"
      "statement('first'); print(len([n for n in scope if 'livyd' in n]))\n",
      "1\n1\n2 False\ngone\n1\n0\n");
}

TEST_F(Standalone, TakesThePlaceOfWhatThatSessionHadBefore) {
  write("empty/etl.py", "value = 'deployed'\n");
  write("modules/etl.py", "value = 'standalone'\n");
  write("statement", with_script("import etl\nprint(etl.value)\n"));
  expect_session_says(
      "import sys; sys.path.insert(0, '.')\nimport etl; print(etl.value)\n"
      "statement('statement')\n",
      "deployed\nstandalone\n");
}

TEST_F(Standalone, LeavesASessionAsItWasAndItsVariables) {
  write("modules/a.py");
  write("statement",
        with_script("import sys\nvalue = (__name__, __file__, sys.argv)\nsys.exit(0)\n", {"x"}));
  write("failing", with_script("import sys\nsys.exit(3)\n"));
  expect_session_says(R"(
import sys
before = list(sys.argv)
statement('statement')
print(scope['value'], sys.argv == before, '__file__' in scope, '__name__' in scope)
try:
    statement('failing')
except SystemExit as end:
    print(end.code, sys.argv == before)
)",
                      "('__main__', 'job.py', ['job.py', 'x']) True False False\n3 True\n");
}

constexpr std::string_view fake_spark = R"(
class SparkContext:
    _active_spark_context = None
    def __init__(self):
        self._jsc = object()
        self.environment = {}
        self.files = []
        SparkContext._active_spark_context = self
    def addPyFile(self, path):
        import zipfile
        self.files.append((path, zipfile.ZipFile(path).namelist()))
)";

TEST_F(Standalone, GivesItsPackagesToASparkContextThatIsMadeLater) {
  write("empty/pyspark/__init__.py", "from .context import SparkContext\nimport pyspark.more\n");
  write("empty/pyspark/context.py", fake_spark);
  write("empty/pyspark/more.py", "");
  write("modules/etl.py");
  expect_says("import sys; sys.path.append('.')\n" +
                  with_script("from pyspark import SparkContext\nsc = SparkContext()\n"
                              "print(sc.files[0][1], len(sc.files), list(sc.environment))\n"),
              "['etl.py'] 1 ['LIVYD_STANDALONE']\n");
}

TEST_F(Standalone, GivesNewerPackagesToASparkContextThatIsThere) {
  write("empty/pyspark/__init__.py", "");
  write("empty/pyspark/context.py", fake_spark);
  write("modules/etl.py", "value = 1\n");
  write("first", with_script("first = sc.environment['LIVYD_STANDALONE']\n"));
  write("modules/etl.py", "value = 2\n");
  write("second", with_script("second = sc.environment['LIVYD_STANDALONE']\n"));
  expect_session_says(R"(
import os, sys; sys.path.insert(0, '.')
from pyspark.context import SparkContext
sc = scope['sc'] = SparkContext()
statement('first'); statement('first'); statement('second')
print(len(sc.files), len({path for path, _ in sc.files}), scope['first'] != scope['second'])
print(all(os.path.exists(path) for path, _ in sc.files))
another = SparkContext()
print(len(another.files), another.files[0][0] == sc.files[1][0])
)",
                      "2 2 True\nTrue\n1 True\n");
}

TEST_F(Standalone, IsTheSameTextFromAnotherFolder) {
  write("modules/etl.py", "value = 1\n");
  const auto before = with_script("print(1)\n", {"x"});
  fs::rename(folder_ / "modules", folder_ / "elsewhere");
  write("modules/etl.py", "value = 1\n");
  EXPECT_EQ(with_script("print(1)\n", {"x"}), before);
}

TEST_F(Standalone, TakesOneFileOfTwoBundlesFromTheFirst) {
  write("modules/a.py", "who = 'first'\n");
  write("other/a.py", "who = 'second'\n");
  write("other/b.py", "who = 'second'\n");
  auto other = rule();
  other.name = "other";
  other.folder = folder_ / "other";
  expect_says(standalone(collect({rule(), other}, folder_),
                         standalone_script{.name = "job.py",
                                           .text = "import a, b\nprint(a.who, b.who)\n",
                                           .arguments = {}}),
              "first second\n");
}

TEST_F(Standalone, NeedsNoPackages) {
  expect_says(
      standalone({}, standalone_script{.name = "job.py", .text = "print(1)", .arguments = {}}),
      "1\n");
}

TEST_F(Standalone, RefusesWhatCannotBeOne) {
  write("modules/a.py");
  EXPECT_EQ(failure_of([&] { with_script("\xFF"); }).message(),
            "job.py is not UTF-8. Save it as UTF-8 and try again.");
  EXPECT_EQ(failure_of([] { standalone({}, std::nullopt); }).kind(), failure_kind::invalid_input);
  auto big = collected();
  big[0].files[0].bytes = 1'000'000'000;
  const auto error = failure_of([&] { standalone(big, std::nullopt); });
  EXPECT_EQ(error.kind(), failure_kind::too_large);
  EXPECT_THAT(error.message(), HasSubstr("1.0 GB"));
}

}  // namespace
}  // namespace livyd::deploy
