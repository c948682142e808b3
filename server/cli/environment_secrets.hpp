// Secrets that came by the environment: taken out of it before anything else is started.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/protocol.hpp"

namespace livyd {

/// LIVYD_TOKEN, LIVYD_PASSWORD, LIVYD_KEY_PASSPHRASE, LIVYD_PROXY_PASSWORD.
std::string_view variable_of(protocol::SecretKind what);

/// Moves them out of the environment: no child inherits them, and /proc/PID/environ does not show
/// them any more. Once, before there is another thread.
void take_environment_secrets();

/// What was taken; nothing for a variable that was not set or empty.
const std::map<protocol::SecretKind, std::string>& environment_secrets();

}  // namespace livyd
