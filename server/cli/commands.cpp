// The commands that talk to no server: local, trust, serve, and those that print a text.
#include "cli/commands.hpp"

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "cli/serve.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "cli/workspace.hpp"
#include "local/endpoint.hpp"

namespace livyd {

int perform(const local_command& asked) {
  local::endpoint_settings settings{.port = asked.port,
                                    .strict = asked.strict,
                                    .python = asked.python,
                                    .state_file = asked.state_file};
  // Whoever starts one by hand also ends it; the one that livyd starts by itself has a state file.
  if (asked.state_file.empty()) settings.endpoint_idle_limit = {};
  return local::serve_endpoint(settings);
}

int perform(const trust_command& asked) {
  std::error_code error;
  const std::filesystem::path folder = asked.folder.empty() ? "." : asked.folder;
  if (!std::filesystem::is_directory(folder, error)) {
    throw failure(failure_kind::invalid_input, concat(folder.string(), " is not a folder."));
  }
  const auto said = trust_workspace(workspace_of(folder));
  terminal().say(said);
  return exit_code::ok;
}

int perform(const serve_command&) {
  return serve_standard_streams(std::string(program_version));
}

int perform(const print_command& asked) {
  std::fwrite(asked.text.data(), 1, asked.text.size(), stdout);
  return exit_code::ok;
}

}  // namespace livyd
