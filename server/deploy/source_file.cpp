#include "deploy/source_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::deploy {

[[noreturn]] void throw_unreadable(const std::filesystem::path& path, int error) {
  throw failure(failure_kind::io, concat("Cannot read ", path.string(), ": ",
                                         std::generic_category().message(error), "."));
}

source_file::source_file(std::filesystem::path path)
    : path_(std::move(path)),
      // A pipe of that name would wait for its writer.
      descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) throw_unreadable(path_, errno);
}

source_file::~source_file() {
  ::close(descriptor_);
}

std::size_t source_file::read(std::span<char> into) {
  while (true) {
    const auto count = ::read(descriptor_, into.data(), into.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw_unreadable(path_, errno);
  }
}

}  // namespace livyd::deploy
