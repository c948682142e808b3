// multipart/form-data as clients of Livy send it: the parts with their names and file names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace livyd::local {

struct form_part {
  std::string name;
  std::string file_name;     ///< its last component; "" when the part is no file
  std::string_view content;  ///< a view of the body that was read
};

/// The boundary of a `multipart/form-data` content type, or nothing.
std::optional<std::string> boundary_of(std::string_view content_type);

/// The complete parts of a body; what follows a malformed part is left out. `body` must outlive
/// the result.
std::vector<form_part> form_parts(std::string_view body, std::string_view boundary);

}  // namespace livyd::local
