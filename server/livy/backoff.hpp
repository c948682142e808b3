// When to look again: elapsed times in, waits out; the caller's random number gives jitter.
#pragma once

#include <chrono>

#include "base/async.hpp"

namespace livyd::livy {

/// The wait before the next look at a running statement: 20 ms at first, then 3 % of what has
/// elapsed, at least one round trip, at most 300 ms (500 ms after a minute, 1 s after ten; this
/// bound wins over a long round trip); `watched` false: at least 1 s. `jitter` in [0, 1] moves the
/// result by up to ±10 %; 0.5 leaves it.
duration statement_wait(duration elapsed, duration round_trip, bool watched, double jitter);

/// The wait before the next look at a starting session: 100 ms at first, then 5 % of the elapsed
/// time, at most 1 s.
duration session_wait(duration elapsed, double jitter);

/// The wait after the `failures`-th wrong answer in a row (1, 2, …): 100 ms doubling up to 2 s, so
/// that work resumes within 2 s of the server's return: 2 s is not exceeded by the jitter either.
duration failure_wait(int failures, double jitter);

/// A random number in [0, 1) for the functions above (the only thing here that is not pure).
double random_jitter();

}  // namespace livyd::livy
