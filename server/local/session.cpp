#include "local/session.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"
#include "local/output.hpp"
#include "local/spark_conf.hpp"

namespace livyd::local {
namespace {

constexpr auto cancel_timeout = 30s;     // livy.rsc.job-cancel.timeout
constexpr auto cancel_interval = 100ms;  // livy.rsc.job-cancel.trigger-interval
constexpr auto shutdown_wait = 10s;      // Livy's wait for a running cell
constexpr auto terminate_wait = 1s;

constexpr std::string_view only_python =
    "The embedded endpoint runs Python and SQL only. Choose the kind pyspark or sql, or a profile "
    "that names a Livy server, for Scala and R.";

std::int64_t wall_milliseconds() {
  return system_clock().wall_milliseconds();
}

std::string job_group_code(std::int64_t statement) {
  return concat("sc.setJobGroup(\"", statement, "\", \"Job group for statement ", statement, "\")");
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string_view name_of(session_state state) {
  switch (state) {
    case session_state::starting:
      return "starting";
    case session_state::idle:
      return "idle";
    case session_state::busy:
      return "busy";
    case session_state::shutting_down:
      return "shutting_down";
    case session_state::error:
      return "error";
    case session_state::dead:
      return "dead";
  }
  return "dead";
}

std::string chosen_python(const session_settings& settings, const session_request& request) {
  const auto conf = request.conf.find("spark.pyspark.python");
  for (const auto& python :
       {settings.python, conf == request.conf.end() ? std::string() : conf->second,
        variable("LIVYD_PYTHON"), variable("PYSPARK_PYTHON")}) {
    if (!python.empty()) return python;
  }
  return "python3";
}

session::session(const asio::any_io_executor& executor, const session_settings& settings,
                 std::int64_t id, session_request request)
    : executor_(executor),
      settings_(settings),
      id_(id),
      request_(std::move(request)),
      folder_(settings.folder / concat("session-", id)),
      changed_(executor),
      rpc_(executor, settings.strict) {
  times_.created = times_.active = times_.heartbeat = std::chrono::steady_clock::now();
}

void session::start() {
  run_beside([](session& self) { return self.live(); });
}

void session::run_beside(std::function<task<void>(session&)> work) {
  asio::co_spawn(
      executor_,
      [self = shared_from_this(), work = std::move(work)]() -> task<void> { co_await work(*self); },
      [id = id_](const std::exception_ptr& error) {
        if (error && !is_cancellation(error)) {
          log::error("local", concat("session ", id, ": a background run failed"));
        }
      });
}

void session::touch() {
  times_.active = std::chrono::steady_clock::now();
  beat();
}

void session::become(session_state next) {
  if (state_ == next || state_ == session_state::dead) return;
  if (state_ == session_state::shutting_down && next != session_state::dead) return;
  state_ = next;
  if (next == session_state::dead) times_.ended = std::chrono::steady_clock::now();
  log::info("local", concat("session ", id_, " is ", name_of(next)));
  changed_.notify_all();
}

void session::log_error(std::string_view text) {
  for (const auto line : split(text, '\n')) log_.add_error(line);
}

// Its life --------------------------------------------------------------------------------------

task<void> session::live() {
  std::string reason;
  try {
    co_await start_worker();
  } catch (const failure& problem) {
    reason = problem.message();
  }
  if (!reason.empty()) log_error(reason);
  if (!started_) {
    co_await end_worker();
    co_return;
  }
  touch();
  become(session_state::idle);
  run_beside([](session& self) { return self.watch_worker(); });
  co_await run_queue();
}

task<void> session::start_worker() {
  write_folder();
  const worker_settings settings{.strict = settings_.strict,
                                 .python = chosen_python(settings_, request_),
                                 .script = folder_ / "livy_shell.py",
                                 .environment = environment()};
  // The session outlives its worker's callbacks only by this weak reference.
  worker_ = worker::start(executor_, settings, [weak = weak_from_this()](std::string_view line) {
    if (const auto self = weak.lock()) self->log_.add_error(line);
  });
  started_ = co_await worker_->ready();
  if (started_ && stopping_) started_ = false;
  if (!started_ && !stopping_) {
    co_await worker_->take_error_lines();
    log_error("The Python process ended before its shell was ready: the lines above say why.");
  }
}

void session::write_folder() const {
  make_private_folder(folder_ / "files");
  make_private_folder(folder_ / "scratch");
  replace_file(folder_ / "livy_shell.py", worker_source());
  replace_file(folder_ / "spark.conf",
               properties_text(spark_conf(request_, id_, folder_ / "scratch")));
}

std::vector<std::string> session::environment() const {
  return {"PYTHONUNBUFFERED=YES", "SPARK_LOCAL_IP=127.0.0.1",
          concat("SPARK_LOCAL_DIRS=", (folder_ / "scratch").string()),
          concat("PYSPARK_SUBMIT_ARGS=--properties-file '", (folder_ / "spark.conf").string(),
                 "' pyspark-shell")};
}

task<void> session::wait_until_started() {
  while (state_ == session_state::starting) co_await changed_.wait();
}

task<void> session::stop() {
  if (state_ == session_state::dead) co_return;
  if (!std::exchange(stopping_, true)) {
    const bool was_busy = busy();
    become(session_state::shutting_down);
    run_beside([was_busy](session& self) -> task<void> {
      if (was_busy && self.settings_.strict) {
        const auto until = std::chrono::steady_clock::now() + shutdown_wait;
        asio::steady_timer timer(self.executor_);
        while (self.running_ && std::chrono::steady_clock::now() < until) {
          timer.expires_after(cancel_interval);
          co_await timer.async_wait(asio::use_awaitable);
        }
      }
      co_await self.end_worker();
    });
  }
  while (state_ != session_state::dead) co_await changed_.wait();
}

task<void> session::end_worker() {
  stopping_ = true;
  if (worker_ && !worker_->ended()) {
    worker_->send_signal(SIGTERM);
    asio::steady_timer deadline(executor_, terminate_wait);
    deadline.async_wait([worker = worker_](boost::system::error_code error) {
      if (!error) worker->send_signal(SIGKILL);
    });
    co_await worker_->wait_for_end();
  }
  co_await off_thread([folder = folder_] {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  });
  become(session_state::dead);
}

task<void> session::watch_worker() {
  co_await worker_->wait_for_end();
  // Livy notices with the next statement only; nobody can rely on that.
  if (!settings_.strict && !running_) become(session_state::error);
}

void session::require_running() const {
  const bool usable = state_ == session_state::idle || state_ == session_state::busy ||
                      state_ == session_state::error;
  if (usable) return;
  throw refused(bare_string(
      500, concat("java.lang.IllegalStateException: Session is in state ", name_of(state_))));
}

void session::require_active() const {
  if (state_ != session_state::dead && state_ != session_state::shutting_down) return;
  throw refused(message(400, "requirement failed: Session isn't active."));
}

// Statements --------------------------------------------------------------------------------------

std::shared_ptr<statement> session::submit(statement_request request) {
  require_running();
  rpc_.use();
  const auto kind = request.kind ? kind_named(*request.kind) : request_.kind;
  constexpr std::string_view prefix =
      "java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: "
      "java.lang.IllegalArgumentException: ";
  if (!kind) throw refused(bare_string(500, concat(prefix, "Invalid kind: ", *request.kind)));
  if (!request.kind && *kind == "shared") {
    throw refused(bare_string(
        500, concat(prefix, "Code type should be specified if session kind is shared")));
  }
  touch();
  auto added = statements_.add(*kind, std::move(request.code));
  // Livy's executor fails on the kind "shared" and the statement waits for ever.
  if (settings_.strict && *kind == "shared") return added;
  queue_.push_back(added);
  changed_.notify_all();
  return added;
}

std::shared_ptr<statement> session::find(std::int64_t id) {
  auto found = statements_.find(id);
  if (found && found == running_ && found->kind != "shared" && !asking_progress_) {
    asking_progress_ = true;
    run_beside([found](session& self) { return self.refresh_progress(found); });
  }
  return found;
}

task<void> session::refresh_progress(std::shared_ptr<statement> one) {
  const auto group = std::to_string(one->id);
  ordered_json question = {{"op", "progress"}, {"group", group}};
  const auto answer = co_await worker_->channel().ask(std::move(question));
  one->progress = answer.value("progress", one->progress);
  // Each look costs the driver a little: ten a second are enough for anybody.
  asio::steady_timer timer(executor_, cancel_interval);
  co_await timer.async_wait(asio::use_awaitable);
  asking_progress_ = false;
}

task<void> session::run_queue() {
  while (!stopping_) {
    if (queue_.empty()) {
      co_await changed_.wait();
      continue;
    }
    running_ = queue_.front();
    queue_.pop_front();
    co_await execute(running_);
    running_ = nullptr;
    changed_.notify_all();
  }
}

task<void> session::execute(std::shared_ptr<statement> one) {
  become(session_state::busy);
  if (one->kind == "pyspark") {
    co_await run_python(one);
  } else if (one->kind == "sql") {
    co_await run_sql(one);
  } else if (one->state == statement_state::waiting) {
    one->state = statement_state::running;
    one->started = wall_milliseconds();
    one->output = error_output(one->id, "Error", only_python);
  }
  finish(*one);
}

task<void> session::run_python(std::shared_ptr<statement> one) {
  // As in Livy the job group is set through the shell, also for a statement cancelled by now.
  const auto group = job_group_code(one->id);
  const auto grouped = co_await worker_->execute(group);
  if (!grouped) co_await worker_->take_error_lines();
  if (one->state != statement_state::waiting) co_return;
  one->state = statement_state::running;
  one->started = wall_milliseconds();
  const auto name = std::to_string(one->id);
  auto reply = co_await worker_->execute(one->code, name);
  if (reply) {
    // Reading tens of megabytes must not hold up the other requests.
    const auto read = [line = std::move(*reply), id = one->id, keep = !settings_.strict] {
      return output_of_reply(id, line, keep);
    };
    auto output = co_await off_thread(read);
    one->output = std::move(output);
    co_return;
  }
  auto last_words = co_await worker_->take_error_lines();
  one->output = output_of_death(one->id, last_words);
  become(session_state::error);
}

task<void> session::run_sql(std::shared_ptr<statement> one) {
  if (one->state != statement_state::waiting) co_return;
  one->state = statement_state::running;
  one->started = wall_milliseconds();
  ordered_json question = {{"op", "sql"}, {"code", one->code}, {"group", std::to_string(one->id)}};
  const auto answer = co_await worker_->channel().ask(std::move(question));
  if (const auto broken = answer.find("failure"); broken != answer.end()) {
    one->output = output_of_death(one->id, broken->get<std::string>());
    become(session_state::error);
    co_return;
  }
  one->output = output_of_content(one->id, answer, false);
}

void session::finish(statement& one) {
  if (one.state == statement_state::running) one.state = statement_state::available;
  if (one.state == statement_state::cancelling) one.state = statement_state::cancelled;
  one.completed = wall_milliseconds();
  times_.active = std::chrono::steady_clock::now();
  if (queue_.empty() && state_ == session_state::busy) become(session_state::idle);
}

void session::cancel(std::int64_t id) {
  require_running();
  rpc_.use();
  touch();
  const auto one = statements_.find(id);
  if (!one) return;
  if (one->state == statement_state::waiting) {
    one->state = statement_state::cancelled;
    one->completed = wall_milliseconds();
  } else if (one->state == statement_state::running) {
    one->state = statement_state::cancelling;
    run_beside([one](session& self) { return self.press_cancel(one); });
  }
}

task<void> session::press_cancel(std::shared_ptr<statement> one) {
  const auto until = std::chrono::steady_clock::now() + cancel_timeout;
  asio::steady_timer timer(executor_);
  // A worker that is stuck in C code answers late: one open question is enough. Shared with it.
  const auto asking = std::make_shared<bool>(false);
  while (one->state == statement_state::cancelling) {
    if (std::chrono::steady_clock::now() >= until) {
      one->state = statement_state::cancelled;
      one->completed = wall_milliseconds();
      co_return;
    }
    if (!std::exchange(*asking, true)) {
      run_beside([one, asking](session& self) -> task<void> {
        ordered_json question = {{"op", "cancel_group"}, {"group", std::to_string(one->id)}};
        co_await self.worker_->channel().ask(std::move(question));
        *asking = false;
      });
    }
    timer.expires_after(cancel_interval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// The side channel and files --------------------------------------------------------------------

std::int64_t session::submit_job(job_request request) {
  require_running();
  rpc_.use();
  touch();
  const auto id = jobs_.add();
  const auto kind = kind_named(request.type.empty() ? request_.kind : request.type);
  if (!kind) {
    jobs_.failed(id, concat("java.lang.IllegalArgumentException: Invalid kind: ", request.type));
  } else if (*kind != "pyspark") {
    jobs_.failed(id, std::string(only_python));
  } else {
    run_beside([id, job = std::move(request.job)](session& self) { return self.run_job(id, job); });
  }
  return id;
}

task<void> session::run_job(std::int64_t id, std::string job) {
  const auto self = shared_from_this();
  const auto started = [self, id] { self->jobs_.started(id); };
  ordered_json question = {{"op", "job"}, {"job", std::move(job)}};
  const auto answer = co_await worker_->channel().ask(std::move(question), started);
  if (const auto result = answer.find("result"); result != answer.end()) {
    jobs_.succeeded(id, result->get<std::string>());
    co_return;
  }
  const auto error = answer.value("error", answer.value("failure", std::string()));
  jobs_.failed(id, concat("org.apache.livy.repl.PythonJobException: ", error));
}

task<void> session::receive_file(std::string name, std::string content, bool python) {
  require_running();
  touch();
  const auto path = folder_ / "files" / name;
  co_await off_thread([path, content = std::move(content)] {
    if (!std::filesystem::exists(path)) replace_file(path, content);
  });
  co_await add_file(path.string(), python);
}

task<void> session::add_file(std::string path, bool python) {
  require_running();
  touch();
  const ordered_json question = {{"op", "add_file"}, {"path", path}, {"python", python}};
  const auto answer = co_await worker_->channel().ask(question);
  if (const auto broken = answer.find("failure"); broken != answer.end()) {
    throw refused(bare_string(
        500, concat("java.util.concurrent.ExecutionException: ", broken->get<std::string>())));
  }
}

}  // namespace livyd::local
