// One Python file that carries packages inside and needs nothing beside it.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "deploy/bundle.hpp"

namespace livyd::deploy {

/// What runs when the file runs.
struct standalone_script {
  /// "job.py": tracebacks and `sys.argv[0]` say so, in a statement `__file__`, too (in a program it
  /// stays the program's, because multiprocessing starts that again).
  std::string name;
  std::string text;
  std::vector<std::string> arguments;  ///< `sys.argv[1:]` unless the program is given some
};

/// A program for Python 3.6 and later that runs by `python3 FILE`, by spark-submit, as a batch and
/// as a statement (also twice in one session: the newer packages win). It makes the packages
/// importable from memory, with their data files readable through `importlib.resources` and
/// `pkgutil`; tracebacks show their lines; when there is a SparkContext or one is made later, its
/// executors get them, too (`addPyFile`, and a new value in `sc.environment`, so that no old Python
/// worker goes on with older ones). The same input gives the same text. Only Python bundles count;
/// of two files with one path that of the first bundle. Throws as write_zip; failure{invalid_input}
/// for a script that is not UTF-8 and for nothing at all; failure{too_large} beyond 256 MiB of
/// files.
std::string standalone(const std::vector<bundle>& bundles,
                       const std::optional<standalone_script>& script, std::stop_token stop = {});

}  // namespace livyd::deploy
