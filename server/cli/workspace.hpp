// Which folder a command works in, and which profiles it may use there.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"

namespace livyd {

/// The nearest folder at or above `from` that holds `.vscode` or `.git`, else `from` itself. The
/// home folder counts only for itself: its `.vscode` holds the editor's extensions.
std::filesystem::path workspace_of(const std::filesystem::path& from);

/// Where the sessions of a workspace are remembered.
std::filesystem::path state_folder_of(const std::filesystem::path& workspace);

/// JSON as VS Code writes it: with comments and trailing commas. Throws failure{invalid_input} that
/// names `file`, and the line of the mistake.
nlohmann::json read_json_with_comments(std::string_view text, const std::filesystem::path& file);

/// The profiles of one command.
struct profile_choice {
  std::map<std::string, nlohmann::json> profiles;
  std::map<std::string, std::string> origins;  ///< the file that each of them is written in
  std::string preferred;                       ///< the workspace's `livyd.profile`, or ""
  std::vector<std::string> remarks;  ///< sentences for the user: what was not used, and why
};

/// Reads `profiles_file` (or, when it is empty, `$XDG_CONFIG_HOME/livyd/profiles.json`, if there is
/// one), then what the workspace's `.vscode/settings.json` says, if it is trusted as it stands.
/// Throws failure{invalid_input} for a file that cannot be read or is not an object of profiles.
profile_choice profiles_for(const std::filesystem::path& workspace,
                            const std::filesystem::path& profiles_file);

/// Records that the settings of livyd in this workspace may be used as they stand now. Returns a
/// sentence that says what is trusted. Throws failure{invalid_input} when there are none.
std::string trust_workspace(const std::filesystem::path& workspace);

}  // namespace livyd
