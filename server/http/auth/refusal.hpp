// Why a server refused a Kerberos token, read from its answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/message.hpp"

namespace livyd::http {

/// Whether a 403 in answer to Negotiate is about the token. hadoop-auth says so in the status line,
/// or by taking its cookie back; a 403 of any other kind is the server's own business (C11 of
/// gateways.md). Pure.
bool is_about_the_token(const response& answer);

/// The server's reason, out of the status line or the page's title, without the frames that Java
/// puts around it; "" when it gives none. Pure.
std::string reason_of(const response& answer);

/// What the user reads about a 401 or 403 in answer to Negotiate: which link is broken and what to
/// do. `service` as the token was made for it; `now` in seconds since 1970. Pure.
std::string sentence_about_refusal(const request& sent, const response& answer,
                                   const std::string& service, std::int64_t now);

/// How far our clock is ahead of the server's, in minutes; nothing when it is less than one or not
/// known. Pure.
std::optional<std::int64_t> minutes_ahead(const response& answer, std::int64_t now);

}  // namespace livyd::http
