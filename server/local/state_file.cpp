#include "local/state_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "base/failure.hpp"
#include "base/files.hpp"

namespace livyd::local {
namespace {

bool is_private_and_ours(const std::filesystem::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return false;
  return facts.st_uid == ::geteuid() && (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

}  // namespace

std::string text_of(const endpoint_state& state) {
  const nlohmann::ordered_json json = {{"url", state.url},
                                       {"token", state.token},
                                       {"version", state.version},
                                       {"pid", state.process}};
  return json.dump() + "\n";
}

std::optional<endpoint_state> endpoint_state_from(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  try {
    return endpoint_state{json.at("url").get<std::string>(), json.at("token").get<std::string>(),
                          json.at("version").get<std::string>(), json.at("pid").get<int>()};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::optional<endpoint_state> read_state_file(const std::filesystem::path& path) {
  if (!is_private_and_ours(path)) return std::nullopt;
  try {
    const auto text = read_file_if_any(path);
    return text ? endpoint_state_from(*text) : std::nullopt;
  } catch (const failure&) {
    return std::nullopt;
  }
}

void write_state_file(const std::filesystem::path& path, const endpoint_state& state) {
  replace_file(path, text_of(state));
}

void remove_state_file(const std::filesystem::path& path, int process) {
  const auto state = read_state_file(path);
  std::error_code ignored;
  if (state && state->process == process) std::filesystem::remove(path, ignored);
}

}  // namespace livyd::local
