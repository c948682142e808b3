// Follows a batch to its end: its states, and its log line by line.
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "livy/batch.hpp"
#include "livy/log_follower.hpp"

namespace livyd::livy {

/// Told on each change: the batch, and words_of_batch() or why the server cannot be asked now.
using batch_listener = std::function<task<void>(batch_view seen, std::string detail)>;

/// Looks every 100 ms at first, up to every second, and every 3 s while nothing moves. Lines are
/// told as by follow_log(); the last ones before the last state. Transient failures are looked
/// through (told once each time they begin), and `server` is asked anew for the way to the server.
/// Returns when the batch has finished. Throws failure{not_found} when it is gone, or another one
/// has its id (a restarted Livy counts from 0 again), and what cannot pass (failure{forbidden}).
/// Cancelling stops it; the batch goes on.
task<void> follow_batch(log_server server, log_pages driver_log, clock& time, batch_view begun,
                        batch_listener changed, log_listener told);

/// words_of_batch() by all that can be read now: of one that failed in a cluster also the driver's
/// own log. What cannot be read is looked through; throws only failure{cancelled}.
task<std::string> read_words_of_batch(client& livy, log_pages driver_log, batch_view seen);

}  // namespace livyd::livy
