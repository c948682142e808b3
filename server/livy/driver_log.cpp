#include "livy/driver_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "http/url.hpp"

namespace livyd::livy {
namespace {

constexpr auto npos = std::string_view::npos;

/// "…/node/containerlogs/CONTAINER/USER" → the same server's "…/ws/v1/node/containers/CONTAINER".
std::optional<http::url> rest_of(const http::url& page) {
  constexpr std::string_view marker = "/node/containerlogs/";
  const std::string_view path = page.path;
  const auto at = path.find(marker);
  if (at == npos) return std::nullopt;
  const auto rest = path.substr(at + marker.size());
  const auto container = rest.substr(0, rest.find('/'));
  if (container.empty()) return std::nullopt;
  auto out = page;
  out.path = concat(path.substr(0, at), "/ws/v1/node/containers/", container);
  return out;
}

void append_character(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

/// "amp", "#39", "#x27"; false when it is none of HTML's.
bool append_entity(std::string& out, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 6> named{
      {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}}};
  for (const auto& [word, character] : named) {
    if (name != word) continue;
    out.push_back(character);
    return true;
  }
  if (!name.starts_with('#')) return false;
  const bool hexadecimal = name.starts_with("#x") || name.starts_with("#X");
  const auto digits = name.substr(hexadecimal ? 2 : 1);
  const auto* const end = digits.data() + digits.size();
  unsigned long code = 0;
  const auto [stopped, error] = std::from_chars(digits.data(), end, code, hexadecimal ? 16 : 10);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (error != std::errc{} || stopped != end || code > 0x10FFFF || surrogate) return false;
  append_character(out, code);
  return true;
}

std::string unescaped(std::string_view html) {
  constexpr std::size_t longest_entity = 10;
  std::string out;
  while (!html.empty()) {
    const auto at = html.find('&');
    out.append(html.substr(0, at));
    if (at == npos) break;
    html.remove_prefix(at);
    const auto end = html.substr(0, longest_entity).find(';');
    if (end != npos && append_entity(out, html.substr(1, end - 1))) {
      html.remove_prefix(end + 1);
    } else {
      out.push_back('&');
      html.remove_prefix(1);
    }
  }
  return out;
}

/// What stands in the page's <pre>, which the NodeManager fills with the log.
std::optional<std::string> text_of_page(std::string_view html) {
  const auto words = lower_case(html);
  const auto tag = words.find("<pre");
  const auto begin = tag == std::string::npos ? tag : words.find('>', tag);
  if (begin == std::string::npos) return std::nullopt;
  const auto end = std::min(words.find("</pre>", begin), words.size());
  return unescaped(html.substr(begin + 1, end - begin - 1));
}

/// The REST answer may name the container before the log, and tells its end after it.
void drop_frame(std::vector<std::string_view>& lines) {
  constexpr std::ptrdiff_t head_lines = 12;
  constexpr std::ptrdiff_t foot_lines = 4;
  const auto size = static_cast<std::ptrdiff_t>(lines.size());
  const auto foot =
      std::find_if(lines.end() - std::min(size, foot_lines), lines.end(),
                   [](const auto& line) { return line.starts_with("End of LogType:"); });
  lines.erase(foot, lines.end());
  if (lines.empty() || !lines.front().starts_with("Container: ")) return;
  const auto until = lines.begin() + std::min<std::ptrdiff_t>(
                                         static_cast<std::ptrdiff_t>(lines.size()), head_lines);
  const auto head = std::find_if(lines.begin(), until,
                                 [](const auto& line) { return line.starts_with("LogContents:"); });
  if (head != until) lines.erase(lines.begin(), head + 1);
}

}  // namespace

std::vector<http::url> driver_log_addresses(std::string_view driver_log_url,
                                            std::string_view stream, std::size_t bytes) {
  auto page = http::parse_url(driver_log_url);
  page.query.clear();
  while (page.path.ends_with('/')) page.path.pop_back();
  std::vector<http::url> out;
  if (const auto rest = rest_of(page)) {
    out.push_back(http::joined(*rest, concat("logs/", stream), concat("size=-", bytes)));
  }
  out.push_back(http::joined(page, concat(stream, "/"), concat("start=-", bytes)));
  return out;
}

std::optional<driver_log_page> read_driver_log(const http::response& answer, std::size_t bytes) {
  if (!answer.ok()) return std::nullopt;
  const auto type = answer.content_type();
  const bool is_page = type == "text/html" || type == "application/xhtml+xml";
  if (!is_page && type != "text/plain" && type != "application/octet-stream") return std::nullopt;
  const auto text = is_page ? text_of_page(answer.body) : std::optional(answer.body);
  if (!text) return std::nullopt;
  auto lines = split(*text, '\n');
  if (!is_page) drop_frame(lines);
  std::size_t size = 0;  // one more than that of the log: the last line counts a line end too
  driver_log_page out;
  for (auto line : lines) {
    size += line.size() + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.lines.push_back(valid_utf8(line));
  }
  while (!out.lines.empty() && out.lines.back().empty()) out.lines.pop_back();
  out.cut = size > bytes;
  // Bytes are counted, not lines: the first one is the end of one.
  if (out.cut && out.lines.size() > 1) out.lines.erase(out.lines.begin());
  return out;
}

}  // namespace livyd::livy
