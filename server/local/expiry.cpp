#include "local/expiry.hpp"

namespace livyd::local {
namespace {

bool over(monotonic_time since, std::chrono::milliseconds limit, monotonic_time now) {
  return limit.count() > 0 && now - since >= limit;
}

}  // namespace

expiry_facts expiry_facts_of(const session& one, bool strict, std::chrono::seconds idle_limit) {
  const auto& request = one.request();
  expiry_facts facts;
  facts.state = one.state();
  facts.times = one.times();
  facts.busy = one.busy();
  facts.strict = strict;
  facts.idle_limit = idle_limit;
  if (request.idle_timeout) facts.idle_limit = *duration_of(*request.idle_timeout);
  if (request.ttl) facts.ttl = *duration_of(*request.ttl);
  facts.heartbeat_limit = std::chrono::seconds(request.heartbeat_seconds);
  return facts;
}

bool is_expired(const expiry_facts& facts, monotonic_time now) {
  if (facts.state == session_state::dead) return over(facts.times.ended, dead_session_kept, now);
  if (facts.state == session_state::shutting_down) return false;
  if (over(facts.times.created, facts.ttl, now)) return true;
  if (over(facts.times.heartbeat, facts.heartbeat_limit, now)) return true;
  if (facts.busy && !facts.strict) return false;
  return over(facts.times.active, facts.idle_limit, now);
}

}  // namespace livyd::local
