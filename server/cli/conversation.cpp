#include "cli/conversation.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>

#include "base/failure.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/environment_secrets.hpp"
#include "cli/exit_code.hpp"
#include "cli/prompt.hpp"
#include "cli/version.hpp"
#include "cli/workspace.hpp"

namespace livyd {

conversation::conversation(destination where, bool as_json)
    : where_(target_of(where, screen_)),
      assume_yes_(where.yes),
      events_(loop_.get_executor(), time_, screen_, as_json),
      service_(loop_.get_executor(), time_, events_,
               {.executable = std::filesystem::read_symlink("/proc/self/exe"),
                .state_home = state_home(),
                .version = std::string(program_version),
                .store_patience = duration::zero()}) {
  events_.on_secret_needed([this](protocol::SecretNeeded what) { answer(std::move(what)); });
}

int conversation::perform(task<int> work) {
  watch_signals();
  int code = exit_code::refused;
  auto guarded = guard(std::move(work));
  asio::co_spawn(loop_, std::move(guarded),
                 asio::bind_cancellation_slot(stop_.slot(), [&](std::exception_ptr, int ended) {
                   code = ended;
                   loop_.stop();
                 }));
  loop_.run();
  screen_.erase();
  return interrupted_ != 0 ? 128 + interrupted_ : code;
}

task<void> conversation::initialize(std::string client, bool keep) {
  const auto profiles = co_await begin(std::move(client), keep);
  check_problem(profiles);
  if (!assume_yes_) ask_to_confirm(profiles);
}

task<std::vector<protocol::ProfileSummary>> conversation::begin(std::string client, bool keep) {
  protocol::InitializeParams params{.protocol_hash = std::string(protocol::protocol_hash),
                                    .client = std::move(client),
                                    .configuration = where_.configuration};
  if (keep) params.state_folder = state_folder_of(where_.workspace).string();
  for (const auto& [what, value] : environment_secrets()) {
    protocol::SecretGiveParams given;
    given.profile = where_.profile;
    given.secret = what;
    given.value = value;
    co_await service_.secret_give(std::move(given));
  }
  auto result = co_await service_.initialize(std::move(params));
  co_return std::move(result.profiles);
}

task<int> conversation::guard(task<int> work) {
  int code = exit_code::refused;
  std::optional<failure> problem;
  try {
    code = co_await std::move(work);
  } catch (const failure& reason) {
    problem = reason;
  } catch (const std::exception& error) {
    const bool cancelled = is_cancellation(std::current_exception());
    problem = cancelled ? failure(failure_kind::cancelled, "cancelled")
                        : failure(failure_kind::internal, "livyd has a bug and had to stop.",
                                  error.what());
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await end_prompt();
  if (problem) code = co_await told(*problem);
  co_await shielded([this] { return service_.close(); }, 2s);
  co_return screen_.failed() && code == exit_code::ok ? exit_code::refused : code;
}

task<int> conversation::told(failure problem) {
  if (problem.kind() == failure_kind::cancelled) {
    screen_.say(cancelled_words_);
    co_return exit_code::interrupted;
  }
  screen_.say(problem.message());
  // Its first line: what follows is what a server sent, which is for no log.
  const auto& detail = problem.detail();
  if (!detail.empty()) log::info("cli", detail.substr(0, detail.find('\n')));
  co_await events_.event("failure",
                         {{"kind", name_of(problem.kind())}, {"message", problem.message()}});
  co_return problem.kind() == failure_kind::invalid_input ? exit_code::usage : exit_code::refused;
}

void conversation::check_problem(const std::vector<protocol::ProfileSummary>& profiles) const {
  for (const auto& profile : profiles) {
    if (profile.name == where_.profile && profile.problem) {
      throw failure(failure_kind::invalid_input, *profile.problem);
    }
  }
}

void conversation::ask_to_confirm(const std::vector<protocol::ProfileSummary>& profiles) {
  const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const auto& profile) {
    return profile.name == where_.profile && profile.confirm;
  });
  if (found == profiles.end()) return;
  if (!agrees(
          concat("Really use ", where_.profile, "?"),
          concat("Profile \"", where_.profile, "\" wants to be asked before anything is done."))) {
    throw failure(failure_kind::invalid_input, "Nothing was done.");
  }
}

bool conversation::agrees(std::string_view question, std::string_view why) {
  if (assume_yes_) return true;
  if (::isatty(STDIN_FILENO) != 1) {
    throw failure(failure_kind::invalid_input, concat(why, " Add --yes."));
  }
  screen_.say(concat(question, " [y/N]"));
  std::array<char, 64> answer{};
  const auto count = ::read(STDIN_FILENO, answer.data(), answer.size());
  return count > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

std::string conversation::remembered_session() const {
  const auto stored = store::peek(state_folder_of(where_.workspace), where_.profile);
  if (stored && stored->removed) {
    throw failure(failure_kind::not_found,
                  "You removed the session. Start one: livyd session start.");
  }
  if (!stored || (stored->name.empty() && stored->id.empty())) {
    throw failure(failure_kind::not_found,
                  concat("This folder has no session on ", where_.profile,
                         ". Start one (livyd session start), or name one: livyd sessions lists "
                         "them."));
  }
  return stored->name.empty() ? stored->id : stored->name;
}

stored_words conversation::last_words() const {
  const auto folder = state_folder_of(where_.workspace);
  const auto stored = store::peek(folder, where_.profile);
  if (stored) return {};
  return store::peek_last_words(folder, where_.profile);
}

/// A value that was refused is not asked for again: what failed says so, as at any other command.
void conversation::answer(protocol::SecretNeeded what) {
  if (what.refused) return;
  questions_.push_back(std::move(what));
  if (asking_.running()) return;
  asking_.start(loop_.get_executor(), "prompt", [this]() -> task<void> {
    while (!questions_.empty()) {
      auto next = std::move(questions_.front());
      questions_.pop_front();
      co_await prompt_for(std::move(next));
    }
  });
}

task<void> conversation::prompt_for(protocol::SecretNeeded what) {
  protocol::SecretGiveParams given;
  given.profile = what.profile;
  given.secret = what.secret;
  if (has_terminal()) {
    screen_.hold(true);
    bool cancelled = false;
    try {
      given.value = co_await ask_hidden(what.prompt);
    } catch (const failure& reason) {
      // Otherwise the terminal ended (Ctrl-D): there is no answer, and that is one, too.
      cancelled = reason.kind() == failure_kind::cancelled;
    }
    screen_.hold(false);
    if (cancelled) throw_cancelled();
  } else {
    screen_.say(concat("There is no terminal to ask on: set ", variable_of(what.secret), "."));
  }
  co_await service_.secret_give(std::move(given));
}

/// The terminal is as it was before anything else is said.
task<void> conversation::end_prompt() {
  asking_.cancel();
  while (asking_.running()) co_await time_.sleep_for(5ms);
}

task<void> conversation::interruption_told() {
  while (stopping_.running()) co_await time_.sleep_for(5ms);
}

void conversation::watch_signals() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (std::exchange(interrupted_, number) != 0) {
      screen_.erase();
      std::_Exit(128 + number);
    }
    watch_signals();
    asking_.cancel();
    if (interrupt_) {
      stopping_.start(loop_.get_executor(), "cli", interrupt_);
    } else {
      stop_.emit(asio::cancellation_type::terminal);
    }
  });
}

}  // namespace livyd
