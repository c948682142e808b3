#include "local/log_ring.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"

namespace livyd::local {

std::vector<std::string> log_ring::lines() const {
  std::vector<std::string> all{"stdout: "};
  all.insert(all.end(), output_.begin(), output_.end());
  all.emplace_back("\nstderr: ");
  all.insert(all.end(), error_.begin(), error_.end());
  return all;
}

void log_ring::add(std::deque<std::string>& section, std::string_view line) {
  if (section.size() == limit_) section.pop_front();
  auto kept = valid_utf8(utf8_prefix(line, line_limit));
  if (line.size() > line_limit) kept += concat(" [", line.size() - line_limit, " bytes cut]");
  section.push_back(std::move(kept));
}

log_page page_of(std::vector<std::string> lines, std::optional<std::int64_t> from,
                 std::optional<std::int64_t> size) {
  log_page page;
  page.total = static_cast<std::int64_t>(lines.size());
  auto count = size.value_or(100);
  if (count < 0) count = page.total;
  page.from = from.value_or(-1);
  if (page.from < 0) page.from = std::max<std::int64_t>(0, page.total - count);
  const auto first = std::min(page.from, page.total);
  const auto last = first + std::min(count, page.total - first);
  page.lines.assign(std::make_move_iterator(lines.begin() + first),
                    std::make_move_iterator(lines.begin() + last));
  return page;
}

}  // namespace livyd::local
