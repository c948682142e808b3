// What can go wrong, as one exception with a kind, a sentence for the user and a detail for the
// log.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace livyd {

/// Why something could not be done. The kind decides what a caller does next; the message is what
/// the user reads. The names on the wire are those of `FailureKind` in protocol.ts.
enum class failure_kind {
  cancelled,           ///< the caller asked for it
  timeout,             ///< a stated deadline passed
  name_not_found,      ///< DNS
  connection_refused,  ///< nobody listens
  connection_lost,     ///< reset, or the answer was cut short
  tls,                 ///< handshake, certificate or host name
  not_http,            ///< the peer does not speak HTTP (or speaks TLS where none is expected)
  not_livy,            ///< HTTP, but not a Livy server
  unauthorized,        ///< 401
  forbidden,           ///< 403
  not_found,           ///< 404
  rejected,            ///< 400 and other refusals of what was sent
  server_error,        ///< 5xx: the outcome of a POST is unknown
  session_failed,      ///< a session died while it started
  session_lost,        ///< the session is gone
  session_removed,     ///< the user removed it: nothing starts by itself
  too_large,           ///< a stated limit was exceeded
  invalid_input,       ///< the caller's words are wrong
  unsupported,         ///< this server or this build cannot do it
  io,                  ///< a local file or process
  internal,            ///< a bug of ours
};

/// The kind's name as in protocol.ts ("connectionRefused").
std::string_view name_of(failure_kind kind);

/// True when the network or the server in between may be at fault and asking again may help.
bool is_transient(failure_kind kind);

/// True when a POST that failed like this may have done its work all the same.
bool leaves_outcome_unknown(failure_kind kind);

class failure : public std::exception {
 public:
  /// `message`: what happened, then what to do; complete sentences. `detail`: for the log and for
  /// "Details"; may be empty; never a secret.
  failure(failure_kind kind, std::string message, std::string detail = {});

  failure_kind kind() const noexcept { return kind_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& detail() const noexcept { return detail_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  failure_kind kind_;
  std::string message_;
  std::string detail_;
};

}  // namespace livyd
