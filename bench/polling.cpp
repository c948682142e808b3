// How late a client notices the end of a statement: its schedule of looks against random statements
// of 0.05 to 3 s, on a simulated clock. Prints one JSON object.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "livy/backoff.hpp"

namespace {

using namespace livyd;
using milliseconds = std::chrono::duration<double, std::milli>;

/// Numbers in [0, 1) that are the same everywhere and always (Knuth's MMIX generator).
class numbers {
 public:
  double next() {
    state_ = 6364136223846793005ULL * state_ + 1442695040888963407ULL;
    return static_cast<double>(state_ >> 11) / 9007199254740992.0;
  }

 private:
  std::uint64_t state_ = 3;
};

/// The wait before look number `look`, when `elapsed` has passed since the statement was sent.
using schedule = std::function<duration(std::size_t look, duration elapsed)>;

struct measured {
  std::vector<double> delays;  ///< ms from the statement's end to the client's knowing
  double looks = 0;            ///< per statement
};

/// One look costs a round trip; the server answers in the middle of it.
measured simulate(const schedule& wait, duration round_trip) {
  constexpr std::size_t statements = 20000;
  numbers random;
  measured result;
  std::size_t looks = 0;
  for (std::size_t i = 0; i < statements; ++i) {
    const auto end = std::chrono::duration_cast<duration>(milliseconds(50 + 2950 * random.next()));
    duration now{};
    for (std::size_t look = 0;; ++look, ++looks) {
      now += wait(look, now);
      const bool seen = now + round_trip / 2 >= end;
      now += round_trip;
      if (seen) break;
    }
    result.delays.push_back(milliseconds(now - end).count());
  }
  result.looks = static_cast<double>(looks + statements) / static_cast<double>(statements);
  std::ranges::sort(result.delays);
  return result;
}

nlohmann::json summary(const measured& result) {
  const auto at = [&](double part) {
    return result
        .delays[static_cast<std::size_t>(part * static_cast<double>(result.delays.size() - 1))];
  };
  double sum = 0;
  for (const double delay : result.delays) sum += delay;
  return {{"mean_ms", sum / static_cast<double>(result.delays.size())},
          {"median_ms", at(0.5)},
          {"p95_ms", at(0.95)},
          {"looks", result.looks}};
}

schedule livyd_schedule(duration round_trip) {
  return [round_trip, random = numbers()](std::size_t, duration elapsed) mutable {
    return livy::statement_wait(elapsed, round_trip, true, random.next());
  };
}

schedule fixed(duration wait) {
  return [wait](std::size_t, duration) { return wait; };
}

/// Waits from a list; the last one for ever after.
schedule listed(std::vector<duration> waits) {
  return [waits = std::move(waits)](std::size_t look, duration) {
    return waits[std::min(look, waits.size() - 1)];
  };
}

}  // namespace

int main() {
  nlohmann::json all = nlohmann::json::object();
  for (const auto round_trip : {duration(500us), duration(20ms), duration(80ms)}) {
    const auto key = std::to_string(milliseconds(round_trip).count()).substr(0, 4) + " ms";
    all[key]["livyd"] = summary(simulate(livyd_schedule(round_trip), round_trip));
    all[key]["once a second"] = summary(simulate(fixed(1s), round_trip));
    // pylivy 0.8's intervals, and those of sparkmagic's LivySession.
    all[key]["pylivy"] = summary(simulate(listed({100ms, 200ms, 300ms, 500ms, 1s}), round_trip));
    all[key]["sparkmagic"] =
        summary(simulate(listed({200ms, 500ms, 500ms, 1s, 1s, 2s}), round_trip));
  }
  std::puts(all.dump().c_str());
  return 0;
}
