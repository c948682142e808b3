#include "http/proxy.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

/// The literal address that `host` is; IPv4 inside IPv6 counts as IPv4.
std::optional<ip::address> address_of(const std::string& host) {
  error_code error;
  auto address = ip::make_address(host, error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

/// Whether `network` ("10.0.0.0/8", "fd00::/8") holds the address; not when it cannot be read.
bool holds(const std::string& network, const ip::address& address) {
  error_code error;
  if (address.is_v4()) {
    const auto range = ip::make_network_v4(network, error);
    return !error &&
           ip::network_v4(address.to_v4(), range.prefix_length()).canonical() == range.canonical();
  }
  const auto range = ip::make_network_v6(network, error);
  return !error &&
         ip::network_v6(address.to_v6(), range.prefix_length()).canonical() == range.canonical();
}

struct bypass_entry {
  std::string host;  ///< without brackets and port
  std::string port;  ///< "" for any
};

bypass_entry parsed(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {.host = std::string(text), .port = {}};
    const auto rest = text.substr(end + 1);
    return {.host = std::string(text.substr(1, end - 1)),
            .port = std::string(rest.starts_with(':') ? rest.substr(1) : rest)};
  }
  // Two colons make an IPv6 address without a port.
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return {.host = std::string(text), .port = {}};
  }
  return {.host = std::string(text.substr(0, colon)), .port = std::string(text.substr(colon + 1))};
}

std::string_view without_dots(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(1);
  while (name.starts_with('.')) name.remove_prefix(1);
  while (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool is_or_is_below(std::string_view host, std::string_view domain) {
  if (domain.empty() || !host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool matches(std::string_view text, const url& target) {
  if (text.empty()) return false;
  if (text == "*") return true;
  const auto entry = parsed(lower_case(text));
  if (!entry.port.empty() && entry.port != std::to_string(target.port)) return false;
  const auto address = address_of(target.host);
  if (address && entry.host.find('/') != std::string::npos) return holds(entry.host, *address);
  if (address) return address_of(entry.host) == address;
  return is_or_is_below(without_dots(lower_case(target.host)), without_dots(entry.host));
}

std::vector<std::string> entries_of(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", \t"), list.size());
    if (end > 0) out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

/// A variable and what it says.
struct setting {
  std::string name;
  std::string value;
};

/// The first of these variables that is set; an empty one is not.
std::optional<setting> first_of(const std::vector<std::string>& names,
                                const environment& variables) {
  for (const auto& name : names) {
    const auto value = variables(name);
    if (value && !trimmed(*value).empty()) return setting{name, std::string(trimmed(*value))};
  }
  return std::nullopt;
}

/// "the proxy in HTTPS_PROXY", "the profile's proxy".
std::string called(const std::string& source) {
  return source.empty() ? std::string("the profile's proxy") : concat("the proxy in ", source);
}

[[noreturn]] void refuse(std::string sentence) {
  throw failure(failure_kind::invalid_input, std::move(sentence));
}

void require_plain_http(const std::string& scheme, const std::string& source) {
  if (scheme == "http") return;
  const auto remedy = concat(
      "Name one that starts with http:// in the profile's \"proxy\", or set \"proxy\": \"none\".");
  if (scheme.starts_with("socks")) {
    refuse(concat("livyd cannot use ", called(source), ": it speaks SOCKS, and livyd only HTTP. ",
                  remedy));
  }
  if (scheme == "https") {
    refuse(concat("livyd cannot use ", called(source),
                  ": it is reached over TLS (https://), which livyd does not do. ", remedy));
  }
  refuse(concat("livyd cannot use ", called(source), ": its address does not start with http://. ",
                remedy));
}

/// Whatever is wrong with an address that holds a password, no part of it is quoted.
[[noreturn]] void refuse_address(const std::string& source) {
  refuse(concat("The address of ", called(source),
                " cannot be read. It looks like http://proxy.example.com:3128",
                source.empty() ? "."
                               : "; characters such as @, / and # in a user name or a password are "
                                 "written as %40, %2F and %23."));
}

/// "http://user:password@host:port/", where the scheme and the credentials may be missing.
proxy parsed_proxy(std::string_view text, const std::string& source) {
  const auto mark = text.find("://");
  const auto scheme = lower_case(mark == std::string_view::npos ? "http" : text.substr(0, mark));
  require_plain_http(scheme, source);
  auto rest = mark == std::string_view::npos ? text : text.substr(mark + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  proxy out;
  out.source = source;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto credentials = rest.substr(0, at);
    const auto colon = std::min(credentials.find(':'), credentials.size());
    out.user = percent_decoded(credentials.substr(0, colon));
    if (colon < credentials.size()) out.password = percent_decoded(credentials.substr(colon + 1));
    rest = rest.substr(at + 1);
  }
  try {
    out.address = parse_url(concat("http://", rest));
  } catch (const failure&) {
    refuse_address(source);
  }
  return out;
}

proxy own_proxy(const proxy_settings& settings) {
  auto out = parsed_proxy(trimmed(settings.url), {});
  if (!out.user.empty() || !out.password.empty()) {
    refuse(
        "The profile's proxy holds a user name or a password. Take it out, and set \"auth\": "
        "{\"type\": \"basic\", \"user\": \"…\"} in the profile's \"proxy\".");
  }
  out.user = settings.user;
  return out;
}

std::optional<proxy> environment_proxy(const proxy_settings& settings, const url& target,
                                       const environment& variables) {
  if (target.loopback()) return std::nullopt;
  const auto bypass = first_of({"no_proxy", "NO_PROXY"}, variables);
  if (bypass && is_bypassed(entries_of(bypass->value), target)) return std::nullopt;
  // HTTP_PROXY is what a web server makes of a request's "Proxy" header, so curl does not read it.
  std::vector<std::string> names{"http_proxy", "all_proxy", "ALL_PROXY"};
  if (target.secure()) names = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  const auto found = first_of(names, variables);
  if (!found) return std::nullopt;
  auto out = parsed_proxy(found->value, found->name);
  if (out.user.empty()) out.user = settings.user;
  return out;
}

}  // namespace

std::string advice_for(const proxy& through) {
  if (through.source.empty()) return "Check \"proxy\" in the profile.";
  return concat("Check the variable ", through.source,
                ", or set \"proxy\" in the profile; \"none\" goes without.");
}

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

bool is_bypassed(const std::vector<std::string>& list, const url& target) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& entry) { return matches(trimmed(entry), target); });
}

std::optional<proxy> proxy_for(const proxy_settings& settings, const url& target,
                               const environment& variables) {
  if (settings.from == proxy_settings::choice::direct) return std::nullopt;
  if (is_bypassed(settings.bypass, target)) return std::nullopt;
  if (settings.from == proxy_settings::choice::own) return own_proxy(settings);
  return environment_proxy(settings, target, variables);
}

}  // namespace livyd::http
