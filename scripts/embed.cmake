# Writes a text file (ASCII only) as a C++ string_view constant.
file(READ ${INPUT} text)
get_filename_component(name ${INPUT} NAME)
file(WRITE ${OUTPUT}
"// Printed from ${name} by scripts/embed.cmake.
#pragma once

#include <string_view>

inline constexpr std::string_view ${VARIABLE} = R\"livyd_text(${text})livyd_text\";
")
