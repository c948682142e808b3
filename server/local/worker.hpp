// One Python process that runs the cells of one session, in a process group of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/child_process.hpp"
#include "local/worker_channel.hpp"

namespace livyd::local {

struct worker_settings {
  bool strict = false;
  std::string python;                    ///< a path, or a name that is looked up on PATH
  std::filesystem::path script;          ///< worker.py
  std::vector<std::string> environment;  ///< "NAME=value", besides ours
};

/// Shared: its background coroutines hold it until the process has ended.
class worker : public std::enable_shared_from_this<worker> {
 public:
  /// Starts the process; throws failure{io} with a sentence when there is no such interpreter.
  /// `on_log_line` gets each line of its standard error.
  static std::shared_ptr<worker> start(const asio::any_io_executor& executor,
                                       const worker_settings& settings,
                                       std::function<void(std::string_view)> on_log_line);
  ~worker();

  /// True when the shell is ready, false when it ended before. Cancellable.
  task<bool> ready();
  /// Sends a cell and returns the line the shell answers (in strict mode whatever line comes next),
  /// or nothing when the shell is gone. One at a time. A cell with a `statement` name can be
  /// interrupted by it (the channel's "cancel_group", in default mode).
  task<std::optional<std::string>> execute(std::string_view code, std::string_view statement = {});
  /// What the process wrote to standard error since the last call, at most the last 1000 lines.
  /// When the process is ending this waits for its last words.
  task<std::string> take_error_lines();

  worker_channel& channel() { return *channel_; }
  bool ended() const { return ended_; }
  /// Returns when the process has ended and its group is killed. Cancellable.
  task<void> wait_for_end();
  /// Sends a signal to the whole process group.
  void send_signal(int number) const;

 private:
  worker(asio::any_io_executor executor, std::function<void(std::string_view)> on_log_line);
  void spawn(const worker_settings& settings);
  void spawn_with(const worker_settings& settings, std::vector<descriptor> inherited);
  void follow();
  task<void> follow_errors();
  task<void> watch();

  asio::any_io_executor executor_;
  std::function<void(std::string_view)> on_log_line_;
  notification changed_;
  std::optional<asio::posix::stream_descriptor> requests_;
  std::optional<line_source> replies_;
  std::optional<line_source> errors_;
  std::optional<worker_channel> channel_;
  std::vector<std::string> error_lines_;
  child_process process_;
  bool ended_ = false;
  bool errors_ended_ = false;
};

/// The text of worker.py, which travels inside the binary.
std::string_view worker_source();

/// The environment of a worker: ours without what is livyd's own (a token may be in LIVYD_TOKEN)
/// and without another PySpark's gateway, then `added`, which wins.
std::vector<std::string> worker_environment(const char* const* ours,
                                            const std::vector<std::string>& added);

}  // namespace livyd::local
