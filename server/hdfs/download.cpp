// A file of HDFS, read to its end and counted.
#include <chrono>
#include <utility>

#include "base/text.hpp"
#include "hdfs/webhdfs.hpp"

namespace livyd::hdfs {
namespace {

struct progress_of_download {
  http::body_sink sink;
  std::function<void(std::int64_t, std::int64_t)> told;
  std::int64_t total = 0;
  std::int64_t received = 0;
  std::chrono::steady_clock::time_point last = {};
};

}  // namespace

task<void> download(client& from, std::string path, http::body_sink sink,
                    std::function<void(std::int64_t, std::int64_t)> progress) {
  const auto found = co_await from.status(path);
  if (!found) throw failure(failure_kind::not_found, concat("There is no ", path, " in HDFS."));
  if (found->folder) {
    throw failure(failure_kind::invalid_input, concat(path, " is a folder, not a file."));
  }
  // Shared with a request that unwinds after us.
  auto state = std::make_shared<progress_of_download>(
      progress_of_download{std::move(sink), std::move(progress), found->bytes});
  http::body_sink counted = [state](std::string_view piece) -> task<void> {
    co_await state->sink(piece);
    state->received += static_cast<std::int64_t>(piece.size());
    const auto now = std::chrono::steady_clock::now();
    if (state->told && now - state->last >= between_reports) {
      state->last = now;
      state->told(state->received, state->total);
    }
  };
  if (found->bytes > 0) co_await from.read(path, 0, -1, std::move(counted));
  if (state->received != state->total) {
    throw failure(failure_kind::io,
                  concat("Of ", path, " ", state->received, " bytes came from HDFS, and it has ",
                         state->total, ". It changed meanwhile, or the way broke; try again."));
  }
  if (state->told) state->told(state->total, state->total);
}

}  // namespace livyd::hdfs
