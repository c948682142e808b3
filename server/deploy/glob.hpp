// Patterns of file names: `*` and `?` within a name, `[a-z]`, `**` for any number of folders.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace livyd::deploy {

/// The names of a path, from the outermost folder inwards; UTF-8.
using path_names = std::vector<std::string>;

/// Without empty names and ".".
path_names names_of(std::string_view path);

class glob {
 public:
  /// Any text is a pattern: a "[" without "]" stands for itself, "\" takes the meaning from what
  /// follows it. A "**" at the end wants one name at least.
  explicit glob(std::string_view pattern);

  /// The whole path fits.
  bool matches(std::span<const std::string> path) const;
  /// The path or one of its folders fits.
  bool covers(std::span<const std::string> path) const;
  /// Something in this folder can still fit, however deep.
  bool leads_into(std::span<const std::string> folder) const;

 private:
  /// Which of the pattern's names can come next; the last place: nothing is left.
  using places = std::vector<bool>;
  places start() const;
  places after(const places& before, std::string_view name) const;
  void skip_any_folders(places& reached) const;

  path_names pattern_;
};

}  // namespace livyd::deploy
