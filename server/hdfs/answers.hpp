// What WebHDFS says, read into values; a refusal becomes a failure with a sentence. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "hdfs/webhdfs.hpp"

namespace livyd::hdfs {

/// HDFS's own word for what went wrong ("StandbyException") and the first line of its message.
struct remote_exception {
  std::string name;
  std::string message;
};

/// The RemoteException of an answer, whatever its status; nothing where there is none.
std::optional<remote_exception> remote_exception_in(const http::response& answer);

/// The name node is passive, or the root leads to one: another root may do.
bool is_standby(const remote_exception& said);
/// Safe mode and what HDFS calls retriable: the same request may do later.
bool is_passing(const remote_exception& said);

/// What an answer that is no success means for `path`. `doing`: "written", "removed".
failure failure_from(const http::response& answer, std::string_view doing, const std::string& path,
                     const http::url& root);
/// A success that cannot be read.
failure not_webhdfs(const http::response& answer, const http::url& root);

/// Each returns nothing when the body is not what it should be.
std::optional<file_status> status_in(const http::response& answer);
struct listing {
  std::vector<file_status> entries;
  std::int64_t remaining = 0;
};
/// Of LISTSTATUS and of LISTSTATUS_BATCH.
std::optional<listing> listing_in(const http::response& answer);
std::optional<content_summary> summary_in(const http::response& answer);
std::optional<std::string> home_in(const http::response& answer);
std::optional<bool> boolean_in(const http::response& answer);

/// The address of the second step, from the Location field or from the JSON of `noredirect`; the
/// JSON holds raw UTF-8, which is encoded, and nothing else is touched. Throws
/// failure{server_error} when there is none that can be used.
http::url location_in(const http::response& answer, const http::url& root);

}  // namespace livyd::hdfs
