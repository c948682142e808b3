// A file under a temporary name first: what was cut in the middle looks like a whole file (C5).
#include <memory>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "hdfs/webhdfs.hpp"

namespace livyd::hdfs {
namespace {

constexpr auto clean_up_deadline = 30s;
constexpr auto between_looks = 200ms;

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

bool was_answered(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const failure& reason) {
    return reason.kind() != failure_kind::cancelled && !leaves_outcome_unknown(reason.kind());
  } catch (...) {
    return false;
  }
}

task<void> require_length(client& to, std::string path, std::string part, std::int64_t bytes) {
  const auto arrived = co_await to.status(part);
  if (arrived && arrived->bytes == bytes) co_return;
  throw failure(failure_kind::io,
                concat("Of ", path, " only ", arrived ? arrived->bytes : 0, " of ", bytes,
                       " bytes arrived in HDFS. Nothing was replaced; try again."));
}

/// A rename whose answer was lost may have been made.
task<void> put_in_place(client& to, std::string part, std::string path, std::int64_t bytes,
                        bool overwrite) {
  std::exception_ptr problem;
  try {
    co_await to.rename(part, path, overwrite);
    co_return;
  } catch (const failure& reason) {
    if (!leaves_outcome_unknown(reason.kind())) throw;
    problem = std::current_exception();
  }
  const auto left = co_await to.status(part);
  const auto there = co_await to.status(path);
  if (left || !there || there->bytes != bytes) std::rethrow_exception(problem);
}

task<void> write_and_rename(client& to, std::string path, std::string part, http::byte_source from,
                            std::int64_t bytes, bool overwrite) {
  co_await to.create(part, std::move(from), bytes, true);
  co_await require_length(to, path, part, bytes);
  co_await put_in_place(to, part, path, bytes, overwrite);
}

task<bool> removed(client& to, std::string part) {
  try {
    co_await to.remove(part, false);
    co_return true;
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    log::debug("hdfs", concat("a part could not be removed: ", reason.message()));
  }
  co_return false;
}

task<bool> is_there(client& to, std::string part) {
  try {
    co_return (co_await to.status(part)).has_value();
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
  }
  co_return false;
}

/// After a cut the data node may make the file a moment later than we look, and what was cut may
/// have been more than one connection: looks and removals that fail are repeated.
task<void> remove_part(client& to, std::string part, bool may_come_later) {
  constexpr int looks = 20;  // 4 s: a data node under load is late
  constexpr int attempts = 5;
  asio::steady_timer pause(co_await asio::this_coro::executor);
  for (int look = 1; may_come_later && look < looks; ++look) {
    if (co_await is_there(to, part)) break;
    pause.expires_after(between_looks);
    co_await pause.async_wait(asio::use_awaitable);
  }
  for (int attempt = 1; attempt <= attempts; ++attempt) {
    if (co_await removed(to, part)) co_return;
    pause.expires_after(between_looks);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

task<void> require_free(client& to, std::string path, bool overwrite) {
  const auto there = co_await to.status(path);
  if (!there) co_return;
  if (there->folder) {
    throw failure(failure_kind::rejected,
                  concat(path, " is a folder. Give the file a name in it."));
  }
  if (overwrite) co_return;
  throw failure(failure_kind::rejected,
                concat(path, " exists already. Remove it first, or allow it to be replaced."));
}

}  // namespace

task<void> upload(client& to, std::string path, http::byte_source from, std::int64_t bytes,
                  bool overwrite, std::function<void(std::int64_t)> progress) {
  const auto part = part_beside(path);
  co_await require_free(to, path, overwrite);
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
  const bool may_come_later = !was_answered(problem);
  co_await shielded([&to, part, may_come_later] { return remove_part(to, part, may_come_later); },
                    clean_up_deadline);
  std::rethrow_exception(problem);
}

}  // namespace livyd::hdfs
