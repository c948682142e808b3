// What the doctor says of each link, made of what was found there, and the report for a ticket.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "http/auth/gssapi.hpp"
#include "http/probe.hpp"
#include "http/url.hpp"
#include "livy/api.hpp"
#include "protocol/protocol.hpp"
#include "service/profile.hpp"

namespace livyd {

/// The links in their order, as they are called on the wire.
namespace link {
inline constexpr std::string_view profile = "Profile";
inline constexpr std::string_view endpoint = "Endpoint";
inline constexpr std::string_view name = "Name look-up";
inline constexpr std::string_view proxy = "Proxy";
inline constexpr std::string_view tcp = "TCP";
inline constexpr std::string_view tls = "TLS";
inline constexpr std::string_view authentication = "Authentication";
inline constexpr std::string_view livy = "Livy";
inline constexpr std::string_view webhdfs = "WebHDFS";
}  // namespace link

protocol::Check sound(std::string_view name, std::string found);
/// Works, but somebody should know of it.
protocol::Check doubtful(std::string_view name, std::string found, std::string advice = {});
protocol::Check not_tried(std::string_view name, std::string why = {});
/// The failure's own sentences: the first is what was found, the rest what to do.
protocol::Check broken(std::string_view name, const failure& reason, std::string_view more = {});

/// "What happened." and "What to do. …": a message in its two parts. Full stops inside quotation
/// marks and names end nothing.
struct told {
  std::string happened;
  std::string advice;
};
told in_two_parts(std::string_view message);

/// `addresses` of the host; `proxy` that looks the name up instead of us, or "".
protocol::Check about_name(const std::string& host, const std::vector<std::string>& addresses,
                           const std::string& proxy);
protocol::Check about_proxy(const http::proxy_facts& way);
/// `direct`: nothing where a proxy connects.
protocol::Check about_tcp(const http::proxy_facts& way,
                          const std::optional<http::tcp_facts>& direct);

struct tls_findings {
  bool used = true;  ///< false: http://
  bool verified = true;
  bool exposed = false;  ///< credentials go over http:// to another machine: `allowInsecure`
  http::tls_facts shown;
  std::string objection;  ///< without verification: what it would say, or ""
};
protocol::Check about_tls(const tls_findings& found, std::int64_t wall_milliseconds);

struct authentication_findings {
  authentication_kind kind = authentication_kind::none;
  std::string user;                    ///< Basic
  bool asked = false;                  ///< a request without credentials was refused
  std::vector<std::string> offered;    ///< what the refusal names
  std::string service;                 ///< Kerberos: the SPN
  std::optional<http::ticket> ticket;  ///< Kerberos
  protocol::Credentials judged;        ///< Kerberos: what the ticket is worth
  bool cookie = false;                 ///< one came with the answer
  std::optional<failure> refusal;
};
protocol::Check about_authentication(const authentication_findings& found);

struct livy_findings {
  livy::server_version version;
  std::optional<bool> guarded;  ///< against requests without X-Requested-By; nothing: not known
  std::int64_t sessions = 0;
  std::int64_t own = 0;
  bool agent = true;                         ///< the profile wants the side channel
  std::optional<failure> side_channel = {};  ///< why there is none
};
protocol::Check about_livy(const livy_findings& found);

struct webhdfs_findings {
  std::string home;
  std::string folder;                        ///< where the probe file was
  std::optional<failure> home_problem = {};  ///< why it was not in the home
};
protocol::Check about_webhdfs(const webhdfs_findings& found);

struct report_head {
  std::string version;
  std::string system;
  std::string profile;
  std::string url;  ///< without a query; "" where there is none
  std::int64_t wall_milliseconds = 0;
};
/// The whole as aligned text, redacted.
std::string report_text(const report_head& head, const std::vector<protocol::Check>& checks);

/// Without what must not be pasted: queries of URLs, credentials in them, tokens behind the names
/// of authentication schemes, values of cookies and of delegation tokens.
std::string redacted(std::string_view text);

}  // namespace livyd
