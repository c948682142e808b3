// What a run displayed beside its text, by the agent's account of it; what its statement's reply
// does not hold is put beside what it does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.hpp"
#include "base/clock.hpp"
#include "livy/api.hpp"
#include "service/spool.hpp"

namespace livyd {

/// The agent's account of a run, from the statement's own result.
struct run_account {
  struct value {
    std::string mime;
    std::string text;
  };
  struct large_value {
    std::string mime;
    std::uint64_t bytes = 0;
    std::string part;  ///< under which name the agent keeps it; "" = it does not
  };
  std::uint64_t bytes = 0;         ///< of output that was printed
  bool whole = false;              ///< the reply's text/plain is all of it
  std::vector<value> earlier;      ///< displayed before the one that is the reply's
  std::vector<large_value> large;  ///< too large for a reply
};

/// Nothing when the statement was not served by an agent.
std::optional<run_account> account_of(const livy::statement_view& seen);

/// Of one value; the agent keeps no larger ones.
inline constexpr std::uint64_t largest_value = 64_MiB;

/// Puts the earlier values before the reply's, whose parts `output` has, and fetches the large ones
/// piece by piece to stand behind them. What cannot be had, and what is left when `enough()`, is
/// named in the text. Throws failure{io} for a full disk, failure{cancelled}.
task<void> complete_display(agent::remote& agent, clock& time, const run_account& told,
                            spool& output, std::function<bool()> enough);

/// The same where nobody can be asked: large values are named.
void name_large_values(const run_account& told, spool& output);

}  // namespace livyd
