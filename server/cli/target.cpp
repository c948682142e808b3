#include "cli/target.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/failure.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/environment_secrets.hpp"
#include "cli/workspace.hpp"
#include "service/profile.hpp"

namespace livyd {
namespace {

using nlohmann::json;

/// What --url, --auth and --user say, as a profile.
json profile_of(const destination& where) {
  json profile{{"url", where.url}};
  const bool has_token = environment_secrets().contains(protocol::SecretKind::token);
  if (!where.auth.empty()) {
    profile["auth"] = {{"type", where.auth}};
  } else if (has_token) {
    profile["auth"] = {{"type", "bearer"}};
  }
  if (where.auth == "basic") {
    profile["auth"]["user"] = where.user.empty() ? user_name() : where.user;
  } else if (!where.user.empty()) {
    throw failure(failure_kind::invalid_input,
                  "--user is for --auth basic. With Kerberos the ticket says who you are.");
  }
  return profile;
}

/// With "~" for the home folder.
std::string short_path(const std::string& path) {
  const char* home = std::getenv("HOME");
  const auto folder = concat(home == nullptr ? "" : home, "/");
  return folder.size() > 1 && path.starts_with(folder) ? concat("~/", path.substr(folder.size()))
                                                       : path;
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
  if (!where.url.empty()) {
    out.profile = shown_url(where.url);
    choice.profiles[out.profile] = profile_of(where);
    choice.origins[out.profile] = "--url";
  } else if (!where.profile.empty()) {
    out.profile = where.profile;
  } else {
    out.profile = choice.preferred.empty() ? std::string(local_profile) : choice.preferred;
  }
  out.origin = short_path(choice.origins[out.profile]);
  out.configuration = {.trusted = true,
                       .profiles = std::move(choice.profiles),
                       .workspace_folder = out.workspace.string(),
                       // Everything comes as events; what does not fit into memory is in files.
                       .preview_bytes = std::numeric_limits<std::int64_t>::max()};
  return out;
}

}  // namespace livyd
