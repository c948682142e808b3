#include "deploy/standalone.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "base/async.hpp"
#include "base/digest.hpp"
#include "base/failure.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "deploy/zip.hpp"
#include "embedded/livyd_standalone_py.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;

/// Beyond it Python needs seconds, and several times the memory, to read the file at all.
constexpr std::uint64_t most_bytes = 256_MiB;
constexpr std::size_t base64_in_a_line = 96;
constexpr std::size_t digest_digits = 12;

constexpr std::string_view header = R"(#!/usr/bin/env python3
# Everything that it imports is inside. Made by livyd ("Livy: Build Standalone Script").
# Runs by python3 (3.6 or newer), by spark-submit, as a Livy batch and as a statement.

)";

/// A folder of its own that goes with the object.
class temporary_folder {
 public:
  temporary_folder() {
    auto name = (fs::temp_directory_path() / "livyd-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw failure(failure_kind::io,
                    concat("Cannot make a temporary folder in ", fs::temp_directory_path().string(),
                           ". Set TMPDIR to one that is there."));
    }
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// What the file can import: of two files with one path the first bundle's counts.
bundle merged(const std::vector<bundle>& bundles) {
  bundle all;
  all.name = "standalone";
  std::set<std::string> tops;
  std::set<std::string_view> paths;
  for (const auto& one : bundles) {
    if (one.kind != bundle_kind::py_files) continue;
    tops.insert(one.top_modules.begin(), one.top_modules.end());
    for (const auto& file : one.files) {
      if (!paths.insert(file.path).second) continue;
      all.files.push_back(file);
      all.bytes += file.bytes;
    }
  }
  std::ranges::sort(all.files, {}, &bundle_file::path);
  all.top_modules.assign(tops.begin(), tops.end());
  return all;
}

void check(const bundle& all, const std::optional<standalone_script>& script) {
  if (all.files.empty() && !script) {
    throw failure(failure_kind::invalid_input,
                  "There is nothing to build a standalone script of: no Python bundle and no "
                  "script. Name a script, or add a bundle to the profile.");
  }
  if (all.bytes > most_bytes) {
    throw failure(failure_kind::too_large,
                  concat("The Python bundles have ", human_bytes(all.bytes),
                         "; a standalone script carries ", human_bytes(most_bytes),
                         " at most. Exclude their data, or deploy them as bundles."));
  }
  if (script && !is_valid_utf8(script->text)) {
    throw failure(failure_kind::invalid_input,
                  concat(script->name, " is not UTF-8. Save it as UTF-8 and try again."));
  }
}

void append_escaped(std::string& out, unsigned char letter) {
  std::string code(8, '\0');
  std::snprintf(code.data(), code.size(), "\\x%02x", letter);
  out += code.c_str();
}

/// As Python writes it. Characters beyond ASCII stay: the file is UTF-8, as Python expects it.
std::string python_literal(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '\n') {
      out += "\\n";
    } else if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (code < 0x20 || code == 0x7F) {
      append_escaped(out, code);
    } else {
      out += letter;
    }
  }
  return out + '"';
}

std::string python_tuple(const std::vector<std::string>& texts) {
  std::string out = "(";
  for (const auto& text : texts) out += concat(python_literal(text), ", ");
  return out + ")";
}

/// The name, and the text line by line, so that it can be read in the file.
std::string python_script(const standalone_script& script) {
  auto out = concat("(", python_literal(script.name), ", (\n");
  for (std::string_view rest = script.text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1);
    out += concat("        ", python_literal(rest.substr(0, end + 1)), ",\n");
    rest.remove_prefix(end + 1);
  }
  return out + "    ))";
}

std::string base64_lines(std::string_view bytes) {
  const auto whole = base64_encoded(bytes);
  std::string out = "\"\"\"\n";
  for (std::size_t at = 0; at < whole.size(); at += base64_in_a_line) {
    out += concat(std::string_view(whole).substr(at, base64_in_a_line), "\n");
  }
  return out + "\"\"\"";
}

std::string packed(const bundle& all, const std::stop_token& stop) {
  if (all.files.empty()) return {};
  const temporary_folder folder;
  write_zip(all, folder.path() / "standalone.zip", stop);
  return read_file(folder.path() / "standalone.zip");
}

}  // namespace

std::string standalone(const std::vector<bundle>& bundles,
                       const std::optional<standalone_script>& script, std::stop_token stop) {
  const auto all = merged(bundles);
  check(all, script);
  const auto zip = packed(all, stop);
  auto text = concat(header, trimmed(livyd_standalone_py), "\n\n\n_livyd_standalone(\n");
  text += concat("    globals(),\n    digest=\"", sha256_of(zip).substr(0, digest_digits),
                 "\",\n    tops=", python_tuple(all.top_modules),
                 ",\n    script=", script ? python_script(*script) : "None", ",\n    arguments=",
                 python_tuple(script ? script->arguments : std::vector<std::string>{}),
                 ",\n    packages=", zip.empty() ? "\"\"" : base64_lines(zip), ",\n)\n");
  return text;
}

}  // namespace livyd::deploy
