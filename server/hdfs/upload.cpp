#include <memory>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "hdfs/webhdfs.hpp"

namespace livyd::hdfs {
namespace {

constexpr auto clean_up_deadline = 30s;
constexpr auto between_reports = 100ms;

std::string part_beside(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash + 1 == path.size()) {
    throw failure(failure_kind::invalid_input,
                  concat("\"", valid_utf8(path), "\" is not the path of a file in HDFS."));
  }
  return concat(path.substr(0, slash + 1), ".", path.substr(slash + 1), ".part-", random_hex(4));
}

/// The same bytes; tells how many there were, not too often.
http::byte_source counted(http::byte_source from, std::function<void(std::int64_t)> progress) {
  struct state {
    http::byte_source from;
    std::function<void(std::int64_t)> progress;
    std::int64_t sent = 0;
    std::chrono::steady_clock::time_point told;
  };
  auto shared = std::make_shared<state>(state{std::move(from), std::move(progress), 0, {}});
  return [shared](asio::mutable_buffer into) -> task<std::size_t> {
    const auto bytes = co_await shared->from(into);
    shared->sent += static_cast<std::int64_t>(bytes);
    const auto now = std::chrono::steady_clock::now();
    if (shared->progress && now - shared->told >= between_reports) {
      shared->told = now;
      shared->progress(shared->sent);
    }
    co_return bytes;
  };
}

task<void> write_and_rename(client& to, std::string path, std::string part, http::byte_source from,
                            std::int64_t bytes, bool overwrite) {
  co_await to.create(part, std::move(from), bytes, true);
  const auto arrived = co_await to.status(part);
  if (!arrived || arrived->bytes != bytes) {
    throw failure(failure_kind::io,
                  concat("Of ", path, " only ", arrived ? arrived->bytes : 0, " of ", bytes,
                         " bytes arrived in HDFS. Nothing was replaced; try again."));
  }
  co_await to.rename(part, path, overwrite);
}

}  // namespace

task<void> upload(client& to, std::string path, http::byte_source from, std::int64_t bytes,
                  bool overwrite, std::function<void(std::int64_t)> progress) {
  const auto part = part_beside(path);
  if (!overwrite && co_await to.status(path)) {
    throw failure(failure_kind::rejected,
                  concat(path, " exists already. Remove it first, or allow it to be replaced."));
  }
  std::exception_ptr problem;
  try {
    auto source = counted(std::move(from), progress);
    co_await write_and_rename(to, path, part, std::move(source), bytes, overwrite);
  } catch (...) {
    problem = std::current_exception();
  }
  if (!problem) {
    if (progress) progress(bytes);
    co_return;
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await shielded([&to, part] { return to.remove(part, false); }, clean_up_deadline);
  std::rethrow_exception(problem);
}

}  // namespace livyd::hdfs
