#include "deploy/ignore.hpp"

#include <algorithm>
#include <array>
#include <ranges>

#include "base/files.hpp"
#include "base/text.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ignore_file = ".livydignore";

constexpr std::array<std::string_view, 12> never_names{
    "__pycache__",        ".git",        ".hg",         ".svn",
    "node_modules",       ".tox",        ".mypy_cache", ".pytest_cache",
    ".ipynb_checkpoints", ".ruff_cache", ".DS_Store",   ignore_file};

/// Blanks at the end do not count unless a "\" stands before them.
std::string_view without_blanks_at_the_end(std::string_view text) {
  while (text.ends_with('\r') || text.ends_with('\t') || text.ends_with(' ')) {
    if (text.size() > 1 && text[text.size() - 2] == '\\') return text;
    text.remove_suffix(1);
  }
  return text;
}

/// The names from `outer` to `inner`; nothing when it does not lie in it.
bool lies_in(const fs::path& inner, const fs::path& outer, path_names& between) {
  const auto relative = inner.lexically_relative(outer);
  if (relative.empty() || *relative.begin() == "..") return false;
  between = names_of(relative.generic_string());
  return true;
}

}  // namespace

bool is_never_deployed(std::string_view name) {
  return std::ranges::find(never_names, name) != never_names.end() || name.ends_with(".pyc") ||
         name.ends_with(".pyo") || name.ends_with(".egg-info") ||
         name.starts_with(".#");  // Emacs' locks: links to nowhere
}

bool is_virtual_environment(const fs::path& folder) {
  return path_exists(folder / "pyvenv.cfg") || path_exists(folder / "conda-meta");
}

ignore_rules::ignore_rules(const fs::path& folder, const fs::path& workspace) {
  auto outer = workspace.lexically_normal();
  const auto inner = folder.lexically_normal();
  if (outer.empty() || !lies_in(inner, outer, chain_)) outer = inner;
  for (std::size_t depth = 0; depth <= chain_.size(); ++depth) {
    if (depth > 0) outer /= chain_[depth - 1];
    if (const auto text = read_file_if_any(outer / ignore_file)) add(*text, depth);
  }
}

void ignore_rules::add(std::string_view text, std::size_t depth) {
  for (auto words : split(text, '\n')) {
    words = without_blanks_at_the_end(words);
    if (words.empty() || words.starts_with('#')) continue;
    const bool takes_back = words.starts_with('!');
    if (takes_back) words.remove_prefix(1);
    const bool folders_only = words.ends_with('/');
    if (folders_only) words.remove_suffix(1);
    if (words.empty()) continue;
    // Without a "/" it counts at any depth.
    const bool anchored = words.find('/') != std::string_view::npos;
    lines_.push_back({.pattern = glob(concat(anchored ? "" : "**/", words)),
                      .takes_back = takes_back,
                      .folders_only = folders_only,
                      .depth = depth});
  }
}

bool ignore_rules::is_ignored(const path_names& from_outermost, bool is_folder) const {
  for (const auto& line : lines_ | std::views::reverse) {
    if (from_outermost.size() <= line.depth || (line.folders_only && !is_folder)) continue;
    if (line.pattern.matches(std::span(from_outermost).subspan(line.depth))) {
      return !line.takes_back;
    }
  }
  return false;
}

bool ignore_rules::ignores(const path_names& path, bool is_folder) const {
  if (lines_.empty()) return false;
  auto whole = chain_;
  whole.insert(whole.end(), path.begin(), path.end());
  return is_ignored(whole, is_folder);
}

bool ignore_rules::ignores_the_folder() const {
  path_names part;
  for (const auto& name : chain_) {
    part.push_back(name);
    if (is_ignored(part, true)) return true;
  }
  return false;
}

}  // namespace livyd::deploy
