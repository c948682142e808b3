// Where the embedded endpoint of this user is: a small file (mode 0600, it holds the token) that
// the endpoint writes and the launcher reads.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace livyd::local {

struct endpoint_state {
  std::string url;
  std::string token;
  std::string version;  ///< endpoint_version() of the one that wrote it
  int process = 0;
};

std::string text_of(const endpoint_state& state);
/// Nothing when it is not the text of a state file (cut short, another format).
std::optional<endpoint_state> endpoint_state_from(std::string_view text);

/// Nothing when there is none, when it is readable by others (then its token is not ours to trust),
/// or when it cannot be understood.
std::optional<endpoint_state> read_state_file(const std::filesystem::path& path);
void write_state_file(const std::filesystem::path& path, const endpoint_state& state);
/// Removes the file when it is that process's; a newer endpoint's stays.
void remove_state_file(const std::filesystem::path& path, int process);

}  // namespace livyd::local
