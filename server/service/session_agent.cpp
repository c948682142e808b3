#include "service/session_agent.hpp"

#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "service/own_statement.hpp"

namespace livyd {
namespace {

using protocol::SessionState;

/// A first statement warms a driver up, which takes seconds on a busy machine.
constexpr duration install_patience = 60s;
constexpr std::size_t greeting_limit = 64_KiB;

}  // namespace

bool is_python(std::string_view kind) {
  return kind == "pyspark" || kind == "python" || kind == "pyspark3";
}

task<void> session_agent::equip(livy::client& livy) {
  if (!known_.where().agent) {
    co_await known_.set_agent(protocol::AgentState::off, {});
    co_return;
  }
  if (!is_python(known_.info().kind.value_or(""))) {
    co_await known_.set_agent(protocol::AgentState::unavailable,
                              "The agent works in PySpark sessions only.");
    co_return;
  }
  std::string trouble;
  retry_ = false;
  try {
    co_await install(livy, known_.info().state == SessionState::busy || known_.working());
    co_return;
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled || reason.kind() == failure_kind::session_lost) {
      throw;
    }
    retry_ = is_transient(reason.kind());
    trouble = reason.detail().empty() ? reason.message()
                                      : concat(reason.message(), " (", reason.detail(), ")");
  }
  log::warn("session", concat("no agent: ", trouble));
  co_await known_.set_agent(protocol::AgentState::unavailable, std::move(trouble));
}

task<void> session_agent::install(livy::client& livy, bool busy) {
  auto stored = known_.stored().value_or(stored_session{});
  agent::remote remote(livy, time_, *known_.info().id);
  std::optional<agent::greeting> present;
  const bool fresh = stored.created && stored.nonce.empty();
  if (!fresh) present = co_await remote.hello();
  if (!present && !stored.created && !stored.use_agent) {
    co_await known_.set_agent(protocol::AgentState::ask, {});
    co_return;
  }
  if (!present) {
    co_await keep_nonce(random_hex(8));
    stored = known_.stored().value_or(stored_session{});
    if (busy) {
      co_await remote.install(stored.nonce);
    } else {
      co_await install_by_statement(livy);
    }
  } else if (present->nonce != stored.nonce) {
    co_await keep_nonce(present->nonce);  // another livyd of ours installed it
  }
  co_await known_.set_agent(protocol::AgentState::installed, {});
}

/// The entry may have changed while the session was asked: only this of it is written.
task<void> session_agent::keep_nonce(std::string nonce) {
  auto stored = known_.stored();
  if (!stored || stored->removed || stored->id != known_.info().id) co_return;
  stored->nonce = std::move(nonce);
  co_await known_.put(std::move(stored));
}

/// May be repeated: a second installation answers as the first. Its id bounds later searches.
task<void> session_agent::install_by_statement(livy::client& livy) {
  const auto stored = known_.stored().value_or(stored_session{});
  const auto session = known_.info().id.value_or("");
  auto install = [&]() -> task<agent::greeting> {
    auto code = agent::install_statement(stored.nonce, stored.created);
    auto text = co_await text_of_statement(
        livy, time_, session, std::move(code), greeting_limit,
        [this, session](std::int64_t id) { known_.saw_statement(session, id); });
    co_return agent::read_greeting(text);
  };
  auto work = install();
  co_await with_deadline(std::move(work), install_patience,
                         "The session took too long to install the agent.");
}

}  // namespace livyd
