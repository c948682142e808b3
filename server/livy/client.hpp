// Livy's REST as typed requests, one function an endpoint; no retries, no state but the version.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.hpp"
#include "http/client.hpp"
#include "livy/api.hpp"
#include "livy/batch.hpp"

namespace livyd::livy {

/// A session that cannot exist, for questions that must change nothing: Livy counts from 0, in 31
/// bits.
inline constexpr std::string_view nobodys_session = "2147483647";

/// Where a statement's output goes while it is read. A reading may be repeated (a torn read, a cut
/// connection): `restart` says that everything written so far is void.
class output_sink {
 public:
  virtual ~output_sink() = default;
  virtual task<void> restart() = 0;
  /// `part` is the index in the statement's parts, `mime` its type. Awaited before more is read.
  virtual task<void> write(std::size_t part, std::string_view mime, std::string_view text) = 0;
};

/// For whoever wants a statement's state and not its output.
class no_output final : public output_sink {
 public:
  task<void> restart() override { co_return; }
  task<void> write(std::size_t, std::string_view, std::string_view) override { co_return; }
};

/// Every function throws what http::client throws, and livy::failure_from for other statuses; each
/// is cancellable. A POST is sent once: after timeout, connection_lost, server_error or not_livy
/// its outcome is unknown.
class client {
 public:
  client(http::client& transport, http::url base);

  const http::url& base() const { return base_; }
  /// GET /version, asked once and kept. A server without it (404) is version {0, 0}.
  task<server_version> version();
  /// Forgets the version (another server may stand there now).
  void forget_version() { version_.reset(); }

  task<session_view> create_session(session_request wanted, std::vector<std::string>& left_out);
  /// By id or by name; nothing when the server says 404.
  task<std::optional<session_view>> find_session(std::string id_or_name);
  /// All of them, page by page; at most the first 10,000.
  task<std::vector<session_view>> list_sessions();
  /// `from` < 0: the tail.
  task<log_page> read_log(std::string session, std::int64_t from, std::int64_t size);
  /// Deleting what is gone is no failure. Livy may take 10 s while a cell runs.
  task<void> delete_session(std::string session);
  /// Whether POSTs without X-Requested-By are refused, as the CSRF filters of Livy and of gateways
  /// do; nothing where the answer does not tell. Asks about a session that cannot exist, so nothing
  /// is changed.
  task<std::optional<bool>> guards_against_forgery();
  /// Whether anything that speaks HTTP answers at all, within that silence.
  task<bool> answers(duration silence);
  /// Keep-alive: the one cheap request that Livy counts as use.
  task<void> connect(std::string session);

  /// `kind`: "pyspark", "spark", "sql", "sparkr"; "" for the session's own. Returns the new
  /// statement's id. Throws failure{invalid_input} for code that is not UTF-8 (nothing was sent),
  /// failure{rejected} while the session starts (nothing ran), failure{session_lost} as below.
  task<std::int64_t> submit(std::string session, std::string code, std::string kind);
  /// Nothing when the server says 404 for the statement. A session that is gone or not active is
  /// failure{session_lost}; so are "RPC channel is closed." and "Connection refused" from the
  /// driver.
  task<std::optional<statement_view>> read_statement(std::string session, std::int64_t statement,
                                                     output_sink& sink, duration silence = 10s);
  task<void> cancel_statement(std::string session, std::int64_t statement);

  /// Starts a PySpark job, the base64 of a pickled function, beside the statements (submit-job, in
  /// Livy since 0.5). Returns its id. Throws failure{unsupported} where the server or a gateway
  /// does not offer that, failure{rejected} while the session starts, failure{session_lost}.
  task<std::int64_t> submit_job(std::string session, std::string job);
  /// Nothing when the server does not know the job: it forgets one whose end was read once, so an
  /// answer that was lost on its way is lost for good. Throws as submit_job.
  task<std::optional<job_view>> read_job(std::string session, std::int64_t job);

  /// Puts a file beside the driver, for the imports of driver and executors (`python`) or as a file
  /// for both. A file of the same name that is there already stays. Throws failure{too_large} above
  /// upload_limit, before anything is read; otherwise as submit_job. `bytes` as told by the owner.
  task<void> upload(std::string session, bool python, std::string name, http::byte_source from,
                    std::int64_t bytes);
  /// livy.file.upload.max.size, unless a server was set up otherwise.
  static constexpr std::int64_t upload_limit = 100LL << 20;

  task<batch_view> create_batch(batch_request wanted);
  /// By id or by name; nothing when the server says 404.
  task<std::optional<batch_view>> find_batch(std::string id_or_name);
  /// All of them, page by page; at most the first 10,000.
  task<std::vector<batch_view>> list_batches();
  /// `from` < 0: the tail. Throws failure{not_found}.
  task<log_page> read_batch_log(std::string batch, std::int64_t from, std::int64_t size);
  /// Deleting what is gone is no failure.
  task<void> delete_batch(std::string batch);

 private:
  http::request request(http::method verb, std::string path, std::string query, std::string body,
                        duration deadline) const;
  class statement_answer;
  /// Sends it and lets `body` read a 2xx answer while it arrives.
  task<http::response> exchange(http::request outgoing, statement_answer& body);

  http::client& transport_;
  http::url base_;
  std::optional<server_version> version_;
};

}  // namespace livyd::livy
