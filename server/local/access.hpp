// Who may talk to the embedded endpoint: the owner of the token, from this machine, not from a
// page.
#pragma once

#include <optional>
#include <string_view>

#include "http/server.hpp"

namespace livyd::local {

/// The refusal, or nothing when the request may pass: 403 for a web page (an Origin header) and for
/// a Host that is not loopback (DNS rebinding), 401 without the right `Authorization: Bearer`.
std::optional<http::server_response> refusal_of(const http::server_request& request,
                                                std::string_view token);

/// "localhost", "127.x.y.z" and "[::1]", with or without a port.
bool is_loopback_host(std::string_view host);

/// Compares without telling by its duration where the two differ.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace livyd::local
