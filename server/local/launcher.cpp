#include "local/launcher.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <vector>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "local/handlers.hpp"
#include "local/line_source.hpp"
#include "local/state_file.hpp"

namespace livyd::local {
namespace {

constexpr auto answer_deadline = 5s;
constexpr auto start_deadline = 20s;
constexpr auto lock_deadline = 30s;
constexpr auto lock_interval = 50ms;
constexpr std::size_t last_words_limit = 2000;

struct paths {
  std::filesystem::path state;
  std::filesystem::path lock;
  std::filesystem::path log;
};

paths paths_in(const std::filesystem::path& folder) {
  return {folder / "local.json", folder / "local.lock", folder / "local.log"};
}

http::request request_to(const endpoint_state& state, http::method verb, std::string_view path) {
  http::request request;
  request.verb = verb;
  request.target = http::joined(http::parse_url(state.url), path);
  request.deadline = answer_deadline;
  return request;
}

/// The version the endpoint of that state file tells, or nothing when it does not answer as one.
task<std::optional<std::string>> version_told_by(endpoint_state state) {
  if (state.process > 0 && ::kill(state.process, 0) != 0 && errno == ESRCH) co_return std::nullopt;
  auto executor = co_await asio::this_coro::executor;
  http::client client(executor, {},
                      http::bearer_authentication(http::fixed_secret(state.token), false));
  try {
    auto request = request_to(state, http::method::get, "version");
    const auto answer = co_await client.send(std::move(request));
    const auto json = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !json.is_object() || !json.contains("livyd"))
      co_return std::nullopt;
    co_return json["livyd"].get<std::string>();
  } catch (const failure& problem) {
    if (problem.kind() == failure_kind::cancelled) throw;
    log::info("local",
              concat("the endpoint of the state file does not answer: ", problem.message()));
  } catch (const nlohmann::json::exception&) {
    log::info("local", "what listens at the state file's port is no endpoint of ours");
  }
  co_return std::nullopt;
}

task<void> ask_to_drain(endpoint_state state) {
  auto executor = co_await asio::this_coro::executor;
  http::client client(executor, {},
                      http::bearer_authentication(http::fixed_secret(state.token), false));
  try {
    auto request = request_to(state, http::method::post, "livyd/drain");
    co_await client.send(std::move(request));
  } catch (const failure& problem) {
    if (problem.kind() == failure_kind::cancelled) throw;
    log::warn("local",
              concat("an older endpoint could not be asked to drain: ", problem.message()));
  }
}

enum class found_endpoint { none, ours, older };
struct search_result {
  found_endpoint what = found_endpoint::none;
  endpoint_state state;
};

task<search_result> look_for_endpoint(std::filesystem::path state_file) {
  auto state = read_state_file(state_file);
  if (!state) co_return search_result{};
  const auto version = co_await version_told_by(*state);
  if (!version) co_return search_result{};
  const auto what = *version == endpoint_version() ? found_endpoint::ours : found_endpoint::older;
  co_return search_result{what, std::move(*state)};
}

task<file_lock> acquire(std::filesystem::path path) {
  system_clock time;
  const auto until = time.now() + lock_deadline;
  while (true) {
    if (auto lock = file_lock::try_acquire(path)) co_return std::move(*lock);
    if (time.now() >= until) {
      throw failure(failure_kind::io,
                    concat("Process ", file_lock::holder(path),
                           " has been starting the embedded endpoint for ",
                           human_duration(std::chrono::milliseconds(lock_deadline).count()),
                           ". End it, then try again."));
    }
    co_await time.sleep_for(lock_interval);
  }
}

// Starting it detached ----------------------------------------------------------------------------

struct started_process {
  descriptor output;   // its standard output
  descriptor problem;  // the errno of a failed exec
};

/// Only what may be called between fork and exec.
[[noreturn]] void become_endpoint(const std::vector<char*>& arguments, int null, int output,
                                  int log, int problem) {
  ::setsid();
  if (::fork() != 0) ::_exit(0);  // the parent reaps us, init the endpoint
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (::chdir("/") != 0) ::_exit(1);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM}) ::signal(number, SIG_DFL);
  ::execv(arguments.front(), arguments.data());
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(problem, &error, sizeof error);
  ::_exit(127);
}

descriptor opened_log(const std::filesystem::path& path) {
  descriptor log(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (log.number() >= 0) return log;
  throw failure(failure_kind::io, concat("Cannot write ", path.string(), ": ",
                                         std::generic_category().message(errno), "."));
}

started_process start_detached(std::vector<std::string> arguments,
                               const std::filesystem::path& log) {
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const auto null = opened_null_device();
  const auto errors = opened_log(log);
  auto output = pipe_from_child();
  auto problem = pipe_from_child();
  keep_descriptors_private();
  const pid_t child = ::fork();
  if (child == 0) {
    become_endpoint(pointers, null.number(), output.theirs.number(), errors.number(),
                    problem.theirs.number());
  }
  if (child < 0) {
    throw failure(failure_kind::io, concat("Cannot start the embedded endpoint: ",
                                           std::generic_category().message(errno), "."));
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {std::move(output.ours), std::move(problem.ours)};
}

/// Waits for the exec: the pipe closes with it.
void check_exec(const descriptor& problem, const std::string& executable) {
  int error = 0;
  ssize_t count = 0;
  do {
    count = ::read(problem.number(), &error, sizeof error);
  } while (count < 0 && errno == EINTR);
  if (count != sizeof error) return;
  throw failure(failure_kind::io, concat("Cannot start ", executable, ": ",
                                         std::generic_category().message(error), "."));
}

std::string last_words(const std::filesystem::path& log) {
  const auto text = read_file_if_any(log).value_or("");
  auto words = trimmed(text);
  if (words.size() > last_words_limit) words.remove_prefix(words.size() - last_words_limit);
  return valid_utf8(words);
}

[[noreturn]] void throw_ended(const std::filesystem::path& log) {
  const auto words = last_words(log);
  const auto reason = words.empty() ? std::string() : concat(" It said: ", words);
  throw failure(
      failure_kind::io,
      concat("The embedded endpoint ended at once.", reason, " Its log is ", log.string(), "."),
      words);
}

/// A path stays what it is when the endpoint works elsewhere; a name is looked up there.
std::string absolute_interpreter(const std::string& python) {
  if (python.find('/') == std::string::npos) return python;
  return std::filesystem::absolute(python).string();
}

task<endpoint_address> start_endpoint(paths where, std::filesystem::path executable,
                                      std::string python) {
  auto executor = co_await asio::this_coro::executor;
  const auto program = std::filesystem::absolute(executable).string();
  std::vector<std::string> arguments{program, "local", "--state-file", where.state.string()};
  if (!python.empty()) {
    arguments.emplace_back("--python");
    arguments.push_back(absolute_interpreter(python));
  }
  auto process = start_detached(std::move(arguments), where.log);
  check_exec(process.problem, program);
  line_source output(executor, std::move(process.output));
  const auto line = co_await with_deadline(
      output.next(), start_deadline,
      concat("The embedded endpoint did not start within ",
             human_duration(std::chrono::milliseconds(start_deadline).count()), ". Its log is ",
             where.log.string(), "."));
  if (!line) throw_ended(where.log);
  const auto json = nlohmann::json::parse(*line, nullptr, false);
  if (!json.is_object() || !json.contains("url") || !json.contains("token")) throw_ended(where.log);
  co_return endpoint_address{json["url"].get<std::string>(), json["token"].get<std::string>()};
}

}  // namespace

task<endpoint_address> ensure_endpoint(std::filesystem::path state_folder,
                                       std::filesystem::path executable, std::string python) {
  make_private_folder(state_folder);
  const auto where = paths_in(state_folder);
  auto found = co_await look_for_endpoint(where.state);
  if (found.what == found_endpoint::ours) {
    co_return endpoint_address{std::move(found.state.url), std::move(found.state.token)};
  }
  const auto lock = co_await acquire(where.lock);
  found = co_await look_for_endpoint(where.state);  // somebody else may have started it meanwhile
  if (found.what == found_endpoint::ours) {
    co_return endpoint_address{std::move(found.state.url), std::move(found.state.token)};
  }
  if (found.what == found_endpoint::older) co_await ask_to_drain(found.state);
  auto address = co_await start_endpoint(where, std::move(executable), std::move(python));
  co_return address;
}

}  // namespace livyd::local
