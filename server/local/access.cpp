#include "local/access.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "local/livy_answer.hpp"

namespace livyd::local {
namespace {

/// The token of "Bearer <token>", or "".
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size()) return {};
  if (!equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return {};
  return trimmed(authorization.substr(scheme.size()));
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || !is_port(host.substr(colon + 1))) return host;
  return host.substr(0, colon);
}

bool is_loopback_address(std::string_view host) {
  const auto parts = split(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  return std::all_of(parts.begin(), parts.end(),
                     [](std::string_view part) { return part.size() <= 3 && is_port(part); });
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const auto name = without_port(trimmed(host));
  return name == "[::1]" || equal_ignoring_case(name, "localhost") || is_loopback_address(name);
}

bool same_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0U : 1U;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const char other = i < a.size() ? a[i] : '\0';
    difference |= static_cast<unsigned char>(b[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

std::optional<http::server_response> refusal_of(const http::server_request& request,
                                                std::string_view token) {
  if (request.headers.has("Origin")) {
    return message(403, "The embedded endpoint does not answer web pages.");
  }
  if (!is_loopback_host(request.headers.get("Host"))) {
    return message(403, "The embedded endpoint answers only under 127.0.0.1 or localhost.");
  }
  if (same_secret(bearer_token(request.headers.get("Authorization")), token)) return std::nullopt;
  auto answer = message(401,
                        "The embedded endpoint wants its token: send the header Authorization: "
                        "Bearer, with the token of its first line or of its state file.");
  answer.headers.add("WWW-Authenticate", "Bearer");
  return answer;
}

}  // namespace livyd::local
