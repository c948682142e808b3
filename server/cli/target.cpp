#include "cli/target.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "cli/workspace.hpp"
#include "service/profile.hpp"

namespace livyd {
namespace {

using nlohmann::json;

bool uses_bearer(const json& profile) {
  const auto auth = profile.is_object() ? profile.find("auth") : profile.end();
  return profile.is_object() && auth != profile.end() && auth->is_object() &&
         auth->value("type", json()) == "bearer";
}

}  // namespace

std::string shown_url(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const auto end = url.find_first_of("/?#", scheme + 3);
  const auto at = url.substr(0, end).rfind('@');
  if (at == std::string::npos || at < scheme) return url;
  return url.substr(0, scheme + 3) + url.substr(at + 1);
}

target target_of(const destination& where, terminal& screen) {
  target out;
  std::error_code error;
  auto here = std::filesystem::current_path(error);
  if (error)
    throw failure(failure_kind::invalid_input, "The current folder does not exist any more.");
  out.workspace = workspace_of(here);
  auto choice = profiles_for(out.workspace, where.profiles_file);
  for (const auto& remark : choice.remarks) screen.say(concat("· ", remark));
  const char* token = std::getenv("LIVYD_TOKEN");
  const bool has_token = token != nullptr && *token != '\0';
  if (!where.url.empty()) {
    out.profile = shown_url(where.url);
    json profile{{"url", where.url}};
    if (has_token) profile["auth"] = {{"type", "bearer"}};
    choice.profiles[out.profile] = std::move(profile);
  } else if (!where.profile.empty()) {
    out.profile = where.profile;
  } else {
    out.profile = choice.preferred.empty() ? std::string(local_profile) : choice.preferred;
  }
  const auto written = choice.profiles.find(out.profile);
  out.takes_token = has_token && written != choice.profiles.end() && uses_bearer(written->second);
  out.configuration = {.trusted = true,
                       .profiles = std::move(choice.profiles),
                       .workspace_folder = out.workspace.string(),
                       // Everything comes as events; what does not fit into memory is in files.
                       .preview_bytes = std::numeric_limits<std::int64_t>::max()};
  return out;
}

}  // namespace livyd
