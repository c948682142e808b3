// From rules to bundles: finds, reads and hashes.
#include <algorithm>
#include <array>
#include <map>
#include <ranges>
#include <set>
#include <utility>

#include "base/digest.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"
#include "deploy/bundle.hpp"
#include "deploy/module_names.hpp"
#include "deploy/source_file.hpp"
#include "deploy/tree.hpp"
#include "deploy/unicode_form.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(std::string message) {
  throw failure(failure_kind::invalid_input, std::move(message));
}

bool is_bundle_name(std::string_view name) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return name.find_first_not_of(letters) == std::string_view::npos &&
         name.find_first_not_of('.') != std::string_view::npos;
}

void check_names(const std::vector<bundle_rule>& rules) {
  std::set<std::string_view> seen;
  for (const auto& rule : rules) {
    if (!is_bundle_name(rule.name)) {
      refuse(concat("A bundle cannot be called \"", rule.name,
                    "\". Use letters, digits, \"_\", \"-\" and \".\"."));
    }
    if (!seen.insert(rule.name).second) {
      refuse(concat("Two bundles are called \"", rule.name, "\". Give each a name of its own."));
    }
  }
}

void check_folder(const bundle_rule& rule) {
  std::error_code error;
  const auto status = fs::status(rule.folder, error);
  if (!rule.folder.is_absolute() || status.type() == fs::file_type::not_found) {
    refuse(concat("The folder ", rule.folder.string(), " of the bundle \"", rule.name,
                  "\" does not exist. Correct its path, or remove the bundle."));
  }
  if (status.type() != fs::file_type::directory) {
    refuse(concat(rule.folder.string(), " of the bundle \"", rule.name,
                  "\" is not a folder. Name the folder, and the file in \"include\"."));
  }
}

void check_pattern(const bundle_rule& rule, std::string_view pattern) {
  const auto names = names_of(pattern);
  if (pattern.starts_with('/') || std::ranges::find(names, "..") != names.end()) {
    refuse(concat("The pattern \"", pattern, "\" of the bundle \"", rule.name,
                  "\" leaves its folder. Write it relative to ", rule.folder.string(),
                  ", or choose another folder."));
  }
}

std::vector<glob> globs_of(const bundle_rule& rule, const std::vector<std::string>& patterns) {
  std::vector<glob> out;
  for (const auto& pattern : patterns) {
    check_pattern(rule, pattern);
    out.emplace_back(pattern);
  }
  return out;
}

std::string joined(const path_names& names) {
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += '/';
    out += name;
  }
  return out;
}

/// Which paths one rule is about.
class rule_globs {
 public:
  explicit rule_globs(const bundle_rule& rule)
      : include_(
            globs_of(rule, rule.include.empty() ? std::vector<std::string>{"**"} : rule.include)),
        exclude_(globs_of(rule, rule.exclude)) {}

  bool enters(const path_names& folder) const {
    return std::ranges::any_of(include_, [&](const glob& one) { return one.leads_into(folder); }) &&
           !excludes(folder);
  }
  bool wants(const path_names& file) const {
    return std::ranges::any_of(include_, [&](const glob& one) { return one.covers(file); }) &&
           !excludes(file);
  }

 private:
  bool excludes(const path_names& path) const {
    return std::ranges::any_of(exclude_, [&](const glob& one) { return one.covers(path); });
  }

  std::vector<glob> include_;
  std::vector<glob> exclude_;
};

/// The paths alone; nothing is read yet.
std::vector<bundle_file> find_files(const bundle_rule& rule, const fs::path& workspace,
                                    const std::stop_token& stop) {
  const ignore_rules ignored(rule.folder, workspace);
  std::vector<bundle_file> files;
  if (ignored.ignores_the_folder()) return files;
  const rule_globs globs(rule);
  walk_tree(
      rule.folder, ignored,
      {.enters = [&](const path_names& folder) { return globs.enters(folder); },
       .wants = [&](const path_names& file) { return globs.wants(file); }},
      [&](const path_names& names, const fs::path& source) {
        files.push_back({.path = joined(names), .source = source, .bytes = 0, .hash = {}});
        return true;
      },
      stop);
  std::ranges::sort(files, {}, &bundle_file::path);
  return files;
}

std::string quoted(const std::vector<std::string>& patterns) {
  std::string out;
  for (const auto& pattern : patterns) {
    out += concat(out.empty() ? "" : ", ", "\"", pattern, "\"");
  }
  return out;
}

void check_found(const bundle_rule& rule, const std::vector<bundle_file>& files) {
  if (!files.empty()) return;
  refuse(rule.include.empty()
             ? concat("The bundle \"", rule.name, "\" is empty: nothing in ", rule.folder.string(),
                      " can be deployed. Put a file there, look at \"exclude\" and .livydignore, "
                      "or remove the bundle.")
             : concat("The bundle \"", rule.name, "\" is empty: no file in ", rule.folder.string(),
                      " fits ", quoted(rule.include),
                      ". Correct \"include\", look at \"exclude\" and .livydignore, or remove the "
                      "bundle."));
}

void check_forms(const bundle_rule& rule, const std::vector<bundle_file>& files) {
  std::map<std::string, std::string_view> seen;
  for (const auto& file : files) {
    const auto [other, is_new] = seen.emplace(decomposed(file.path), file.path);
    if (is_new) continue;
    refuse(concat("The bundle \"", rule.name, "\" holds ", file.path,
                  " twice, written with different Unicode characters that look alike. Rename or "
                  "remove one of the two files in ",
                  file.source.parent_path().string(), "."));
  }
}

void check_sizes(const bundle_rule& rule, const std::vector<bundle_file>& files,
                 std::uint64_t largest) {
  if (rule.kind == bundle_kind::jars) return;
  for (const auto& file : files) {
    std::error_code gone;  // said when it is read
    const auto bytes = fs::file_size(file.source, gone);
    if (gone || bytes <= largest) continue;
    throw failure(failure_kind::too_large,
                  concat(file.source.string(), " (", human_bytes(bytes),
                         ") is too big to travel into a session: ", largest >> 20,
                         " MiB is the most. Add \"webhdfs\" to the profile, or exclude the file "
                         "from the bundle \"",
                         rule.name, "\"."));
  }
}

void read_and_hash(bundle_file& file, const std::stop_token& stop) {
  source_file source(file.source);
  sha256 digest;
  std::array<char, 65536> piece;
  while (const auto count = source.read(piece)) {
    if (stop.stop_requested()) throw failure(failure_kind::cancelled, "Cancelled.");
    digest.add({piece.data(), count});
    file.bytes += count;
  }
  file.hash = digest.digits();
}

/// The lengths keep a path from running into what follows it.
std::string hash_of(const std::vector<bundle_file>& files) {
  sha256 digest;
  digest.add("livyd bundle 1\n");
  for (const auto& file : files) {
    digest.add(concat(file.path.size(), ":", file.path, " ", file.hash, "\n"));
  }
  return digest.digits();
}

bundle packed_bundle(const bundle_rule& rule, std::vector<bundle_file> files) {
  bundle out{.name = rule.name,
             .kind = rule.kind,
             .source = rule.folder,
             .packed = true,
             .alias = rule.alias,
             .files = std::move(files),
             .bytes = 0,
             .hash = {},
             .top_modules = {}};
  for (const auto& file : out.files) out.bytes += file.bytes;
  out.hash = hash_of(out.files);
  out.top_modules = top_modules_of(out.files);
  return out;
}

bundle single_bundle(const bundle_rule& rule, bundle_file file) {
  bundle out{.name = rule.name,
             .kind = rule.kind,
             .source = file.source,
             .packed = false,
             .alias = rule.alias,
             .files = {},
             .bytes = file.bytes,
             .hash = file.hash,
             .top_modules = {}};
  out.files.push_back(std::move(file));
  return out;
}

}  // namespace

std::vector<bundle> collect(const std::vector<bundle_rule>& rules, const fs::path& workspace,
                            std::stop_token stop, std::uint64_t largest) {
  check_names(rules);
  std::vector<bundle> bundles;
  for (const auto& rule : rules) {
    check_folder(rule);
    auto files = find_files(rule, workspace, stop);
    check_found(rule, files);
    check_sizes(rule, files, largest);
    if (rule.kind == bundle_kind::py_files) check_forms(rule, files);
    for (auto& file : files) read_and_hash(file, stop);
    if (rule.kind == bundle_kind::py_files) {
      bundles.push_back(packed_bundle(rule, std::move(files)));
    } else {
      for (auto& file : files) bundles.push_back(single_bundle(rule, std::move(file)));
    }
  }
  return bundles;
}

}  // namespace livyd::deploy
