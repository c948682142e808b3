#include "http/url.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <vector>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

[[noreturn]] void refuse(std::string sentence) {
  throw failure(failure_kind::invalid_input, std::move(sentence));
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

void refuse_odd_characters(std::string_view text) {
  for (const char c : text) {
    if (c == ' ') refuse("The URL holds a space. Write it as %20.");
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) refuse("The URL holds a control character.");
    if (byte >= 0x80) refuse("The URL holds a character that must be percent-encoded.");
  }
}

std::string parse_scheme(std::string_view text, std::size_t end) {
  if (end == std::string_view::npos || end == 0) {
    refuse(concat("The URL \"", text, "\" has no scheme. It starts with http:// or https://."));
  }
  auto scheme = lower_case(text.substr(0, end));
  if (scheme != "http" && scheme != "https") {
    refuse(concat("The URL's scheme is \"", scheme, "\". Only http and https can be used."));
  }
  return scheme;
}

std::string parse_host(std::string_view text) {
  if (text.empty()) refuse("The URL has no host.");
  auto host = lower_case(text);
  if (!std::all_of(host.begin(), host.end(), is_host_character)) {
    refuse(concat("The URL's host \"", text, "\" is not a host name."));
  }
  return host;
}

std::string parse_bracketed_host(std::string_view text) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(std::string(text), error);
  if (error) refuse(concat("The URL's host [", text, "] is not an IPv6 address."));
  return lower_case(text);
}

std::uint16_t parse_port(std::string_view text) {
  std::uint32_t port = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, port);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end || port == 0 || port > 65535) {
    refuse(concat("The URL's port \"", text, "\" is not a number from 1 to 65535."));
  }
  return static_cast<std::uint16_t>(port);
}

void parse_authority(std::string_view authority, url& into) {
  // Neither part of "user:password@host" may appear in the sentence.
  if (authority.find('@') != std::string_view::npos) {
    refuse(
        "The URL holds a user name or a password. Take it out; credentials belong in the "
        "authentication settings.");
  }
  auto rest = authority;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) refuse("The URL's host has no closing bracket.");
    into.host = parse_bracketed_host(authority.substr(1, end - 1));
    rest = authority.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') refuse("The URL has text between host and port.");
  } else {
    const auto end = std::min(authority.find(':'), authority.size());
    into.host = parse_host(authority.substr(0, end));
    rest = authority.substr(end);
  }
  into.port = into.secure() ? https_port : http_port;
  if (!rest.empty()) into.port = parse_port(rest.substr(1));
}

/// "http:", "ftp:": what comes before the first "/", "?" or "#" holds a colon.
bool has_scheme(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos &&
         colon < std::min(text.find_first_of("/?#"), text.size());
}

std::string only_ascii(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool odd = c == ' ' || static_cast<std::uint8_t>(c) >= 0x80;
    out += odd ? percent_encoded({&c, 1}) : std::string(1, c);
  }
  return out;
}

/// RFC 3986, 5.2.4; `path` starts with '/'.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto segments = split(path.substr(1), '/');
  for (std::size_t at = 0; at < segments.size(); ++at) {
    const bool dots = segments[at] == "." || segments[at] == "..";
    if (segments[at] == ".." && !kept.empty()) kept.pop_back();
    if (!dots) kept.push_back(segments[at]);
    if (dots && at + 1 == segments.size()) kept.emplace_back();
  }
  std::string out;
  for (const auto segment : kept) out += concat("/", segment);
  return out.empty() ? "/" : out;
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : concat("[", host, "]");
}

}  // namespace

std::string url::origin() const {
  return concat(scheme, "://", host_and_port());
}

std::string url::host_and_port() const {
  return concat(bracketed(host), ":", port);
}

std::string url::authority() const {
  if (port == (secure() ? https_port : http_port)) return bracketed(host);
  return concat(bracketed(host), ":", port);
}

std::string url::target() const {
  return query.empty() ? path : concat(path, "?", query);
}

std::string url::shown() const {
  return concat(scheme, "://", authority(), path);
}

bool url::loopback() const {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

url parse_url(std::string_view text) {
  if (text.empty()) refuse("The URL is empty.");
  const auto scheme_end = text.find("://");
  // Looked at first: whatever is wrong besides, a password must not be quoted.
  const auto authority_start = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const auto authority_end = std::min(text.find_first_of("/?#", authority_start), text.size());
  const auto authority = text.substr(authority_start, authority_end - authority_start);
  url result;
  if (authority.find('@') != std::string_view::npos) parse_authority(authority, result);
  refuse_odd_characters(text);
  result.scheme = parse_scheme(text.substr(0, authority_end), scheme_end);
  parse_authority(authority, result);

  auto rest = text.substr(authority_end);
  rest = rest.substr(0, rest.find('#'));
  const auto path_end = std::min(rest.find('?'), rest.size());
  if (path_end > 0) result.path = rest.substr(0, path_end);
  if (path_end < rest.size()) result.query = rest.substr(path_end + 1);
  return result;
}

url joined(const url& base, std::string_view path, std::string_view query) {
  url result = base;
  result.query = query;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return result;
  if (!result.path.ends_with('/')) result.path.push_back('/');
  result.path.append(path);
  return result;
}

url resolved(const url& base, std::string_view location) {
  const auto text = only_ascii(location);
  if (has_scheme(text)) return parse_url(text);
  if (text.starts_with("//")) return parse_url(concat(base.scheme, ":", text));
  if (text.empty() || text.starts_with('#')) return base;
  if (text.starts_with('?')) return parse_url(concat(base.origin(), base.path, text));
  const auto folder = base.path.substr(0, base.path.rfind('/') + 1);
  auto result = parse_url(concat(base.origin(), text.starts_with('/') ? "" : folder, text));
  result.path = without_dot_segments(result.path);
  return result;
}

}  // namespace livyd::http
