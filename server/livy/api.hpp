// Livy's shapes, read tolerantly and written per version. Pure: no network, no clock.
// Sources: Livy 0.7 to 0.9 REST API; docs/livy-differences.md says where servers differ between
// versions.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "http/message.hpp"

namespace livyd::livy {

/// What GET /version says; {0, 0} when the server does not tell.
struct server_version {
  std::string text;  ///< "0.9.0-incubating", as the server wrote it
  int major = 0;
  int minor = 0;
  bool embedded = false;  ///< livyd's own endpoint

  bool at_least(int wanted_major, int wanted_minor) const;
};
server_version read_version(const nlohmann::json& body);

/// What a session can do now, whatever word the server used for it.
enum class session_phase {
  starting,  ///< not_started, starting, recovering, and words that are not known
  idle,
  busy,    ///< busy, running
  ending,  ///< shutting_down
  failed,  ///< error: the interpreter died; the session still costs memory and must be deleted
  dead,    ///< dead, killed, success
};
session_phase phase_of(std::string_view state);

struct session_view {
  std::string id;  ///< digits, or whatever string the server uses
  std::string name;
  std::string state;
  std::string kind;
  std::string application_id;
  std::string owner;
  std::string proxy_user;
  std::string spark_ui_url;
  std::string driver_log_url;
  std::vector<std::string> log;  ///< the last lines, as the server cut them
  nlohmann::json raw;            ///< everything, for details

  session_phase phase() const { return phase_of(state); }
};
/// Throws failure{not_livy} when there is no id or state in it.
session_view read_session(const nlohmann::json& body);

struct session_page {
  std::int64_t from = 0;
  std::int64_t total = 0;
  std::vector<session_view> sessions;
};
session_page read_session_page(const nlohmann::json& body);

struct log_page {
  std::int64_t from = 0;
  std::int64_t total = 0;
  std::vector<std::string> lines;
};
log_page read_log_page(const nlohmann::json& body);

/// POST /sessions. Empty strings and absent values are not sent.
struct session_request {
  std::string kind = "pyspark";
  std::string name;
  std::string proxy_user;
  std::string queue;
  std::string driver_memory;
  std::string executor_memory;
  std::string ttl;
  std::string idle_timeout;
  std::optional<std::int64_t> driver_cores;
  std::optional<std::int64_t> executor_cores;
  std::optional<std::int64_t> executor_count;  ///< numExecutors
  std::optional<std::int64_t> heartbeat_timeout_seconds;
  std::vector<std::string> jars;
  std::vector<std::string> py_files;
  std::vector<std::string> files;
  std::vector<std::string> archives;
  std::map<std::string, std::string> conf;
};
/// The body for a server of that version: a field it does not know would be refused with 400, so it
/// is left out and its name added to `left_out`.
nlohmann::json session_body(const session_request& wanted, const server_version& version,
                            std::vector<std::string>& left_out);

/// A part of a statement's output: "text/plain", "application/json", "image/png", …
struct output_part {
  std::string mime;
  std::uint64_t bytes = 0;  ///< whole length as decoded text (JSON text for structured values)
  std::string preview;      ///< the first `part_preview_limit` bytes at most (4 times that for all
                            ///< parts together), cut at a character
  bool structured = false;  ///< the value was an object or array, given as JSON text
  bool whole() const { return preview.size() == bytes; }
};
constexpr std::size_t part_preview_limit = 1 << 20;

struct statement_view {
  std::int64_t id = -1;
  std::string state;      ///< waiting, running, available, cancelling, cancelled, or another word
  std::string code_head;  ///< the first 4 KiB of the code
  std::string code_tail;  ///< the last 4 KiB of it, which may overlap the first
  double progress = 0;
  std::int64_t started = 0;  ///< driver's clock, ms; 0 = unset
  /// 0 = unset: a terminal state without it is a torn read. `completed_unknown` in a terminal state
  /// of a server (before 0.7) that does not tell.
  std::int64_t completed = 0;
  static constexpr std::int64_t completed_unknown = -1;
  bool has_output = false;
  std::string status;  ///< "ok", "error", or "" without output
  std::string error_name;
  std::string error_value;             ///< at most part_preview_limit bytes
  std::vector<std::string> traceback;  ///< lines without line ends, 1 MiB in all at most
  std::vector<output_part> parts;

  bool terminal() const { return state == "available" || state == "cancelled"; }
  /// Terminal and no torn read.
  bool complete() const { return terminal() && completed != 0; }
};

/// A job of submit-job: a function that runs beside the statements.
struct job_view {
  std::int64_t id = -1;
  std::string state;   ///< SENT, QUEUED, STARTED, SUCCEEDED, FAILED, CANCELLED, or another word
  std::string result;  ///< of a PySpark job: the base64 of the base64 of a pickle
  std::string error;   ///< why it failed: Java's and Python's words, with their stacks

  bool finished() const {
    return state == "SUCCEEDED" || state == "FAILED" || state == "CANCELLED";
  }
};
/// Throws failure{not_livy} when there is no id or state in it.
job_view read_job(const nlohmann::json& body);

/// The server's own words in an answer that is no success, as one line: `{"msg":"…"}`, a bare JSON
/// string, an HTML page (its title or message), or nothing. Java stack frames are cut off.
std::string server_words(const http::response& answer);

/// What a status other than 2xx means for the user who did `what` ("create a session"). 401, 403,
/// 404, 4xx and 5xx each have their kind; HTML with 200 is failure{not_livy} with the page's title.
failure failure_from(const http::response& answer, const http::url& target, std::string_view what);

/// The same for a request about one session: what Livy says of a session that is gone, has ended or
/// has lost its driver is failure{session_lost}. A gateway's own 404 or 500 page is not.
failure session_failure_from(const http::response& answer, const http::url& target,
                             std::string_view what);

/// failure{not_livy} for an answer of another server; `reason` is a clause ("it sent a web page").
failure not_livy(const http::url& target, std::string_view reason, std::string detail);

/// Parses a JSON answer; throws failure_from(...) when it is not JSON (an HTML login page).
nlohmann::json json_body(const http::response& answer, const http::url& target,
                         std::string_view what);

/// "http://host:8998/sessions/" and "http://host/gateway/x/livy" both become the server's root.
http::url base_url(std::string_view text);

}  // namespace livyd::livy
