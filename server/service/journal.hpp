// What must survive this process about runs: one small file a run, beside its output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

/// How far a run has come, as far as a later process must know.
enum class run_phase {
  accepted,  ///< certainly not sent
  sending,   ///< its POST may have left: the outcome is to be found out
  sent,      ///< the server has it as `statement`
  finished,
};

struct stored_run {
  /// Without the code, which has a file of its own.
  protocol::RunStartParams params;
  run_phase phase = run_phase::accepted;
  /// 1, and one more after each time it was certain that the one before never ran.
  int attempt = 1;
  std::string server;   ///< the root of the server it was sent to; "" for the embedded endpoint
  std::string session;  ///< Livy's id of the session it was sent to
  std::string session_name;      ///< "" = that session has no name
  std::string application_id;    ///< of that session; "" = not known
  std::int64_t last_known = -1;  ///< the highest statement id known before it was sent
  std::int64_t statement = -1;   ///< -1 = not known
  bool agent = false;            ///< it was sent for the agent: unwrapped, with live output
  std::int64_t accepted = 0;     ///< milliseconds since 1970; no two runs of a profile share it
  std::int64_t sent = 0;
  /// What an offset in the output's text lacks to be one in the agent's record: livyd's own lines
  /// about what is missing stand in the one, what is missing in the other.
  std::int64_t record_shift = 0;
  std::uint64_t told_bytes = 0;               ///< of the output, once finished
  std::optional<protocol::RunResult> result;  ///< once finished

  /// The name in the marker line: the run's id and, from the second attempt on, ".2".
  std::string marked_name() const;
};

class journal {
 public:
  /// `folder` must exist. With `durable` false (a folder that goes with the process) nothing is
  /// waited for.
  journal(std::filesystem::path folder, bool durable);

  bool durable() const { return durable_; }
  /// Everything that is kept, in order of acceptance. A file that cannot be read is passed over and
  /// logged. Blocks: call it off the loop's thread, or at start.
  std::vector<stored_run> read_all() const;
  /// Returns when it is on disk. Throws failure{io}. Writes of one run must not overlap.
  task<void> put(stored_run run);
  task<void> put_code(std::string run, std::string code);
  /// "" when it is not kept (any more).
  std::string code(const std::string& run) const;
  /// The run and its output files.
  void remove(const std::string& run);

 private:
  std::filesystem::path file(const std::string& run, std::string_view extension) const;

  std::filesystem::path folder_;
  bool durable_;
};

/// Removes the oldest finished runs until at most `keep` runs and `limit` bytes are left; what
/// belongs to no known run counts as finished. Unfinished runs stay.
void prune_history(const std::filesystem::path& folder, std::size_t keep, std::uint64_t limit);

/// Lines of outputs and codes that hold `text`, whatever its case; the newest runs first. Blocks.
std::vector<protocol::HistoryMatch> search_history(const std::filesystem::path& folder,
                                                   const std::vector<std::string>& runs,
                                                   std::string text, std::size_t limit);

}  // namespace livyd
