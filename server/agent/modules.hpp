// Modules inside a running PySpark session: asked what they are, sent, and loaded again. The Python
// is livyd_modules.py; each request is one statement, with or without the agent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace livyd::agent {

/// The code of a statement that answers one request. The first statement of a session carries the
/// Python itself; `may_be_there`: a short form, which answers `missing` when it is not.
/// `request` is JSON, ASCII:
/// * {"do": "state", "tops": ["etl"]}: the files of these top-level modules as the driver would
///   import them now.
/// * {"do": "stage", "name": "…", "at": 0, "piece": "<base64>"}: a piece of something big, at that
///   offset; the same piece twice is no harm. A name stands for one content.
/// * {"do": "add", "name": "<staged>", "sha256": "…", "file": "modules-0123456789ab.zip", "field":
///   "pyFiles"}: what was staged is there for driver and executors, as if it had been in that field
///   of the session's payload (`pyFiles`, `files`, `archives` with "alias"; `jars` cannot).
/// * {"do": "push", "files": {"etl/a.py": "<base64>" or {"staged": "name"}}, "deleted":
/// ["etl/b.py"],
///   "reload": "changed" or ["etl.a"] or [], "by_value": false}: the files go over those that the
///   session has, modules are loaded again.
std::string modules_statement(std::string_view request, bool may_be_there);

struct modules_answer {
  bool missing = false;  ///< the short form was sent to a session that has no livyd_modules
  std::string problem;   ///< why nothing was done, as a sentence; "" = it was done
  /// state: SHA-256 by path ("etl/a.py").
  std::map<std::string, std::string> files;
  std::int64_t staged = 0;  ///< stage: bytes there now
  std::vector<std::string> reloaded;
  /// push: module and reason of each that stayed the old one.
  std::vector<std::pair<std::string, std::string>> kept;
  std::string executors;         ///< push, add: "fresh", "stale", "none"
  std::string executors_detail;  ///< why they are stale
};

/// Reads what that statement printed (its text/plain, whatever the user's code printed around it).
/// Throws failure{unsupported} when there is no answer in it.
modules_answer read_modules_answer(std::string_view text);

}  // namespace livyd::agent
