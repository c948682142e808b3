// The version that this program tells. For the sources of this folder, which are built with it.
#pragma once

#include <string_view>

namespace livyd {

inline constexpr std::string_view program_version = LIVYD_VERSION;

}  // namespace livyd
