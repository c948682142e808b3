#include "local/statements.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "local/livy_answer.hpp"

namespace livyd::local {

std::string_view name_of(statement_state state) {
  switch (state) {
    case statement_state::waiting:
      return "waiting";
    case statement_state::running:
      return "running";
    case statement_state::available:
      return "available";
    case statement_state::cancelling:
      return "cancelling";
    case statement_state::cancelled:
      return "cancelled";
  }
  return "waiting";
}

std::string json_of(const statement& one) {
  const double progress = one.finished() ? 1.0 : one.progress;
  return concat("{\"id\":", one.id, ",\"code\":", json_string(one.code), ",\"state\":\"",
                name_of(one.state), "\",\"output\":", one.output.empty() ? "null" : one.output,
                ",\"progress\":", dumped(ordered_json(progress)), ",\"started\":", one.started,
                ",\"completed\":", one.completed, "}");
}

std::shared_ptr<statement> statements::add(std::string kind, std::string code) {
  auto added = std::make_shared<statement>();
  added->id = next_++;
  added->kind = std::move(kind);
  added->code = std::move(code);
  kept_.emplace(added->id, added);
  if (kept_.size() > retained) kept_.erase(kept_.begin());
  return added;
}

std::shared_ptr<statement> statements::find(std::int64_t id) const {
  const auto found = kept_.find(id);
  return found == kept_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<statement>> statements::all() const {
  std::vector<std::shared_ptr<statement>> list;
  list.reserve(kept_.size());
  for (const auto& [id, one] : kept_) list.push_back(one);
  return list;
}

std::vector<std::shared_ptr<statement>> page_of(std::vector<std::shared_ptr<statement>> list,
                                                bool newest_first, std::optional<std::int64_t> from,
                                                std::optional<std::int64_t> size) {
  if (newest_first) std::reverse(list.begin(), list.end());
  const auto total = static_cast<std::int64_t>(list.size());
  const auto wanted = from.value_or(0);
  const auto first = std::clamp<std::int64_t>(wanted, 0, total);
  const auto last = std::clamp<std::int64_t>(wanted + size.value_or(total), first, total);
  return {list.begin() + first, list.begin() + last};
}

}  // namespace livyd::local
