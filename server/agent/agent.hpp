// The module inside a PySpark session, seen from here: installed, asked, and told to interrupt.
// The Python is livyd_agent.py; how its requests travel is livy/side_channel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "livy/client.hpp"
#include "livy/side_channel.hpp"

namespace livyd::agent {

/// The oldest agent that this daemon can talk to, and the one that it installs.
inline constexpr int api = 1;

/// What an agent says of itself.
struct greeting {
  int api = 0;
  std::string nonce;   ///< chosen by the daemon that installed it: the session's identity
  std::string python;  ///< "3.11.4"
  std::string run;     ///< the marked name of the run that executes now, or ""
};

/// A piece of a run's output record, in bytes of valid UTF-8.
struct piece {
  bool known = false;        ///< the agent has a record of this run
  bool ran = false;          ///< it began to execute (also when the record has been dropped since)
  bool refused = false;      ///< it was withdrawn
  bool ended = false;        ///< nothing will be added any more
  std::uint64_t offset = 0;  ///< where `bytes` begins: later than asked for when that was released
  std::uint64_t size = 0;    ///< the whole record so far
  std::string bytes;         ///< whole characters
};

enum class interruption {
  interrupted,  ///< SIGINT was sent while that run executed user code
  ended,
  not_running,  ///< it has not begun, or is between two pieces of user code
  unknown,      ///< the agent has never seen this run
};

/// How a run ended, as its agent remembers it when Livy has forgotten the statement (last 100).
struct outcome {
  bool known = false;
  std::string reply;  ///< JSON: the content of the shell's reply, as in a statement's output
};

/// Python 2.7 grammar outside, so that an old interpreter answers instead of failing: the code of a
/// statement that installs the agent and whose output is its greeting as one line of JSON, or
/// `{"error": "…"}`. With `quiet_log`, it also silences the line that each side-channel job writes
/// to the driver's log (a py4j call: only in a statement, only in sessions of our own).
std::string install_statement(const std::string& nonce, bool quiet_log);
/// Reads what that statement printed. Throws failure{unsupported} with the reason.
greeting read_greeting(std::string_view text);

/// The agent of one session. Every function has a deadline and throws failure{timeout} when the
/// interpreter does not come to answering (native code holds it), failure{unsupported} when there
/// is no agent or no side channel, and what livy::client throws. Cancellable; a cancelled or failed
/// call may have had its effect.
class remote {
 public:
  remote(livy::client& livy, clock& time, std::string session);

  /// Through the side channel, also while a statement runs.
  task<greeting> install(std::string nonce);
  /// Nothing when there is no agent in the session.
  task<std::optional<greeting>> hello();
  /// Waits up to `wait` (at most 10 s) for bytes after `offset`, for the end of the run, or for its
  /// beginning. `run` is the marked name; "" is the session's own stream. The longer nothing has
  /// been printed (`quiet`), the calmer the wait.
  task<piece> read(std::string run, std::uint64_t offset, std::size_t limit, duration wait,
                   duration quiet = {});
  task<interruption> interrupt(std::string run);
  /// True: it has not run and never will, however late its statement arrives.
  task<bool> withdraw(std::string run);
  task<outcome> result(std::string run);
  /// The record is no longer needed.
  task<void> drop(std::string run);

 private:
  livy::side_channel channel_;
};

}  // namespace livyd::agent
