// `livyd hdfs`: the files of a profile's HDFS, listed, fetched, sent and removed.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/columns.hpp"
#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"
#include "hdfs/local_file.hpp"
#include "hdfs/webhdfs.hpp"

namespace livyd {
namespace {

using nlohmann::json;
using action = hdfs_command::action;
constexpr std::string_view standard_stream = "-";

/// Whoever reads our output has seen enough.
struct seen_enough {};

bool changes(action what) {
  return what != action::list && what != action::get && what != action::print &&
         what != action::measure;
}

std::string without_last_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string below(const std::string& folder, const std::string& name) {
  if (name.empty()) return folder;
  return concat(folder, folder.ends_with('/') ? "" : "/", name);
}

std::string name_of_path(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string shown(std::string_view name) {
  constexpr std::size_t widest = 4096;
  return fitted(valid_utf8(name), widest);
}

std::string permission_of(const hdfs::file_status& one) {
  const auto bits = std::strtoul(one.permission.c_str(), nullptr, 8);
  constexpr std::string_view letters = "rwxrwxrwx";
  std::string out(one.folder ? "d" : "-");
  for (std::size_t at = 0; at < letters.size(); ++at) {
    out += (bits >> (letters.size() - 1 - at) & 1U) != 0 ? letters[at] : '-';
  }
  constexpr unsigned long sticky = 01000;
  if ((bits & sticky) != 0) out.back() = out.back() == 'x' ? 't' : 'T';
  return out;
}

std::string time_of(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  char text[32] = {};
  if (::localtime_r(&seconds, &parts) == nullptr) return "-";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts)};
}

json json_of(const hdfs::file_status& one, const std::string& path) {
  return {{"path", path},
          {"type", one.folder ? "folder" : "file"},
          {"bytes", one.bytes},
          {"modified", one.modified},
          {"owner", one.owner},
          {"group", one.group},
          {"permission", one.permission},
          {"replication", one.replication}};
}

/// One command at one profile's HDFS.
class files_at_work {
 public:
  files_at_work(conversation& here, hdfs_command asked) : here_(here), asked_(std::move(asked)) {}

  task<int> perform() {
    co_await here_.initialize("livyd hdfs", false);
    files_ = co_await here_.all().hdfs(here_.profile());
    switch (asked_.what) {
      case action::list:
        co_await list_all();
        break;
      case action::get:
        co_await get();
        break;
      case action::put:
        co_await put();
        break;
      case action::remove:
        co_await remove();
        break;
      case action::make_folder:
        co_await make_folders();
        break;
      case action::print:
        co_await print();
        break;
      case action::move:
        co_await move();
        break;
      case action::measure:
        co_await measure();
        break;
    }
    co_return exit_code::ok;
  }

 private:
  /// Without / at its beginning it is below the user's home.
  task<std::string> absolute(std::string path) {
    if (path.starts_with('/')) co_return without_last_slashes(std::move(path));
    if (home_.empty()) home_ = co_await files_->home();
    while (path.starts_with("./")) path.erase(0, 2);
    if (path == ".") path.clear();
    co_return without_last_slashes(below(home_, path));
  }

  task<std::vector<std::string>> all_paths() {
    std::vector<std::string> out;
    for (const auto& path : asked_.paths) out.push_back(co_await absolute(path));
    if (out.empty()) out.push_back(co_await absolute(""));
    co_return out;
  }

  /// `text` for a person, `value` with --json.
  task<void> tell(std::string text, json value) {
    if (asked_.json) {
      co_await here_.screen().output(json_line(value));
    } else if (!text.empty()) {
      here_.screen().say(text);
    }
  }

  // ------------------------------------------------------------------------------------- looking

  task<void> list_all() {
    const auto paths = co_await all_paths();
    for (const auto& path : paths) {
      const bool titled = paths.size() > 1 && !asked_.json;
      if (titled) co_await here_.screen().output(concat(shown(path), ":\n"));
      co_await files_->list(path, [this, &path](std::vector<hdfs::file_status> batch) {
        return print_batch(path, std::move(batch));
      });
    }
  }

  task<void> print_batch(std::string path, std::vector<hdfs::file_status> batch) {
    if (here_.screen().reader_left()) throw seen_enough();
    std::string lines;
    std::vector<std::vector<std::string>> rows;
    for (const auto& one : batch) {
      if (asked_.json) {
        lines += json_line(json_of(one, below(path, one.name)));
      } else {
        rows.push_back({permission_of(one), one.owner, one.group,
                        one.folder ? "-" : std::to_string(one.bytes), time_of(one.modified),
                        shown(one.name.empty() ? path : one.name) + (one.folder ? "/" : "")});
      }
    }
    if (!rows.empty()) lines = aligned(rows);
    co_await here_.screen().output(std::move(lines));
  }

  task<void> measure() {
    const auto paths = co_await all_paths();
    std::vector<std::vector<std::string>> rows;
    for (const auto& path : paths) {
      const auto found = co_await files_->summary(path);
      if (asked_.json) {
        co_await here_.screen().output(json_line(json{{"path", path},
                                                      {"bytes", found.bytes},
                                                      {"files", found.files},
                                                      {"folders", found.folders},
                                                      {"spaceUsed", found.space_used},
                                                      {"spaceQuota", found.space_quota}}));
        continue;
      }
      rows.push_back({human_bytes(static_cast<std::uint64_t>(found.bytes)),
                      concat(found.files, found.files == 1 ? " file" : " files"),
                      concat(found.folders, found.folders == 1 ? " folder" : " folders"),
                      shown(path)});
    }
    if (!rows.empty()) co_await here_.screen().output(aligned(rows));
  }

  // ---------------------------------------------------------------------------------- transfers

  /// What stands on the status line while bytes go.
  std::function<void(std::int64_t, std::int64_t)> progress_of(const std::string& name) {
    const auto started = std::chrono::steady_clock::now();
    return [this, started, name = shown(name)](std::int64_t done, std::int64_t all) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started;
      const auto rate = static_cast<double>(done) / std::max(spent.count(), 0.001);
      here_.screen().draw(concat(name, "  ", human_bytes(static_cast<std::uint64_t>(done)), " of ",
                                 human_bytes(static_cast<std::uint64_t>(all)), ", ",
                                 human_bytes(static_cast<std::uint64_t>(rate)), "/s"));
    };
  }

  task<void> copy_to_output(std::string path, bool shows_progress) {
    if (asked_.json) {
      throw failure(failure_kind::invalid_input,
                    "The file itself goes to standard output. Leave out --json.");
    }
    http::body_sink sink = [this](std::string_view piece) -> task<void> {
      if (here_.screen().reader_left()) throw seen_enough();
      co_await here_.screen().output(std::string(piece));
      if (here_.screen().failed()) throw failure(failure_kind::io, "The output was lost.");
    };
    auto progress = shows_progress ? progress_of(path) : nullptr;
    co_await hdfs::download(*files_, std::move(path), std::move(sink), std::move(progress));
  }

  task<void> print() {
    const auto paths = co_await all_paths();
    for (const auto& path : paths) co_await copy_to_output(path, false);
  }

  /// The local file that a download is for.
  std::filesystem::path destination_of(const std::string& path) const {
    const std::filesystem::path named =
        asked_.paths.size() > 1 ? std::filesystem::path(asked_.paths[1]) : ".";
    std::error_code ignored;
    return std::filesystem::is_directory(named, ignored) ? named / name_of_path(path) : named;
  }

  task<void> get() {
    const auto path = co_await absolute(asked_.paths[0]);
    if (asked_.paths.size() > 1 && asked_.paths[1] == standard_stream) {
      co_await copy_to_output(path, true);
      co_return;
    }
    const auto to = destination_of(path);
    if (!asked_.replaces && path_exists(to)) {
      throw failure(failure_kind::rejected,
                    concat(shown(to.string()), " exists already. Add --force to replace it."));
    }
    const auto bytes = co_await receive(path, to);
    co_await tell(concat(shown(to.string()), ", ", human_bytes(static_cast<std::uint64_t>(bytes))),
                  {{"file", to.string()}, {"path", path}, {"bytes", bytes}});
  }

  task<std::int64_t> receive(std::string path, std::filesystem::path to) {
    // Shared with a request that unwinds after us.
    const auto file = std::make_shared<file_to_keep>(to);
    const auto bytes = std::make_shared<std::int64_t>(0);
    http::body_sink sink = [file, bytes](std::string_view piece) -> task<void> {
      co_await file->write(piece);
      *bytes += static_cast<std::int64_t>(piece.size());
    };
    auto progress = progress_of(path);
    co_await hdfs::download(*files_, path, std::move(sink), std::move(progress));
    co_await file->keep(asked_.replaces);
    co_return *bytes;
  }

  /// The path in HDFS that an upload is for: in a folder it keeps its name.
  task<std::string> destination_of_upload(std::string file) {
    const auto named = asked_.paths.size() > 1 ? asked_.paths[1] : std::string();
    auto path = co_await absolute(named);
    const auto name = std::filesystem::path(file).filename().string();
    const bool wants_folder = named.empty() || named.ends_with('/') || named == ".";
    const auto there = co_await files_->status(path);
    if (!wants_folder && !(there && there->folder)) co_return path;
    if (file == standard_stream) {
      throw failure(failure_kind::invalid_input,
                    "Standard input has no name: say which file it becomes, such as "
                    "livyd hdfs put - data.txt.");
    }
    co_return below(path, name);
  }

  task<void> put() {
    const auto file = asked_.paths[0];
    const auto path = co_await destination_of_upload(file);
    std::shared_ptr<file_to_send> from;
    if (file == standard_stream) {
      from = co_await open_standard_input();
    } else {
      from = open_file(file);
    }
    const auto bytes = from->bytes();
    auto told = progress_of(path);
    auto source = source_of(std::move(from));
    co_await hdfs::upload(*files_, path, std::move(source), bytes, asked_.replaces,
                          [told, bytes](std::int64_t sent) { told(sent, bytes); });
    co_await tell(concat(shown(path), ", ", human_bytes(static_cast<std::uint64_t>(bytes))),
                  {{"path", path}, {"bytes", bytes}});
  }

  // ------------------------------------------------------------------------------------- changes

  /// Looks before it asks, so that nothing is removed when one of several cannot be.
  task<void> check_removal(std::string path) {
    const auto found = co_await files_->status(path);
    if (!found) throw failure(failure_kind::not_found, concat("There is no ", path, " in HDFS."));
    if (found->folder && !asked_.recursive) {
      throw failure(failure_kind::invalid_input,
                    concat(path, " is a folder. Add -r to remove it together with what is in it."));
    }
  }

  task<void> remove() {
    const auto paths = co_await all_paths();
    std::string names;
    for (const auto& path : paths) {
      co_await check_removal(path);
      names += concat(names.empty() ? "" : ", ", shown(path));
    }
    const auto what = concat(names, asked_.recursive ? " and all that is below" : "");
    if (!here_.agrees(concat("Remove ", what, "?"), concat("This removes ", what, "."))) {
      throw failure(failure_kind::invalid_input, "Nothing was done.");
    }
    for (const auto& path : paths) {
      co_await files_->remove(path, asked_.recursive);
      co_await tell(concat(shown(path), " was removed."), {{"path", path}, {"removed", true}});
    }
  }

  task<void> make_folders() {
    const auto paths = co_await all_paths();
    for (const auto& path : paths) {
      co_await files_->make_folders(path);
      co_await tell("", {{"path", path}});
    }
  }

  task<void> move() {
    const auto from = co_await absolute(asked_.paths[0]);
    auto to = co_await absolute(asked_.paths[1]);
    const auto there = co_await files_->status(to);
    if (there && there->folder) to = below(to, name_of_path(from));
    co_await files_->rename(from, to, asked_.replaces);
    co_await tell("", {{"from", from}, {"to", to}});
  }

  conversation& here_;
  hdfs_command asked_;
  std::shared_ptr<hdfs::client> files_;  // lives as long as a request of ours
  std::string home_;
};

task<int> work_on_files(conversation& here, hdfs_command asked) {
  files_at_work work(here, std::move(asked));
  try {
    co_return co_await work.perform();
  } catch (const seen_enough&) {
    co_return exit_code::ok;
  }
}

}  // namespace

int perform(const hdfs_command& asked) {
  // Only what changes something must be confirmed.
  auto where = asked.where;
  where.yes = where.yes || !changes(asked.what);
  // Its events (a ticket's end) are no entries: they are said beside the output.
  conversation here(where, false);
  here.say_when_cancelled(changes(asked.what) ? "Stopped; what was begun was cleaned up."
                                              : "Stopped.");
  return here.perform(work_on_files(here, asked));
}

}  // namespace livyd
