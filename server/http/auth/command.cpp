// Bearer with a token that a command prints.
#include <sys/wait.h>
#include <csignal>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "base/child_process.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"
#include "http/auth/simple.hpp"

namespace livyd::http {
namespace {

constexpr int unauthorized = 401;
constexpr std::size_t most_output = 64_KiB;
constexpr std::size_t kept_errors = 4_KiB;
constexpr std::size_t longest_word = 300;
constexpr std::string_view scheme = "Bearer ";
constexpr std::string_view advice = " Check \"tokenCommand\" in the profile.";

/// What a command writes to one of its descriptors. Whoever else holds the other side, it ends with
/// finish().
class pipe_text {
 public:
  enum class kept { beginning, end };

  pipe_text(const asio::any_io_executor& executor, descriptor from, std::size_t limit, kept part)
      : stream_(executor, from.release()), limit_(limit), part_(part) {
    stream_.non_blocking(true);
  }

  /// Reads until the other side is closed everywhere, or until finish().
  static task<void> follow(std::shared_ptr<pipe_text> self) {
    while (self->stream_.is_open()) {
      std::array<char, 4096> piece{};
      auto [error, size] = co_await self->stream_.async_read_some(
          asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      self->append({piece.data(), size});
    }
  }

  /// Takes what has arrived and closes.
  std::string finish() {
    std::array<char, 4096> piece{};
    boost::system::error_code error;
    while (!error) {
      const auto size = stream_.read_some(asio::buffer(piece), error);
      if (!error) append({piece.data(), size});
    }
    stream_.close(error);
    return std::move(text_);
  }

 private:
  void append(std::string_view piece) {
    if (part_ == kept::beginning) {
      text_.append(piece.substr(0, limit_ - text_.size()));
      return;
    }
    text_.append(piece);
    if (text_.size() > limit_) text_.erase(0, text_.size() - limit_);
  }

  asio::posix::stream_descriptor stream_;
  std::string text_;
  std::size_t limit_;
  kept part_;
};

std::string last_line_of(std::string_view text) {
  std::string_view last;
  for (const auto line : split(text, '\n')) {
    if (!trimmed(line).empty()) last = trimmed(line);
  }
  auto words = valid_utf8(utf8_prefix(last, longest_word));
  std::erase_if(words, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return words;
}

[[noreturn]] void fail(std::string_view what, const std::string& errors) {
  const auto words = last_line_of(errors);
  throw failure(failure_kind::unauthorized,
                concat("The command for the token ", what, words.empty() ? "." : ": ", words,
                       words.empty() || words.ends_with('.') ? "" : ".", advice));
}

std::string how_it_ended(int status) {
  return WIFSIGNALED(status) ? concat("was ended by signal ", WTERMSIG(status))
                             : concat("failed with exit code ", WEXITSTATUS(status));
}

/// The first line of its output. Nothing of the output is ever told: it is a secret, or nearly.
std::string token_from(const std::string& output, const std::string& errors) {
  if (output.size() > most_output) fail("printed more than 64 kB", errors);
  const auto line = trimmed(std::string_view(output).substr(0, output.find('\n')));
  if (line.empty()) fail("printed nothing", errors);
  for (const char c : line) {
    if (c <= 0x20 || c >= 0x7f) fail("printed something that is no token", errors);
  }
  return std::string(line);
}

/// When this ends early, the command and its children are killed.
task<std::string> output_of(std::string command) {
  auto executor = co_await asio::this_coro::executor;
  auto output = pipe_from_child();
  auto errors = pipe_from_child();
  std::vector<descriptor> inherited;
  inherited.push_back(opened_null_device());
  inherited.push_back(std::move(output.theirs));
  inherited.push_back(std::move(errors.theirs));
  child_process shell;
  try {
    shell.start({"/bin/sh", "-c", std::move(command)}, own_environment(), inherited);
  } catch (const std::system_error& error) {
    throw failure(failure_kind::unauthorized,
                  concat("The command for the token cannot be started: ", error.code().message(),
                         ".", advice));
  }
  inherited.clear();
  // Shared with the coroutines that read.
  auto said = std::make_shared<pipe_text>(executor, std::move(output.ours), most_output + 1,
                                          pipe_text::kept::beginning);
  auto complained = std::make_shared<pipe_text>(executor, std::move(errors.ours), kept_errors,
                                                pipe_text::kept::end);
  asio::co_spawn(executor, pipe_text::follow(said), asio::detached);
  asio::co_spawn(executor, pipe_text::follow(complained), asio::detached);
  std::exception_ptr early;
  try {
    co_await shell.ended();
  } catch (...) {
    early = std::current_exception();
  }
  const auto text = said->finish();
  const auto words = complained->finish();
  const int status = shell.reap(early != nullptr);
  if (early) std::rethrow_exception(early);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(how_it_ended(status), words);
  co_return token_from(text, words);
}

/// The token that everybody shares, and the one run that gets it.
struct token_source {
  token_source(std::string what, command_limits given) : command(std::move(what)), limits(given) {}

  bool rested() const { return std::chrono::steady_clock::now() >= ran_at + limits.pause; }

  /// Forgets the token; the next request runs the command, not before the pause is over.
  void drop(failure reason) {
    token.clear();
    problem = std::move(reason);
  }

  const std::string command;
  const command_limits limits;
  std::string token;
  std::string refused;             ///< never sent again
  std::optional<failure> problem;  ///< why there is no token; holds for the pause
  std::chrono::steady_clock::time_point ran_at;
  bool running = false;
  int waiting = 0;
  std::shared_ptr<notification> ended;  // shared with those who wait
  background run;
};

/// What a finished run means for those who wait; nothing when it was cancelled.
void conclude(token_source& source, const std::exception_ptr& error) {
  if (!error || is_cancellation(error)) return;
  try {
    std::rethrow_exception(error);
  } catch (const failure& reason) {
    const bool late = reason.kind() == failure_kind::timeout;
    source.drop(failure(failure_kind::unauthorized,
                        late ? concat(reason.message(), advice) : reason.message()));
  } catch (const std::exception& reason) {
    source.drop(failure(failure_kind::internal,
                        "The command for the token could not be run. Look into the Livy Log.",
                        reason.what()));
  }
}

/// One run of the command: its token or its problem is in the source afterwards.
task<void> run_command(std::shared_ptr<token_source> source) {
  std::exception_ptr error;
  try {
    auto work = output_of(source->command);
    auto token = co_await with_deadline(std::move(work), source->limits.patience,
                                        "The command for the token took too long and was killed.");
    if (token == source->refused) {
      throw failure(failure_kind::unauthorized,
                    "The command for the token printed the one that was refused before. Get a new "
                    "one where the command takes it from, and try again.");
    }
    source->token = std::move(token);
  } catch (...) {
    error = std::current_exception();
  }
  conclude(*source, error);
  source->ran_at = std::chrono::steady_clock::now();
  source->running = false;
  source->ended->notify_all();
}

/// Counts who waits; with the last one the run ends, too.
class place_in_queue {
 public:
  explicit place_in_queue(token_source& source) : source_(source) { ++source_.waiting; }
  place_in_queue(const place_in_queue&) = delete;
  place_in_queue& operator=(const place_in_queue&) = delete;
  ~place_in_queue() {
    if (--source_.waiting == 0 && source_.running) source_.run.cancel();
  }

 private:
  token_source& source_;
};

class with_command final : public authentication {
 public:
  with_command(std::string command, bool allow_insecure, command_limits limits)
      : source_(std::make_shared<token_source>(std::move(command), limits)),
        allow_insecure_(allow_insecure) {}

  ~with_command() override { source_->run.cancel(); }

  task<void> prepare(request& outgoing) override {
    require_privacy(outgoing.target, "The token", allow_insecure_);
    auto work = token();
    const auto now = co_await std::move(work);
    outgoing.headers.set("Authorization", concat(scheme, now));
  }

  task<verdict> judge(const request& sent, const response& answer) override {
    if (answer.status != unauthorized) co_return verdict::final;
    const auto peer = sent.target.host_and_port();
    require_mechanism("Bearer", sent, answer);
    const auto field = sent.headers.get("Authorization");
    const auto token = field.substr(std::min(scheme.size(), field.size()));
    if (token != source_->token) co_return verdict::again;  // there is another one by now
    source_->refused = source_->token;
    failure reason(failure_kind::unauthorized,
                   concat(peer,
                          " refused the token that the command printed. It may have expired "
                          "where the command takes it from: get a new one and try again."));
    const bool may_run = source_->rested();
    source_->drop(reason);
    if (may_run) co_return verdict::again;
    throw reason;
  }

 private:
  task<std::string> token() {
    auto source = source_;  // the run may end after us
    auto executor = co_await asio::this_coro::executor;
    bool waited = false;
    while (source->token.empty()) {
      if (!source->running) {
        if (source->problem && (waited || !source->rested())) throw failure(*source->problem);
        start_run(source, executor);
      }
      const auto ended = source->ended;
      const place_in_queue place(*source);
      while (source->running && source->ended == ended) co_await ended->wait();
      waited = true;  // in vain when the run was cancelled by the last who waited before us
    }
    co_return source->token;
  }

  static void start_run(const std::shared_ptr<token_source>& source,
                        const asio::any_io_executor& executor) {
    source->problem.reset();
    source->running = true;
    source->ended = std::make_shared<notification>(executor);
    // Weak: what runs belongs to the source.
    source->run.start(executor, "http",
                      [weak = std::weak_ptr(source)] { return run_command(weak.lock()); });
  }

  std::shared_ptr<token_source> source_;  // shared with the run
  bool allow_insecure_;
};

}  // namespace

std::unique_ptr<authentication> command_authentication(std::string command, bool allow_insecure,
                                                       command_limits limits) {
  return std::make_unique<with_command>(std::move(command), allow_insecure, limits);
}

}  // namespace livyd::http
