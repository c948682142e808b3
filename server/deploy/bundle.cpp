#include "deploy/bundle.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "deploy/module_names.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t hash_digits_in_a_name = 12;

/// The path in a payload is an address: what has a meaning there ("#", "%", blanks) is replaced.
std::string safe_name(std::string_view name) {
  std::string out(name);
  for (auto& letter : out) {
    const bool safe = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
                      letter == '.';
    if (!safe) letter = '_';
  }
  return out;
}

/// Where the suffix begins by which a cluster knows what to do: "tar.gz" stays together.
std::size_t suffix_of(std::string_view name) {
  for (const auto* packer : {".gz", ".bz2", ".xz", ".zst"}) {
    const auto tar = concat(".tar", packer);
    if (name.size() > tar.size() && name.ends_with(tar)) return name.size() - tar.size();
  }
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name.size() : dot;
}

fs::path resolved(const fs::path& path) {
  std::error_code ignored;
  auto out = fs::weakly_canonical(path, ignored);
  return out.empty() ? path.lexically_normal() : out;
}

}  // namespace

std::string_view name_of(bundle_kind kind) {
  switch (kind) {
    case bundle_kind::py_files:
      return "pyFiles";
    case bundle_kind::jars:
      return "jars";
    case bundle_kind::files:
      return "files";
    case bundle_kind::archives:
      return "archives";
  }
  return "";
}

std::string bundle::file_name() const {
  const auto digits = std::string_view(hash).substr(0, hash_digits_in_a_name);
  if (packed) return concat(name, "-", digits, ".zip");
  const auto whole = safe_name(source.filename().string());
  const auto suffix = suffix_of(whole);
  return concat(whole.substr(0, suffix), "-", digits, whole.substr(suffix));
}

std::string module_of(const std::vector<bundle>& bundles, const fs::path& file) {
  const auto wanted = resolved(file);
  for (const auto& bundle : bundles) {
    if (!bundle.packed) continue;
    for (const auto& member : bundle.files) {
      // Names first: asking the file system for every file of a bundle would take too long.
      if (member.source.filename() != file.filename() &&
          member.source.filename() != wanted.filename()) {
        continue;
      }
      if (resolved(member.source) == wanted) return module_name_of(member.path);
    }
  }
  return "";
}

}  // namespace livyd::deploy
