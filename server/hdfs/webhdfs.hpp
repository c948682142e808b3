// WebHDFS as typed requests, one function an operation; knows names and bytes, not what they are
// for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "http/client.hpp"

namespace livyd::hdfs {

/// How often the progress of a transfer is told at most.
constexpr auto between_reports = 100ms;

struct file_status {
  std::string name;  ///< within its folder; "" for the path that was asked for
  bool folder = false;
  std::int64_t bytes = 0;
  std::int64_t modified = 0;  ///< milliseconds since 1970
  std::string owner;
  std::string group;
  std::string permission;  ///< octal, "755"
  std::int64_t replication = 0;
};

struct content_summary {
  std::int64_t bytes = 0;
  std::int64_t files = 0;
  std::int64_t folders = 0;
  std::int64_t space_quota = -1;  ///< bytes; -1: none
  std::int64_t space_used = 0;
};

struct client_options {
  /// The roots, ".../webhdfs/v1"; with more than one, the active name node is found and kept.
  std::vector<http::url> roots;
  /// `user.name=` for clusters without authentication; "" elsewhere.
  std::string user;
  /// How long SafeMode, a retriable failure and the absence of an active name node are waited for.
  duration patience = 60s;
};

/// Paths are absolute and not encoded ("/user/alice/a b.py"). Every function throws what
/// http::client throws and failure{not_found, forbidden, rejected, unsupported, server_error}; the
/// message is the first line of what HDFS says, with the path, and what to do; the detail names the
/// exception. A false `boolean` is a failure. StandbyException tries the next root. Redirect
/// addresses carry tokens and are never logged nor shown. Cancellable.
class client {
 public:
  /// `transport` proves who asks, at the roots' own origins only; whatever a root sends us on to
  /// elsewhere (a data node) is asked through `plain`, which has no credentials.
  client(http::client& transport, http::client& plain, clock& time, client_options options);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Nothing when there is no such path.
  task<std::optional<file_status>> status(std::string path);
  /// Gives the entries in batches as they arrive, in HDFS's order, without end for large folders.
  /// A file lists itself. Throws failure{not_found}.
  task<void> list(std::string path, std::function<task<void>(std::vector<file_status>)> batch);
  task<content_summary> summary(std::string path);
  task<std::string> home();

  /// Makes the folder and its parents. `permission` ("700") is for the last one only: WebHDFS would
  /// give it to every parent that it makes.
  task<void> make_folders(std::string path, std::string permission = {});
  /// Onto an existing file only when `overwrite`; never into an existing folder.
  task<void> rename(std::string from, std::string to, bool overwrite);
  /// Removing what is gone is no failure. A folder with content needs `recursive`.
  task<void> remove(std::string path, bool recursive);
  task<void> set_permission(std::string path, std::string permission);

  /// Writes the file under its own name in two steps; whoever needs it whole or not at all takes
  /// upload(). `bytes` as told by the source's owner; another number is failure{io}.
  task<void> create(std::string path, http::byte_source from, std::int64_t bytes, bool overwrite,
                    std::string permission = {});
  task<void> append(std::string path, http::byte_source from, std::int64_t bytes);
  /// `length` < 0: to the end.
  task<void> read(std::string path, std::int64_t offset, std::int64_t length, http::body_sink sink);

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

/// Writes to "<folder>/.<name>.part-<random>", compares the length, renames onto `path`. After a
/// failure or cancellation nothing stands under `path` that did not stand there before, and the
/// part is removed. `progress` gets the bytes sent so far.
task<void> upload(client& to, std::string path, http::byte_source from, std::int64_t bytes,
                  bool overwrite, std::function<void(std::int64_t)> progress);

/// Reads the whole file; throws failure{io} when fewer or more bytes came than it has (behind some
/// gateways an answer that was cut looks like one that ended), failure{not_found}, and
/// failure{invalid_input} for a folder. `progress` as above, with the size of the file.
task<void> download(client& from, std::string path, http::body_sink sink,
                    std::function<void(std::int64_t, std::int64_t)> progress);

}  // namespace livyd::hdfs
