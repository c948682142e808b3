// `livyd doctor`: each link on the way to a server, as a report that can be pasted into a ticket.
#include <algorithm>
#include <utility>

#include "cli/commands.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_line.hpp"

namespace livyd {
namespace {

task<int> work_on_diagnosis(conversation& here) {
  co_await here.begin("livyd doctor", false);
  protocol::DoctorParams params;
  params.profile = here.profile();
  if (!here.origin().empty()) params.origin = here.origin();
  auto found = co_await here.all().doctor_run(std::move(params));
  here.events().rest();
  auto text = here.events().as_json() ? json_line(found) : found.report;
  co_await here.screen().output(std::move(text));
  const bool holds = std::none_of(found.checks.begin(), found.checks.end(), [](const auto& check) {
    return check.state == protocol::CheckState::failed;
  });
  co_return holds ? exit_code::ok : exit_code::broken;
}

}  // namespace

int perform(const doctor_command& asked) {
  conversation here(asked.where, asked.json);
  return here.perform(work_on_diagnosis(here));
}

}  // namespace livyd
