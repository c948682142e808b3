// What became of a POST whose answer was lost, from what was read since. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace livyd::livy {

/// What a look at one statement id told.
enum class seen_statement {
  ours,
  other,
  absent,  ///< 404: evicted (below the fence), or not there yet (above it)
};

struct adoption_facts {
  std::int64_t last_known = -1;       ///< the highest id known to be before ours
  std::optional<std::int64_t> fence;  ///< the id of a statement posted after ours
  std::map<std::int64_t, seen_statement> seen;
  /// What the agent says: nothing = not asked or no answer.
  std::optional<bool> agent_saw_it;  ///< true: it began to run; false: it is withdrawn
};

enum class adoption_step {
  post_fence,
  read,            ///< look at `statement`
  withdraw,        ///< ask the agent
  adopt,           ///< it is `statement`
  adopt_by_agent,  ///< it ran, its statement has been evicted: the agent has output and outcome
  never_ran,       ///< certain: it may be sent again
  watch,           ///< without an agent: ids above the fence are looked at for `watch_time`
};

struct adoption_decision {
  adoption_step step = adoption_step::post_fence;
  std::int64_t statement = -1;
  /// For `watch`: an id below the fence was evicted unread, so "not seen" is not "not run".
  bool evicted = false;
};

/// The next step. `has_agent`: withdrawing is possible. At most `most_reads` ids are asked for, the
/// newest first; the rest count as evicted.
inline constexpr std::int64_t most_reads = 300;
adoption_decision next_adoption_step(const adoption_facts& facts, bool has_agent);

}  // namespace livyd::livy
