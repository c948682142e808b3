#include "deploy/zip.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"
#include "deploy/source_file.hpp"

namespace livyd::deploy {
namespace {

namespace fs = std::filesystem;

/// Pinned: the same files are the same bytes with every build against one zlib.
constexpr zip_uint32_t deflate_level = 6;
/// 1980-01-01 00:00, the first moment that a zip can name; local time of nowhere.
constexpr zip_uint16_t fixed_date = 1U << 5U | 1U;
constexpr zip_uint16_t fixed_time = 0;
constexpr zip_uint32_t file_attributes = (S_IFREG | 0644U) << 16U;
constexpr zip_uint32_t folder_attributes = (S_IFDIR | 0755U) << 16U | 0x10U;

/// What libzip calls cannot throw through its C: the first exception waits here.
class first_problem {
 public:
  first_problem() { zip_error_init(&error_); }
  first_problem(const first_problem&) = delete;
  first_problem& operator=(const first_problem&) = delete;
  ~first_problem() { zip_error_fini(&error_); }

  /// Runs `work`; -1 when it threw.
  template <class Work>
  zip_int64_t guarded(Work work) {
    try {
      return work();
    } catch (...) {
      if (!problem_) problem_ = std::current_exception();
      zip_error_set(&error_, ZIP_ER_INTERNAL, 0);
      return -1;
    }
  }
  void rethrow() const {
    if (problem_) std::rethrow_exception(problem_);
  }
  zip_error_t* error() { return &error_; }

 private:
  std::exception_ptr problem_;
  zip_error_t error_{};
};

/// One file on its way into the zip; what is read must be what was hashed.
class entry {
 public:
  entry(const bundle_file& file, first_problem& problem, const std::stop_token& stop)
      : file_(file), problem_(problem), stop_(stop) {}

  bool was_read() const { return was_read_; }

  static zip_int64_t call(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    auto& one = *static_cast<entry*>(self);
    return one.problem_.guarded([&] { return one.answer(data, length, command); });
  }

 private:
  zip_int64_t answer(void* data, zip_uint64_t length, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
      case ZIP_SOURCE_OPEN:
        source_.emplace(file_.source);
        digest_.emplace();
        bytes_ = 0;
        return 0;
      case ZIP_SOURCE_READ:
        return read(static_cast<char*>(data), length);
      case ZIP_SOURCE_CLOSE:
        source_.reset();
        return 0;
      case ZIP_SOURCE_STAT: {
        auto& status = *static_cast<zip_stat_t*>(data);
        zip_stat_init(&status);
        status.valid = ZIP_STAT_SIZE;
        status.size = file_.bytes;
        return sizeof(status);
      }
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(problem_.error(), data, length);
      case ZIP_SOURCE_FREE:
        return 0;
      default:
        return -1;
    }
  }

  zip_int64_t read(char* into, zip_uint64_t room) {
    if (stop_.stop_requested()) throw failure(failure_kind::cancelled, "Cancelled.");
    const auto count = source_->read({into, room});
    bytes_ += count;
    if (bytes_ > file_.bytes) throw_changed();
    if (count > 0) {
      digest_->add({into, count});
    } else if (!was_read_) {
      if (bytes_ != file_.bytes || digest_->digits() != file_.hash) throw_changed();
      was_read_ = true;
    }
    return static_cast<zip_int64_t>(count);
  }

  [[noreturn]] void throw_changed() const {
    throw failure(failure_kind::io,
                  concat(file_.source.string(), " changed while it was packed. Deploy again."));
  }

  const bundle_file& file_;
  first_problem& problem_;
  const std::stop_token& stop_;
  std::optional<source_file> source_;
  std::optional<sha256> digest_;
  std::uint64_t bytes_ = 0;
  bool was_read_ = false;
};

/// The zip itself. libzip's own way would give it the mode of the process's umask.
class target {
 public:
  target(fs::path path, first_problem& problem) : path_(std::move(path)), problem_(problem) {}
  target(const target&) = delete;
  target& operator=(const target&) = delete;
  ~target() { close(); }

  std::uint64_t bytes() const { return bytes_; }

  static zip_int64_t call(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    auto& one = *static_cast<target*>(self);
    return one.problem_.guarded([&] { return one.answer(data, length, command); });
  }

 private:
  zip_int64_t answer(void* data, zip_uint64_t length, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_BEGIN_WRITE,
            ZIP_SOURCE_COMMIT_WRITE, ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE,
            ZIP_SOURCE_SEEK_WRITE, ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE, -1);
      case ZIP_SOURCE_STAT:
        // Whatever is there, it begins anew.
        zip_error_set(problem_.error(), ZIP_ER_READ, ENOENT);
        return -1;
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(problem_.error(), data, length);
      case ZIP_SOURCE_FREE:
        return 0;
      case ZIP_SOURCE_BEGIN_WRITE:
        open();
        return 0;
      case ZIP_SOURCE_WRITE:
        return write({static_cast<const char*>(data), length});
      case ZIP_SOURCE_SEEK_WRITE:
        return seek(data, length);
      case ZIP_SOURCE_TELL_WRITE:
        return static_cast<zip_int64_t>(at_);
      case ZIP_SOURCE_COMMIT_WRITE:
        commit();
        return 0;
      case ZIP_SOURCE_ROLLBACK_WRITE:
      case ZIP_SOURCE_REMOVE:
        close();
        return 0;
      default:
        return -1;
    }
  }

  void open() {
    std::error_code ignored;
    fs::remove(path_, ignored);
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor_ < 0) throw_unwritable(errno);
  }

  zip_int64_t write(std::string_view bytes) {
    const auto length = static_cast<zip_int64_t>(bytes.size());
    while (!bytes.empty()) {
      const auto count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_unwritable(errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      at_ += static_cast<std::uint64_t>(count);
    }
    bytes_ = std::max(bytes_, at_);
    return length;
  }

  zip_int64_t seek(void* data, zip_uint64_t length) {
    const auto offset = zip_source_seek_compute_offset(at_, bytes_, data, length, problem_.error());
    if (offset < 0) return -1;
    at_ = static_cast<std::uint64_t>(offset);
    return 0;
  }

  /// A full disk may be noticed only now.
  void commit() {
    if (::close(std::exchange(descriptor_, -1)) != 0) throw_unwritable(errno);
  }

  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  [[noreturn]] void throw_unwritable(int error) const {
    throw failure(failure_kind::io, concat("Cannot write ", path_.string(), ": ",
                                           std::generic_category().message(error), "."));
  }

  fs::path path_;
  first_problem& problem_;
  int descriptor_ = -1;
  std::uint64_t at_ = 0;
  std::uint64_t bytes_ = 0;
};

struct discarded {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using open_zip = std::unique_ptr<zip_t, discarded>;

void check(bool worked, zip_t* archive) {
  if (worked) return;
  throw failure(failure_kind::io, "The bundle could not be packed. Look at the log.",
                zip_strerror(archive));
}

void set_fixed(zip_t* archive, zip_int64_t index, zip_uint32_t attributes) {
  check(index >= 0, archive);
  const auto at = static_cast<zip_uint64_t>(index);
  check(zip_file_set_dostime(archive, at, fixed_time, fixed_date, 0) == 0, archive);
  check(zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, attributes) == 0, archive);
}

void add_file(zip_t* archive, const std::string& path, entry& one) {
  auto* source = zip_source_function(archive, &entry::call, &one);
  check(source != nullptr, archive);
  const auto index = zip_file_add(archive, path.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) zip_source_free(source);
  set_fixed(archive, index, file_attributes);
  check(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE,
                                 deflate_level) == 0,
        archive);
}

/// Every folder, "/" at the end: zipimport finds a package without `__init__.py` by it alone.
std::set<std::string> folders_of(const bundle& from) {
  std::set<std::string> folders;
  for (const auto& file : from.files) {
    for (auto slash = file.path.find('/'); slash != std::string::npos;
         slash = file.path.find('/', slash + 1)) {
      folders.insert(file.path.substr(0, slash + 1));
    }
  }
  return folders;
}

/// One at a time: the first one of a process sets variables of libzip that a second one, in another
/// thread, may see half set; its archive is read-only then (`needed_support_write` in zip_open.c).
zip_t* open_target(zip_source_t* source, first_problem& problem) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  return zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, problem.error());
}

open_zip begin(target& into, first_problem& problem) {
  auto* source = zip_source_function_create(&target::call, &into, problem.error());
  auto* archive = source == nullptr ? nullptr : open_target(source, problem);
  if (archive == nullptr) {
    if (source != nullptr) zip_source_free(source);
    throw failure(failure_kind::io, "The bundle could not be packed. Look at the log.",
                  zip_error_strerror(problem.error()));
  }
  return open_zip(archive);
}

void write_entries(const bundle& from, target& into, first_problem& problem,
                   const std::stop_token& stop) {
  std::vector<std::unique_ptr<entry>> entries;  // they outlive the archive that calls them
  auto zip = begin(into, problem);
  for (const auto& folder : folders_of(from)) {
    set_fixed(zip.get(), zip_dir_add(zip.get(), folder.c_str(), ZIP_FL_ENC_UTF_8),
              folder_attributes);
  }
  for (const auto& file : from.files) {
    entries.push_back(std::make_unique<entry>(file, problem, stop));
    add_file(zip.get(), file.path, *entries.back());
  }
  const bool closed = zip_close(zip.get()) == 0;
  if (!closed) {
    problem.rethrow();
    check(closed, zip.get());
  }
  [[maybe_unused]] const auto* freed = zip.release();  // by zip_close
  const bool whole = std::ranges::all_of(entries, [](const auto& one) { return one->was_read(); });
  if (!whole) throw failure(failure_kind::internal, "A file was not packed to its end.");
}

}  // namespace

std::uint64_t write_zip(const bundle& from, const fs::path& to, std::stop_token stop) {
  first_problem problem;
  target into(to, problem);
  try {
    write_entries(from, into, problem, stop);
  } catch (...) {
    std::error_code ignored;
    fs::remove(to, ignored);
    throw;
  }
  return into.bytes();
}

}  // namespace livyd::deploy
