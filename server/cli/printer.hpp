// The printer: the listener of the command line, which writes the output, or events as JSON.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "cli/log_text.hpp"
#include "cli/terminal.hpp"
#include "service/listener.hpp"

namespace livyd {

class printer final : public listener {
 public:
  printer(const asio::any_io_executor& executor, clock& time, terminal& screen, bool as_json);

  task<void> session_changed(protocol::SessionInfo session) override;
  task<void> run_changed(protocol::RunInfo run) override;
  task<void> run_output(protocol::RunOutput piece) override;
  task<void> run_finished(protocol::RunInfo run) override;
  task<void> log_lines(protocol::LogLines lines) override;
  task<void> notice(protocol::Notice words) override;
  task<void> secret_needed(protocol::SecretNeeded what) override;
  task<void> credentials_changed(protocol::Credentials credentials) override;
  task<void> transfer_progress(protocol::TransferProgress progress) override;
  task<void> deploy_changed(protocol::ProfileParams where) override;
  task<void> batch_changed(protocol::BatchInfo batch) override;
  task<void> batch_lines(protocol::BatchLines lines) override;

  /// Who answers the service's questions; must not block.
  void on_secret_needed(std::function<void(protocol::SecretNeeded)> answer) {
    answer_ = std::move(answer);
  }

  /// Returns when the run has finished, the followed log has ended, or `give_up()` was called.
  task<void> wait();
  /// These lines of the log that is followed next were printed already.
  void skip_log(const std::vector<std::string>& page) { log_.skip(page); }
  /// Nothing more is waited for: no status line is drawn any more.
  void rest();
  void give_up();
  const std::optional<protocol::RunInfo>& finished() const { return finished_; }
  /// What was last told of a batch.
  const std::optional<protocol::BatchInfo>& batch() const { return batch_; }
  bool as_json() const { return json_; }

  /// `{"event": name, "data": data}` on a line of its own; nothing unless events are asked for.
  task<void> event(std::string_view name, nlohmann::json data);

 private:
  task<void> spin();

  notification changed_;
  clock& time_;
  terminal& screen_;
  bool json_;
  clock::time_point began_;
  std::string status_ = "connecting";
  std::string detail_;
  log_text log_;
  std::optional<protocol::RunInfo> finished_;
  std::optional<protocol::BatchInfo> batch_;
  bool given_up_ = false;
  std::function<void(protocol::SecretNeeded)> answer_;
  background spinner_;
};

}  // namespace livyd
