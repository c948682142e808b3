#include "livy/log_join.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"

namespace livyd::livy {
namespace {

constexpr auto npos = std::string_view::npos;

/// The section that a heading opens; nothing for a line. Livy puts a line end before a heading,
/// which no line of a process can have, except before the first one.
std::vector<std::string>* opened_by(std::string_view element, bool first, log_sections& sections) {
  if (!first && !element.starts_with('\n')) return nullptr;
  const auto heading = trimmed(element.substr(0, element.find('\n', 1)));
  if (heading == "stdout:") return &sections.out;
  if (heading == "stderr:") return &sections.error;
  if (heading == "YARN Diagnostics:") return &sections.yarn;
  return nullptr;
}

void append_lines(std::vector<std::string>& to, std::string_view text) {
  for (auto line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    to.emplace_back(line);
  }
}

/// How many lines at the end of `last` are those at the start of `page`, at most (Knuth, Morris and
/// Pratt: linear, also where every line is the same).
std::size_t longest_overlap(const std::vector<std::string>& last,
                            const std::vector<std::string>& page) {
  std::vector<std::size_t> border(page.size(), 0);
  for (std::size_t at = 1, matched = 0; at < page.size(); ++at) {
    while (matched > 0 && page[at] != page[matched]) matched = border[matched - 1];
    if (page[at] == page[matched]) ++matched;
    border[at] = matched;
  }
  std::size_t matched = 0;
  for (const auto& line : last) {
    if (matched == page.size()) matched = border[matched - 1];
    while (matched > 0 && line != page[matched]) matched = border[matched - 1];
    if (line == page[matched]) ++matched;
  }
  return matched;
}

using counts = std::unordered_map<std::string_view, int>;

counts counts_of(const std::vector<std::string>& lines) {
  counts out;
  for (const auto& line : lines) ++out[line];
  return out;
}

/// A line that stands once on either page pins the two together. Without one the overlap may be
/// chance: the end of one stack trace looks like the end of another.
bool is_pinned(const std::vector<std::string>& last, const std::vector<std::string>& page,
               std::size_t overlap) {
  const auto before = counts_of(last);
  const auto now = counts_of(page);
  return std::any_of(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(overlap),
                     [&](const auto& line) { return before.at(line) == 1 && now.at(line) == 1; });
}

bool is_uuid(std::string_view text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdefABCDEF-") == npos;
}

}  // namespace

log_sections split_log(const std::vector<std::string>& lines) {
  log_sections sections;
  // Without a heading they are words of Livy's own ("Cannot recover interactive session …").
  auto* current = &sections.error;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const std::string_view element = lines[at];
    auto* opened = opened_by(element, at == 0, sections);
    if (opened == nullptr) {
      append_lines(*current, element);
      continue;
    }
    current = opened;
    const auto end = element.find('\n', 1);
    if (end != npos) append_lines(*current, element.substr(end + 1));
  }
  // YARN's words are a text, not a stream: an empty line in them says nothing.
  std::erase_if(sections.yarn, [](const auto& line) { return trimmed(line).empty(); });
  return sections;
}

joined_lines log_join::take(std::vector<std::string> page) {
  joined_lines joined;
  if (page.empty()) return joined;
  // Shorter than before, and all of it was there before: the text was replaced by a part of it.
  const bool nothing_new =
      page.size() <= last_.size() &&
      std::search(last_.begin(), last_.end(), page.begin(), page.end()) != last_.end();
  if (nothing_new) {
    last_ = std::move(page);
    return joined;
  }
  const auto overlap = longest_overlap(last_, page);
  const bool still_growing = overlap == last_.size() && page.size() < ring_;
  joined.gap = !still_growing && !is_pinned(last_, page, overlap);
  joined.lines.assign(page.begin() + static_cast<std::ptrdiff_t>(overlap), page.end());
  last_ = std::move(page);
  return joined;
}

bool is_side_channel_line(std::string_view line) {
  constexpr std::string_view words = "Received bypass job request ";
  const auto at = line.find(words);
  if (at == npos) return false;
  const auto before = line.substr(0, at);
  return is_uuid(trimmed(line.substr(at + words.size()))) || before.find("RSCDriver") != npos;
}

}  // namespace livyd::livy
