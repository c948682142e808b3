// Questions to the modules inside a session, and the file pieces that go with them.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/modules.hpp"
#include "base/clock.hpp"
#include "livy/client.hpp"

namespace livyd {

/// Told the id of each statement that this sends.
using statement_seen = std::function<void(std::int64_t id)>;

/// One request of agent/modules.hpp, sent with the Python itself where the session does not have it
/// yet. Throws failure{rejected} with the problem that the session told, failure{unsupported}, and
/// what livy::client throws. Cancelling stops looking; the request may still be carried out.
task<agent::modules_answer> ask_modules(livy::client& livy, clock& time, std::string session,
                                        nlohmann::json request, statement_seen sent);

/// Stages a file of this machine under `name`, piece by piece. Throws failure{too_large} above
/// staged_limit before anything is read, failure{io}, and as ask_modules.
task<void> stage_file(livy::client& livy, clock& time, std::string session, std::string name,
                      std::filesystem::path file, statement_seen sent,
                      std::function<void(std::int64_t)> progress);
inline constexpr std::int64_t staged_limit = 32LL << 20;

}  // namespace livyd
