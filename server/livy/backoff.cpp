#include "livy/backoff.hpp"

#include <algorithm>
#include <random>

namespace livyd::livy {
namespace {

/// Moves `wait` by up to a tenth up or down; 0.5 leaves it as it is.
duration jittered(duration wait, double jitter) {
  const auto factor = 0.9 + 0.2 * std::clamp(jitter, 0.0, 1.0);
  return duration(static_cast<duration::rep>(static_cast<double>(wait.count()) * factor));
}

duration longest_statement_wait(duration elapsed) {
  if (elapsed < 1min) return 300ms;
  if (elapsed < 10min) return 500ms;
  return 1s;
}

}  // namespace

duration statement_wait(duration elapsed, duration round_trip, bool watched, double jitter) {
  const duration shortest = std::max<duration>(20ms, round_trip);
  const auto wait =
      std::min(std::max(elapsed * 3 / 100, shortest), longest_statement_wait(elapsed));
  return jittered(watched ? wait : std::max<duration>(wait, 1s), jitter);
}

duration session_wait(duration elapsed, double jitter) {
  return jittered(std::clamp<duration>(elapsed / 20, 100ms, 1s), jitter);
}

duration failure_wait(int failures, double jitter) {
  constexpr duration longest = 2s;
  duration wait = 100ms;
  for (int doubled = 1; doubled < failures && wait < longest; ++doubled) wait *= 2;
  return std::min(jittered(std::min(wait, longest), jitter), longest);
}

double random_jitter() {
  // Only ever used on the loop's thread.
  static std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace livyd::livy
