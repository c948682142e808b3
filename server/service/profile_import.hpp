// Profiles from the settings of other programs. Pure.
#pragma once

#include <string>
#include <string_view>

#include "protocol/protocol.hpp"

namespace livyd {

/// Reads a sparkmagic configuration (https://github.com/jupyter-incubator/sparkmagic, config.json)
/// or a console script's settings (docs/profiles.md, "Import"). `name` is for a profile that the
/// file does not name itself. Passwords and tokens are never taken over; a remark says so, and one
/// names each setting that has no place here. Throws failure{invalid_input} for text that is
/// neither of the two.
protocol::ProfileImportResult import_profiles(std::string_view text, const std::string& name);

}  // namespace livyd
