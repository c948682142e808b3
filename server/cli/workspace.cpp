#include "cli/workspace.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/files.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path settings_file_of(const fs::path& workspace) {
  return workspace / ".vscode" / "settings.json";
}

fs::path trust_file() {
  return state_home() / "trusted.json";
}

bool is_home(const fs::path& folder) {
  const char* home = std::getenv("HOME");
  std::error_code ignored;
  return home != nullptr && *home != '\0' && fs::equivalent(folder, home, ignored);
}

/// FNV-1a: two workspaces of the same last name need different folders, nothing more.
std::string short_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[(hash >> shift) & 15U];
  return out;
}

/// The end of the string, comment or single character that begins at `at`.
std::size_t end_of_token(std::string_view text, std::size_t at) {
  if (text[at] == '"') {
    for (auto i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        return i + 1;
      }
    }
    return text.size();
  }
  const auto rest = text.substr(at);
  if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with("/*")) {
    const auto end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  return at + 1;
}

bool is_comment(std::string_view token) {
  return token.starts_with("//") || token.starts_with("/*");
}

/// Comments and trailing commas become spaces, so that places in the text stay what they are.
std::string plain_json(std::string_view text) {
  std::string out(text);
  std::optional<std::size_t> comma;
  std::string_view before = "{";  // the last token that is neither space nor comment
  for (std::size_t at = 0; at < text.size();) {
    const auto end = end_of_token(text, at);
    const auto token = text.substr(at, end - at);
    if (is_comment(token)) {
      for (auto i = at; i < end; ++i) {
        if (out[i] != '\n') out[i] = ' ';
      }
    } else if (token == "," && before != "{" && before != "[" && before != ",") {
      comma = at;
    } else if (token == "}" || token == "]") {
      if (comma) out[*comma] = ' ';
      comma.reset();
    } else if (!trimmed(token).empty()) {
      comma.reset();
    }
    if (!is_comment(token) && !trimmed(token).empty()) before = token;
    at = end;
  }
  return out;
}

[[noreturn]] void refuse(const fs::path& file, std::string_view reason) {
  throw failure(failure_kind::invalid_input, concat(file.string(), " ", reason));
}

/// What the settings say to livyd: everything whose name begins with "livyd.".
std::optional<json> livyd_settings(const fs::path& workspace) {
  const auto file = settings_file_of(workspace);
  const auto text = read_file_if_any(file);
  if (!text || trimmed(*text).empty()) return std::nullopt;
  const auto all = read_json_with_comments(*text, file);
  if (!all.is_object()) refuse(file, "must hold an object of settings.");
  json ours = json::object();
  for (const auto& [name, value] : all.items()) {
    if (name.starts_with("livyd.")) ours[name] = value;
  }
  if (!ours.contains("livyd.profiles") && !ours.contains("livyd.profile")) return std::nullopt;
  return ours;
}

/// Folder → the settings that were trusted. A file that is not ours trusts nothing.
json trusted_settings() {
  const auto text = read_file_if_any(trust_file());
  auto all = text ? json::parse(*text, nullptr, false) : json();
  return all.is_object() ? all : json::object();
}

void add_profiles(profile_choice& choice, const json& from, const fs::path& file) {
  if (!from.is_object()) {
    refuse(file,
           "must hold an object of profiles, like {\"cluster\": {\"url\": "
           "\"http://livy.example.com:8998\"}}.");
  }
  for (const auto& [name, value] : from.items()) {
    choice.profiles[name] = value;
    choice.origins[name] = file.string();
  }
}

std::string text_of_profiles(const fs::path& file) {
  try {
    return read_file(file);
  } catch (const failure& reason) {
    throw failure(failure_kind::invalid_input, reason.message());
  }
}

void add_user_profiles(profile_choice& choice, const fs::path& named) {
  const auto file = named.empty() ? config_home() / "profiles.json" : named;
  if (named.empty() && !path_exists(file)) return;
  add_profiles(choice, read_json_with_comments(text_of_profiles(file), file), file);
}

void add_workspace_profiles(profile_choice& choice, const fs::path& workspace) {
  std::optional<json> settings;
  try {
    settings = livyd_settings(workspace);
  } catch (const failure& reason) {
    choice.remarks.push_back(concat("Not used: ", reason.message()));
    return;
  }
  if (!settings) return;
  const auto file = settings_file_of(workspace);
  const auto trusted = trusted_settings();
  const auto known = trusted.find(workspace.string());
  if (known == trusted.end() || *known != *settings) {
    choice.remarks.push_back(concat("The profiles of ", file.string(), " are not used: ",
                                    known == trusted.end() ? "you have not trusted them"
                                                           : "they changed since you trusted them",
                                    ". Read them, then run livyd trust."));
    return;
  }
  if (const auto profiles = settings->find("livyd.profiles"); profiles != settings->end()) {
    add_profiles(choice, *profiles, file);
  }
  const auto preferred = settings->find("livyd.profile");
  if (preferred != settings->end() && preferred->is_string()) choice.preferred = *preferred;
}

}  // namespace

std::filesystem::path workspace_of(const std::filesystem::path& from) {
  std::error_code error;
  auto start = fs::canonical(from, error);
  if (error) start = fs::absolute(from);
  for (auto folder = start;; folder = folder.parent_path()) {
    const bool marked =
        fs::is_directory(folder / ".vscode", error) || fs::exists(folder / ".git", error);
    if (marked && (folder == start || !is_home(folder))) return folder;
    if (folder == folder.parent_path()) return start;
  }
}

std::filesystem::path state_folder_of(const std::filesystem::path& workspace) {
  return state_home() / "workspaces" / short_hash(workspace.string());
}

nlohmann::json read_json_with_comments(std::string_view text, const std::filesystem::path& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto plain = plain_json(text);
  try {
    return json::parse(plain);
  } catch (const json::parse_error& reason) {
    const auto at = std::min(reason.byte, plain.size());
    const auto line =
        1 + std::count(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    refuse(file, concat("is not JSON: look at line ", line, "."));
  }
}

profile_choice profiles_for(const std::filesystem::path& workspace,
                            const std::filesystem::path& profiles_file) {
  profile_choice choice;
  add_user_profiles(choice, profiles_file);
  add_workspace_profiles(choice, workspace);
  return choice;
}

std::string trust_workspace(const std::filesystem::path& workspace) {
  const auto settings = livyd_settings(workspace);
  const auto file = settings_file_of(workspace);
  if (!settings) {
    throw failure(failure_kind::invalid_input,
                  concat("There is nothing to trust: ", file.string(),
                         " holds no livyd.profiles and no livyd.profile."));
  }
  // The settings themselves, not a hash: they hold no secrets, and equality cannot collide.
  auto all = trusted_settings();
  all[workspace.string()] = *settings;
  replace_file(trust_file(), all.dump(1, ' ', false, json::error_handler_t::replace));
  return concat("Trusted: ", file.string(),
                ", as it is now. When its livyd settings change, livyd "
                "asks again.");
}

}  // namespace livyd
