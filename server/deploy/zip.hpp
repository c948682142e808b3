// A bundle as a zip that is the same bytes wherever and whenever it is made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>

#include "deploy/bundle.hpp"

namespace livyd::deploy {

/// First the folders, then the files, each sorted by path; all of 1980-01-01, mode 0644 (folders
/// 0755), deflate at a pinned level. Folders have entries because zipimport finds a package without
/// `__init__.py` by them alone (Python 3.6 to 3.13, tried). Writes `to` anew, with mode 0600;
/// removes it when it throws: failure{io} for a file that cannot be read, or that is no longer what
/// was hashed
/// ("… changed while it was packed. Deploy again."), failure{cancelled}. Blocks: call it off the
/// loop; memory does not grow with the files. Returns the size of the zip.
std::uint64_t write_zip(const bundle& from, const std::filesystem::path& to,
                        std::stop_token stop = {});

}  // namespace livyd::deploy
