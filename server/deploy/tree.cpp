#include "deploy/tree.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "deploy/source_file.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;

/// What tells one folder from another, whatever path leads there.
using identity = std::pair<dev_t, ino_t>;

[[noreturn]] void throw_circle(const fs::path& path) {
  throw failure(failure_kind::invalid_input,
                concat("Symbolic links go in a circle at ", path.string(),
                       ". Remove the link, or exclude it from the bundle."));
}

class walk {
 public:
  walk(const ignore_rules& ignored, const tree_choice& choice,
       const std::function<bool(const path_names&, const fs::path&)>& found,
       const std::stop_token& stop)
      : ignored_(ignored), choice_(choice), found_(found), stop_(stop) {}

  /// False: `found` has had enough.
  bool look_into(const fs::path& folder) {
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) throw_unreadable(folder, errno);
    const identity itself{status.st_dev, status.st_ino};
    if (std::ranges::find(open_, itself) != open_.end()) throw_circle(folder);
    open_.push_back(itself);
    for (const auto& name : sorted_names(folder)) {
      names_.push_back(name);
      const bool go_on = look_at(folder / name);
      names_.pop_back();
      if (!go_on) return false;
    }
    open_.pop_back();
    return true;
  }

 private:
  std::vector<std::string> sorted_names(const fs::path& folder) const {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    if (error) throw_unreadable(folder, error.value());
    std::ranges::sort(names);
    return names;
  }

  bool look_at(const fs::path& path) {
    if (stop_.stop_requested()) throw failure(failure_kind::cancelled, "Cancelled.");
    if (is_never_deployed(names_.back())) return true;
    struct stat status{};
    const int error = ::stat(path.c_str(), &status) == 0 ? 0 : errno;
    if (error == 0 && S_ISDIR(status.st_mode)) {
      return !is_entered(path) || look_into(path);
    }
    if (ignored_.ignores(names_, false) || !choice_.wants(names_)) return true;
    if (error == ELOOP) throw_circle(path);
    if (error != 0) throw_unreadable(path, error);
    if (!S_ISREG(status.st_mode)) return true;
    if (!is_valid_utf8(names_.back())) throw_bad_name(path);
    return found_(names_, path);
  }

  bool is_entered(const fs::path& folder) const {
    if (ignored_.ignores(names_, true) || !choice_.enters(names_)) return false;
    if (is_virtual_environment(folder)) return false;
    if (!is_valid_utf8(names_.back())) throw_bad_name(folder);
    return true;
  }

  [[noreturn]] static void throw_bad_name(const fs::path& path) {
    throw failure(failure_kind::invalid_input,
                  concat("The name of ", valid_utf8(path.string()),
                         " is not UTF-8. Rename it, or exclude it from the bundle."));
  }

  const ignore_rules& ignored_;
  const tree_choice& choice_;
  const std::function<bool(const path_names&, const fs::path&)>& found_;
  const std::stop_token& stop_;
  path_names names_;
  std::vector<identity> open_;
};

}  // namespace

void walk_tree(const fs::path& from, const ignore_rules& ignored, const tree_choice& choice,
               const std::function<bool(const path_names&, const fs::path&)>& found,
               std::stop_token stop) {
  walk(ignored, choice, found, stop).look_into(from);
}

}  // namespace livyd::deploy
