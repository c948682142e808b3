// An absolute http or https URL, parsed; the path and query stay as they were written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace livyd::http {

struct url {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< without brackets for IPv6; lower case
  std::uint16_t port = 0;
  std::string path = "/";  ///< percent-encoded, starts with '/'
  std::string query;       ///< percent-encoded, without '?'

  bool secure() const { return scheme == "https"; }
  /// "https://host:port", always with the port: the key of a connection pool.
  std::string origin() const;
  /// "host" or "host:port" when the port is not the scheme's own; IPv6 in brackets.
  std::string authority() const;
  /// "host:port", always with the port: how messages call the peer.
  std::string host_and_port() const;
  /// Path and query, as sent in the request line.
  std::string target() const;
  /// For messages: without the query.
  std::string shown() const;
  bool loopback() const;
};

/// Throws failure{invalid_input} with a sentence that names what is wrong: no scheme, another
/// scheme, no host, a bad port, credentials inside (they belong elsewhere), a space or control
/// character.
url parse_url(std::string_view text);

/// `base` with "/" + `path` appended to its path; neither is decoded. `query` replaces the query.
url joined(const url& base, std::string_view path, std::string_view query = {});

/// What a Location means that came in answer to `base`: absolute, or relative to it. Spaces and
/// bytes outside ASCII are percent-encoded, since some servers forget to; nothing else is changed.
/// Throws like parse_url().
url resolved(const url& base, std::string_view location);

}  // namespace livyd::http
