// Who is told what happens: the editor over JSON-RPC, or the command line.
#pragma once

#include "base/async.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

/// Each call is awaited before the work that caused it goes on, so a slow listener slows the work
/// down instead of filling memory. Implementations do not throw.
class listener {
 public:
  virtual ~listener() = default;
  virtual task<void> session_changed(protocol::SessionInfo session) = 0;
  virtual task<void> run_changed(protocol::RunInfo run) = 0;
  virtual task<void> run_output(protocol::RunOutput piece) = 0;
  virtual task<void> run_finished(protocol::RunInfo run) = 0;
  virtual task<void> log_lines(protocol::LogLines lines) = 0;
  virtual task<void> notice(protocol::Notice words) = 0;
  virtual task<void> secret_needed(protocol::SecretNeeded what) = 0;
  virtual task<void> credentials_changed(protocol::Credentials credentials) = 0;
  virtual task<void> transfer_progress(protocol::TransferProgress progress) = 0;
  virtual task<void> deploy_changed(protocol::ProfileParams where) = 0;
  virtual task<void> batch_changed(protocol::BatchInfo batch) = 0;
  virtual task<void> batch_lines(protocol::BatchLines lines) = 0;
};

}  // namespace livyd
