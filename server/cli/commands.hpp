// The commands: each performs what its words ask for and returns the exit code.
#pragma once

#include "cli/command_line.hpp"

namespace livyd {

/// Throw failure; what happens at the server is told by themselves.
int perform(const run_command& asked);
int perform(const sessions_command& asked);
int perform(const session_command& asked);
int perform(const statements_command& asked);
int perform(const logs_command& asked);
int perform(const runs_command& asked);
int perform(const profiles_command& asked);
int perform(const hdfs_command& asked);
int perform(const batch_command& asked);
int perform(const deploy_command& asked);
int perform(const reload_command& asked);
int perform(const standalone_command& asked);
int perform(const state_command& asked);
int perform(const doctor_command& asked);
int perform(const local_command& asked);
int perform(const trust_command& asked);
int perform(const serve_command& asked);
int perform(const print_command& asked);

}  // namespace livyd
