// Bringing a session to life: create it, watch it start, say why it failed.
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "livy/client.hpp"

namespace livyd::livy {

/// Called on each look: the session as it is and, in one line, what it seems to wait for (YARN's
/// words, or the last line of the log).
using session_progress = std::function<task<void>(const session_view& session, std::string detail)>;

/// Returns when the session is idle or busy. Transient failures are looked through (reported as
/// detail). Throws failure{session_failed} with the reason and the log's tail as detail when it
/// died; failure{session_lost} when it is gone, or when another one has its id (a restarted Livy
/// counts from 0 again): `expected_name`, when given, is compared. No time limit: cancel it.
task<session_view> wait_until_ready(client& livy, clock& time, std::string session,
                                    session_progress progress, std::string expected_name = {});

/// Why a session could not start, from its log: YARN's diagnostics, else the innermost error of the
/// driver or launcher, else its last line; "" when the log says nothing. Pure.
std::string reason_in_log(const std::vector<std::string>& lines);

/// The same for a program that ran; a last line that names no error is no reason. Pure.
std::string error_in_log(const std::vector<std::string>& lines);

/// What a starting session seems to wait for, from the same lines, as one short line. Pure.
std::string progress_in_log(const std::vector<std::string>& lines);

/// "livyd-<user>-": what the names of this user's sessions begin with.
std::string session_name_prefix(std::string_view user);

/// "livyd-<user>-<profile>-<8 hex digits>": unique, never all digits.
std::string new_session_name(std::string_view user, std::string_view profile);

}  // namespace livyd::livy
