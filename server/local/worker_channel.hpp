// The channel beside the shell: questions to the worker (a job, SQL, Spark control) that are
// answered in any order.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>

#include "base/async.hpp"
#include "local/line_source.hpp"
#include "local/livy_answer.hpp"

namespace livyd::local {

class worker_channel {
 public:
  worker_channel(const asio::any_io_executor& executor, descriptor ours);

  /// Sends {"op": …} and returns the answer; {"failure": "…"} when the worker is gone or could not
  /// even try. `started` is called when a job begins to run.
  task<ordered_json> ask(ordered_json request, std::function<void()> started = {});
  /// Reads answers until the worker is gone.
  task<void> follow();
  /// Writes questions until close().
  task<void> write();
  /// The worker is gone: every open question is answered with a failure.
  void close();

 private:
  struct question {
    explicit question(const asio::any_io_executor& executor) : changed(executor) {}
    notification changed;
    std::function<void()> started;
    bool answered = false;
    ordered_json answer;
  };
  void take(const std::string& line);

  asio::any_io_executor executor_;
  asio::posix::stream_descriptor writing_;
  line_source reading_;
  notification something_to_write_;
  std::string outbox_;
  // Shared: who asked may have stopped waiting.
  std::map<std::int64_t, std::shared_ptr<question>> open_;
  std::int64_t last_id_ = 0;
  bool closed_ = false;
};

}  // namespace livyd::local
