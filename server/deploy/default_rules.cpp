// The bundles of a project that names none: `scripts/` and `modules/` near the file.
#include <algorithm>
#include <array>
#include <optional>

#include "base/files.hpp"
#include "deploy/bundle.hpp"
#include "deploy/tree.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;

constexpr int folders_up_without_workspace = 3;

struct default_bundle {
  std::string_view name;
  bool only_direct;  ///< Python files in the folder itself; else at any depth
};
constexpr std::array<default_bundle, 2> defaults{
    {{.name = "scripts", .only_direct = true}, {.name = "modules", .only_direct = false}}};

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

fs::path folder_of(const fs::path& start) {
  const auto normal = (start / "").lexically_normal().parent_path();
  return is_folder(normal) ? normal : normal.parent_path();
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
  const auto relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

/// Where the search ends.
fs::path topmost(const fs::path& from, const fs::path& workspace) {
  auto normal = (workspace / "").lexically_normal().parent_path();
  if (!workspace.empty() && lies_in(from, normal)) return normal;
  for (auto folder = from;; folder = folder.parent_path()) {
    if (path_exists(folder / ".git")) return folder;
    if (folder == folder.parent_path()) break;
  }
  auto folder = from;
  for (int up = 0; up < folders_up_without_workspace; ++up) folder = folder.parent_path();
  return folder;
}

/// What cannot be looked at has none.
bool has_python(const fs::path& folder, const fs::path& top, bool only_direct) {
  bool found = false;
  try {
    const ignore_rules ignored(folder, top);
    if (ignored.ignores_the_folder()) return false;
    walk_tree(folder, ignored,
              {.enters = [&](const path_names&) { return !only_direct; },
               .wants = [](const path_names& file) { return file.back().ends_with(".py"); }},
              [&](const path_names&, const fs::path&) {
                found = true;
                return false;
              });
  } catch (const std::exception&) {
    return found;
  }
  return found;
}

/// The folder itself and those directly below it, sorted.
std::vector<fs::path> around(const fs::path& folder) {
  std::vector<fs::path> below;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto& path = entry->path();
    if (is_never_deployed(path.filename().string()) || !is_folder(path)) continue;
    if (!is_virtual_environment(path)) below.push_back(path);
  }
  std::ranges::sort(below);
  below.insert(below.begin(), folder);
  return below;
}

std::optional<fs::path> nearest(const default_bundle& wanted, const fs::path& from,
                                const fs::path& top) {
  for (auto folder = from;; folder = folder.parent_path()) {
    for (const auto& place : around(folder)) {
      auto candidate = place / wanted.name;
      if (is_folder(candidate) && has_python(candidate, top, wanted.only_direct)) return candidate;
    }
    if (folder == top || folder == folder.parent_path()) return std::nullopt;
  }
}

}  // namespace

std::vector<bundle_rule> default_rules(const fs::path& start, const fs::path& workspace) {
  const auto from = folder_of(start);
  const auto top = topmost(from, workspace);
  std::vector<bundle_rule> rules;
  for (const auto& wanted : defaults) {
    if (const auto folder = nearest(wanted, from, top)) {
      rules.push_back({.name = std::string(wanted.name),
                       .kind = bundle_kind::py_files,
                       .folder = *folder,
                       .include = {},
                       .exclude = {},
                       .alias = {}});
    }
  }
  return rules;
}

}  // namespace livyd::deploy
