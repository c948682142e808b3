// Kerberos tokens from MIT's GSSAPI, which is loaded when it is first needed.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/async.hpp"

namespace livyd::http {

enum class mutual_authentication { off, optional, required };

struct kerberos_settings {
  std::string service;    ///< "HTTP@host" or "HTTP/host@REALM"; "": HTTP@ and the URL's host
  std::string principal;  ///< "": the cache's own
  std::string keytab;     ///< path; tickets from it live in memory only
  std::string cache;      ///< "": KRB5CCNAME, else the library's default
  bool delegate = false;
  mutual_authentication mutual = mutual_authentication::off;
};

/// What stands between the user and a token.
enum class kerberos_problem {
  none,
  library_missing,
  no_ticket,
  expired,
  unknown_service,    ///< the KDC does not know the SPN
  unknown_principal,  ///< the keytab's or the ticket's owner
  clock_skew,
  kdc_unreachable,
  keytab,      ///< it cannot be read or its key is old
  encryption,  ///< the KDC and this machine share no cipher
  other,
};

/// Which problem libkrb5's English words describe (they are not translated in what it gives to
/// programs). Pure.
kerberos_problem problem_of(std::string_view words);

/// The sentence for it: what happened and what to do. `service` as it was asked for, "" when none
/// was; `words` the library's own, from which names and realms are taken; `expired` when the ticket
/// ended, where that is known. Pure but for the time zone.
std::string sentence_for(kerberos_problem problem, std::string_view service, std::string_view words,
                         std::optional<std::chrono::system_clock::time_point> expired = {});

struct ticket {
  std::string principal;
  std::chrono::system_clock::time_point expires;
};

/// One handshake. It is good for one request: servers keep a list of tokens they have seen.
class security_context {
 public:
  virtual ~security_context() = default;
  /// Base64 of the token for the request.
  virtual const std::string& token() const = 0;
  /// Checks the server's token (base64). Throws failure{unauthorized} when it does not prove the
  /// server.
  virtual task<void> finish(std::string answer) = 0;
};

/// Everything here runs on threads of its own, since a silent KDC blocks the library for half a
/// minute and cannot be interrupted: a cancelled caller leaves at once, the call ends by itself.
class kerberos {
 public:
  virtual ~kerberos() = default;
  /// The first token for `host`. Throws failure{unauthorized}, failure{unsupported} without the
  /// library, failure{timeout} after 20 s without an answer; the message is sentence_for's, the
  /// detail the library's words. Cancellable.
  virtual task<std::unique_ptr<security_context>> begin(std::string host) = 0;
  /// The ticket that begin() would use, without asking a KDC: also one that has expired; nothing
  /// when there is none, with a keytab also before the first begin(). Throws failure{unsupported}
  /// without the library. Cancellable.
  virtual task<std::optional<ticket>> find_ticket() = 0;
  /// The service as begin() would ask for it: "HTTP@gw.example.com".
  virtual std::string service_for(const std::string& host) const = 0;
};

std::shared_ptr<kerberos> make_kerberos(kerberos_settings settings);

}  // namespace livyd::http
