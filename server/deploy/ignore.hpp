// What never belongs to a bundle: by its name, as a virtual environment, or by a `.livydignore`.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "deploy/glob.hpp"

namespace livyd::deploy {

/// `__pycache__`, `.git`, `*.pyc` and the like (bundle.hpp lists them).
bool is_never_deployed(std::string_view name);
/// Made by venv, virtualenv or conda.
bool is_virtual_environment(const std::filesystem::path& folder);

/// The lines of the `.livydignore` files that count below one folder.
class ignore_rules {
 public:
  ignore_rules() = default;
  /// Of `folder` and of those above it up to `workspace`; of `folder` alone when it is not in
  /// `workspace`. Throws failure{io} for one that cannot be read.
  ignore_rules(const std::filesystem::path& folder, const std::filesystem::path& workspace);

  /// `path` is relative to the folder; its own folders are known not to be ignored. The last line
  /// that fits decides; those of the inner folders come last.
  bool ignores(const path_names& path, bool is_folder) const;
  /// The folder itself, or one between it and the workspace.
  bool ignores_the_folder() const;

  /// Adds the lines of the file that lies `depth` folders below the outermost.
  void add(std::string_view text, std::size_t depth);

 private:
  struct line {
    glob pattern;
    bool takes_back;
    bool folders_only;
    std::size_t depth;
  };

  bool is_ignored(const path_names& from_outermost, bool is_folder) const;

  std::vector<line> lines_;
  /// From the outermost folder that has a say to ours.
  path_names chain_;
};

}  // namespace livyd::deploy
