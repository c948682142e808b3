// The files below a folder that are worth a look, in order, through symbolic links.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "deploy/glob.hpp"
#include "deploy/ignore.hpp"

namespace livyd::deploy {

/// What a walk asks on its way; paths are relative to the folder where it began.
struct tree_choice {
  std::function<bool(const path_names& folder)> enters;
  std::function<bool(const path_names& file)> wants;
};

/// Calls `found` for each file that is wanted and not ignored, sorted within each folder; it says
/// whether the walk goes on. Pipes, sockets and devices are passed over. Throws failure{io} for a
/// folder that cannot be read and for a wanted file that is not there, failure{invalid_input} for
/// symbolic links in a circle and for a name that is not UTF-8, failure{cancelled}.
void walk_tree(
    const std::filesystem::path& from, const ignore_rules& ignored, const tree_choice& choice,
    const std::function<bool(const path_names& names, const std::filesystem::path& source)>& found,
    std::stop_token stop = {});

}  // namespace livyd::deploy
