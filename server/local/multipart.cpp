#include "local/multipart.hpp"

#include "base/text.hpp"

namespace livyd::local {
namespace {

/// The value of `name=` in a header's parameters, unquoted; backslashes escape inside quotes.
std::optional<std::string> parameter_of(std::string_view header, std::string_view name) {
  std::size_t at = 0;
  while ((at = header.find(';', at)) != std::string_view::npos) {
    auto rest = trimmed(header.substr(++at));
    if (rest.size() <= name.size() || !equal_ignoring_case(rest.substr(0, name.size()), name) ||
        rest[name.size()] != '=') {
      continue;
    }
    rest.remove_prefix(name.size() + 1);
    if (rest.empty() || rest.front() != '"') {
      return std::string(trimmed(rest.substr(0, rest.find(';'))));
    }
    std::string value;
    for (std::size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      value += rest[i];
    }
    return value;
  }
  return std::nullopt;
}

/// Browsers and scripts may send a whole path: only its last component is a name.
std::string base_name(std::string path) {
  const auto slash = path.find_last_of("/\\");
  if (slash != std::string::npos) path.erase(0, slash + 1);
  return path == "." || path == ".." ? std::string() : path;
}

std::optional<form_part> read_part(std::string_view part) {
  const auto end = part.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  form_part result;
  result.content = part.substr(end + 4);
  auto headers = part.substr(0, end);
  while (!headers.empty()) {
    const auto line_end = std::min(headers.find("\r\n"), headers.size());
    const auto line = headers.substr(0, line_end);
    headers.remove_prefix(std::min(line_end + 2, headers.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (!equal_ignoring_case(trimmed(line.substr(0, colon)), "content-disposition")) continue;
    result.name = parameter_of(line, "name").value_or("");
    result.file_name = base_name(parameter_of(line, "filename").value_or(""));
  }
  return result;
}

}  // namespace

std::optional<std::string> boundary_of(std::string_view content_type) {
  const auto type = trimmed(content_type.substr(0, content_type.find(';')));
  if (!equal_ignoring_case(type, "multipart/form-data")) return std::nullopt;
  auto boundary = parameter_of(content_type, "boundary");
  if (boundary && boundary->empty()) return std::nullopt;
  return boundary;
}

std::vector<form_part> form_parts(std::string_view body, std::string_view boundary) {
  std::vector<form_part> parts;
  const auto opening = concat("--", boundary);
  const auto separator = concat("\r\n--", boundary);
  std::size_t at = 0;
  if (!body.starts_with(opening)) {  // a preamble
    at = body.find(separator);
    if (at == std::string_view::npos) return parts;
    at += 2;
  }
  at += opening.size();
  while (body.substr(at, 2) == "\r\n") {
    at += 2;
    const auto end = body.find(separator, at);
    if (end == std::string_view::npos) break;
    auto part = read_part(body.substr(at, end - at));
    if (!part) break;
    parts.push_back(std::move(*part));
    at = end + separator.size();
  }
  return parts;
}

}  // namespace livyd::local
