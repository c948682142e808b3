// What of a project goes to the cluster: rules, the files that they find, and their hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace livyd::deploy {

/// The field of Livy's payload that names it.
enum class bundle_kind { py_files, jars, files, archives };
/// "pyFiles", "jars", "files", "archives".
std::string_view name_of(bundle_kind kind);

/// How one bundle is found. Globs are relative to `folder`, with "/" on every system: `*` and `?`
/// stay within a name, `[a-z]` is one of these, `**` is any number of folders, "\" takes the
/// meaning from what follows; one that names a folder means all that is in it. None leaves the
/// folder.
struct bundle_rule {
  std::string name;  ///< letters, digits, "_", "-", "."; unique in its profile
  bundle_kind kind = bundle_kind::py_files;
  std::filesystem::path folder;      ///< absolute; for py_files the root of the imports
  std::vector<std::string> include;  ///< empty: "**"
  std::vector<std::string> exclude;
  std::string alias;  ///< archives: the folder in which it is unpacked ("…zip#alias")
};

struct bundle_file {
  std::string path;  ///< within the bundle, "/" between names, UTF-8
  std::filesystem::path source;
  std::uint64_t bytes = 0;
  std::string hash;  ///< SHA-256 of the content
};

/// Python bundles are one archive of many files; each file that a rule of another kind finds is a
/// bundle of its own, which travels as it is.
struct bundle {
  std::string name;  ///< the rule's; all files of one rule share it
  bundle_kind kind = bundle_kind::py_files;
  std::filesystem::path source;  ///< the rule's folder, or the one file
  bool packed = true;            ///< becomes a zip
  std::string alias;
  std::vector<bundle_file> files;  ///< sorted by path, bytewise
  std::uint64_t bytes = 0;
  /// Over paths and contents, the same in another folder, at another time; of an unpacked one
  /// the SHA-256 of its content.
  std::string hash;
  /// Of a Python bundle: the names that can be imported, sorted ("etl", "report").
  std::vector<std::string> top_modules;

  /// "modules-0123456789ab.zip"; of an unpacked one "driver-0123456789ab.jar", with "_" for every
  /// character that would have a meaning in an address.
  std::string file_name() const;
};

/// Never part of a bundle, whatever a rule says: `__pycache__`, `*.pyc`, `*.pyo`, `.git`, `.hg`,
/// `.svn`, folders that hold a `pyvenv.cfg` or `conda-meta`, `node_modules`, `.tox`, `.mypy_cache`,
/// `.ruff_cache`, `.pytest_cache`, `.ipynb_checkpoints`, `*.egg-info`, `.DS_Store`, editors' locks
/// (`.#*`), `.livydignore` itself, and what a `.livydignore` in the folder of the rule or above
/// it, up to the workspace's folder, names (lines as in .gitignore: `#` comments, `!` takes back,
/// a leading "/" anchors, a trailing "/" means folders).

constexpr std::uint64_t any_size = ~std::uint64_t{0};

/// The rules for a project that has none: from `start` (a file or folder) upwards to `workspace`
/// (or to the folder that holds `.git`, or three folders up, where there is no workspace), in each
/// folder and in the ones directly below it: `scripts/` with `.py` files is the bundle "scripts",
/// `modules/` with packages or `.py` files the bundle "modules"; the nearest of each wins. Empty:
/// there are none.
std::vector<bundle_rule> default_rules(const std::filesystem::path& start,
                                       const std::filesystem::path& workspace);

/// Finds, reads and hashes. Blocks: call it off the loop. Throws failure{invalid_input} for a rule
/// that finds nothing, names a folder that does not exist, two rules of one name, two files of one
/// path that differ only by Unicode form, or symbolic links in a circle; failure{io} for a file
/// that cannot be read, with its path; failure{too_large} for one that is larger than `largest`,
/// before any is read (not for a jar: those travel by HDFS or not at all); failure{cancelled} when
/// told to stop. Symbolic links are followed. `workspace`: where the search for `.livydignore`
/// ends; may be empty.
std::vector<bundle> collect(const std::vector<bundle_rule>& rules,
                            const std::filesystem::path& workspace, std::stop_token stop = {},
                            std::uint64_t largest = any_size);

/// The module that a file is within one of the bundles ("etl.steps.load"; a package's
/// `__init__.py` is the package); empty: it is in none of them.
std::string module_of(const std::vector<bundle>& bundles, const std::filesystem::path& file);

}  // namespace livyd::deploy
