// Where an answer sends its request on to, and whether it may go there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "http/url.hpp"

namespace livyd::http {

/// The target of a 307 or 308; nothing for any other answer and for a Location that cannot be read.
/// `allowed`: hosts ("name" or "name:port") besides the origin of `from`. Throws
/// failure{forbidden}, with what to do, for any other host, from https:// to http://, and for a
/// Location that holds a user name or a password. Pure.
std::optional<url> redirect_target(const url& from, const response& answer,
                                   const std::vector<std::string>& allowed);

}  // namespace livyd::http
