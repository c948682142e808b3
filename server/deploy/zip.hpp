// A bundle as a zip that is the same bytes wherever and whenever it is made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>

#include "deploy/bundle.hpp"

namespace livyd::deploy {

/// Entries sorted by path, all of 1980-01-01, mode 0644, deflate at a pinned level; package folders
/// without `__init__.py` get no entry of their own. Writes `to` anew, with mode 0600; removes it
/// when it throws: failure{io} for a file that cannot be read, or that is no longer what was hashed
/// ("… changed while it was packed. Deploy again."), failure{cancelled}. Blocks: call it off the
/// loop; memory does not grow with the files. Returns the size of the zip.
std::uint64_t write_zip(const bundle& from, const std::filesystem::path& to,
                        std::stop_token stop = {});

}  // namespace livyd::deploy
