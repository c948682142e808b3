// The bodies Livy's clients send, read as strictly as Livy reads them: unknown fields, wrong kinds
// and wrong types are refused with its own words.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "local/livy_answer.hpp"

namespace livyd::local {

/// "spark", "pyspark", "sparkr", "sql" or "shared" for any of Livy's names; nothing for others.
std::optional<std::string> kind_named(std::string_view name);

/// POST /sessions, after the fields were read.
struct session_request {
  std::string kind = "shared";
  std::optional<std::string> name;
  std::optional<std::string> proxy_user;
  std::optional<std::string> ttl;
  std::optional<std::string> idle_timeout;
  std::optional<std::string> driver_memory;
  std::optional<std::string> executor_memory;
  std::optional<std::string> queue;
  std::int64_t driver_cores = 0;
  std::int64_t executor_cores = 0;
  std::int64_t executor_count = 0;
  std::int64_t heartbeat_seconds = 0;
  std::map<std::string, std::string> conf;
  std::vector<std::string> jars;
  std::vector<std::string> py_files;
  std::vector<std::string> files;
  std::vector<std::string> archives;
};

/// The JSON object of a body; refused (400, a bare string) when it is none or has a field Livy does
/// not know. Creating a session uses up an id only after this.
ordered_json session_object(std::string_view body);
/// Throws refused: 400 "Rejected, Reason: …", or 500 for a core count that is no number.
session_request read_session_request(const ordered_json& object);

struct statement_request {
  std::string code;
  std::optional<std::string> kind;  ///< as sent; may be no kind at all
};
statement_request read_statement_request(std::string_view body);

struct job_request {
  std::string job;  ///< base64 of a pickle
  std::string type;
};
job_request read_job_request(std::string_view body);

/// POST …/add-pyfile and …/add-file: the uri.
std::string read_resource_request(std::string_view body);
/// POST …/completion: only checked; nothing but Scala is ever completed.
void check_completion_request(std::string_view body);

/// "90s", "10m", "1h", "600000": Livy's time strings; a bare number means milliseconds.
std::optional<std::chrono::milliseconds> duration_of(std::string_view text);

/// A number of a path or query as Java reads it; refused (400) otherwise.
std::int64_t java_int(std::string_view text);

/// The local path of a file URI that may be given to a session; refused with Livy's words when it
/// is not there. Nothing for other schemes.
std::optional<std::string> local_path_of(std::string_view uri, std::string_view prefix);

}  // namespace livyd::local
