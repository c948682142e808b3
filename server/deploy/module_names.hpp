// How Python calls what lies at a path below the root of its imports.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deploy/bundle.hpp"

namespace livyd::deploy {

/// Letters, digits and "_", not first a digit; any character beyond ASCII counts as a letter.
bool is_identifier(std::string_view name);

/// "etl.steps.load" for "etl/steps/load.py", "etl" for "etl/__init__.py"; empty: no module.
std::string module_name_of(std::string_view path);

/// The first names of all modules, sorted.
std::vector<std::string> top_modules_of(const std::vector<bundle_file>& files);

}  // namespace livyd::deploy
