// One run as the user sees it: its state, its output, and what is told and kept of it.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "service/journal.hpp"
#include "service/listener.hpp"
#include "service/spool.hpp"

namespace livyd {

/// What every run of a profile shares.
struct run_surroundings {
  clock& time;
  listener& events;
  journal& kept;
  std::filesystem::path outputs;  ///< folder of the runs' files
  std::uint64_t preview_bytes = 1_MiB;
  std::filesystem::path output_file;  ///< where ended runs are appended to; "" = nowhere
};

class run_record {
 public:
  /// A new one, or one that an earlier process has left (`kept`).
  run_record(const run_surroundings& around, stored_run what);
  run_record(const run_record&) = delete;
  run_record& operator=(const run_record&) = delete;

  const std::string& id() const { return stored.params.run; }
  bool finished() const { return info.state == protocol::RunState::finished; }
  /// It may be on a server, so it must not be dropped or sent again just so.
  bool may_have_been_sent() const {
    return stored.phase == run_phase::sending || stored.phase == run_phase::sent;
  }

  /// What is stored now; returns when it is on disk. One write at a time, in the order of the
  /// calls. Throws failure{io}.
  task<void> keep();
  task<void> change(protocol::RunState state, std::string detail);
  /// Tells what of the output has not been told yet, up to the preview's limit.
  task<void> send_new_output();
  /// Tells a part again, for an editor that has lost it.
  task<void> send_output(std::uint64_t from, std::uint64_t to);
  /// The last word: output, store and listener learn it, in this order.
  task<void> finish(protocol::RunResult result);
  task<void> finish(protocol::RunOutcome outcome, std::string message);
  /// As it was before it ended: it is looked for again.
  void reopen();

  stored_run stored;
  protocol::RunInfo info;
  spool output;
  clock::time_point sent_at;  ///< by this process's clock; unset for one that was found again
  std::uint64_t told_bytes = 0;
  bool may_withdraw = true;  ///< nothing has been sent by this process
  bool stop_asked = false;
  bool look_only = false;  ///< it is only looked for, not sent again
  bool never_ran = false;  ///< withdrawn for certain, after it may have been sent
  asio::cancellation_signal withdraw;

 private:
  void append_to_output_file() const;

  const run_surroundings& around_;
  std::unique_ptr<notification> written_;
  bool writing_ = false;
};

}  // namespace livyd
