#include "livy/adoption.hpp"

#include <algorithm>

namespace livyd::livy {
namespace {

/// The ids between what was there before and the fence, of which the newest are read.
struct search_range {
  std::int64_t first = 0;
  std::int64_t last = -1;
  bool cut = false;  ///< older ones are not read
};

search_range range_of(const adoption_facts& facts) {
  search_range range;
  range.last = *facts.fence - 1;
  const auto oldest = std::max<std::int64_t>(0, facts.last_known + 1);
  range.first = std::max(oldest, *facts.fence - most_reads);
  // A fence that is not above what was known counts in another series of ids.
  range.cut = range.first > oldest || *facts.fence <= facts.last_known;
  return range;
}

std::optional<std::int64_t> found_statement(const adoption_facts& facts) {
  for (const auto& [id, what] : facts.seen) {
    if (what == seen_statement::ours) return id;
  }
  return std::nullopt;
}

std::optional<std::int64_t> next_unread(const adoption_facts& facts, const search_range& range) {
  for (auto id = range.last; id >= range.first; --id) {
    if (!facts.seen.contains(id)) return id;
  }
  return std::nullopt;
}

bool any_evicted(const adoption_facts& facts, const search_range& range) {
  return range.cut || std::any_of(facts.seen.begin(), facts.seen.end(), [&](const auto& one) {
           return one.first < *facts.fence && one.second == seen_statement::absent;
         });
}

/// The first id above the fence that may still become ours: "absent" there means "not yet".
std::int64_t next_above_fence(const adoption_facts& facts) {
  auto id = *facts.fence + 1;
  for (auto known = facts.seen.find(id);
       known != facts.seen.end() && known->second == seen_statement::other;
       known = facts.seen.find(id)) {
    ++id;
  }
  return id;
}

}  // namespace

adoption_decision next_adoption_step(const adoption_facts& facts, bool has_agent) {
  using step = adoption_step;
  // What was withdrawn does not run, also where its statement arrives after all.
  if (facts.agent_saw_it == false) return {.step = step::never_ran};
  if (const auto found = found_statement(facts)) return {.step = step::adopt, .statement = *found};
  if (!facts.fence) return {.step = step::post_fence};
  const auto range = range_of(facts);
  if (const auto unread = next_unread(facts, range)) {
    return {.step = step::read, .statement = *unread};
  }
  if (facts.agent_saw_it == true) return {.step = step::adopt_by_agent};
  if (has_agent) return {.step = step::withdraw};
  return {.step = step::watch,
          .statement = next_above_fence(facts),
          .evicted = any_evicted(facts, range)};
}

}  // namespace livyd::livy
