#include "local/worker.hpp"

#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <system_error>

#include "base/log.hpp"
#include "base/text.hpp"
#include "embedded/worker_py.hpp"

namespace livyd::local {
namespace {

constexpr std::size_t kept_error_lines = 1000;
constexpr int channel_number = 3;
constexpr int protocol_number = 4;

std::string_view variable_name(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

bool is_private(std::string_view name) {
  return name.starts_with("LIVYD_") || name == "PYSPARK_GATEWAY_PORT" ||
         name == "PYSPARK_GATEWAY_SECRET";
}

std::string execute_request(std::string_view code, std::string_view statement) {
  ordered_json request = {{"msg_type", "execute_request"}, {"content", {{"code", code}}}};
  if (!statement.empty()) request["content"]["statement"] = statement;
  return request.dump(-1, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string_view worker_source() {
  return worker_py;
}

std::vector<std::string> worker_environment(const char* const* ours,
                                            const std::vector<std::string>& added) {
  std::vector<std::string> result = added;
  const auto replaced = [&added](std::string_view name) {
    return std::any_of(added.begin(), added.end(),
                       [name](const auto& entry) { return variable_name(entry) == name; });
  };
  for (; *ours != nullptr; ++ours) {
    const std::string_view entry(*ours);
    const auto name = variable_name(entry);
    if (!is_private(name) && !replaced(name)) result.emplace_back(entry);
  }
  return result;
}

worker::worker(asio::any_io_executor executor, std::function<void(std::string_view)> on_log_line)
    : executor_(std::move(executor)), on_log_line_(std::move(on_log_line)), changed_(executor_) {}

worker::~worker() = default;

std::shared_ptr<worker> worker::start(const asio::any_io_executor& executor,
                                      const worker_settings& settings,
                                      std::function<void(std::string_view)> on_log_line) {
  std::signal(SIGPIPE, SIG_IGN);  // a dead worker is seen by its end, not by a signal to us
  std::shared_ptr<worker> started(new worker(executor, std::move(on_log_line)));
  started->spawn(settings);
  started->follow();
  return started;
}

void worker::spawn(const worker_settings& settings) {
  auto errors = pipe_from_child();
  auto channel = socket_pair();
  std::vector<descriptor> inherited;
  if (settings.strict) {
    auto input = pipe_to_child();
    auto output = pipe_from_child();
    requests_.emplace(executor_, input.ours.release());
    replies_.emplace(executor_, std::move(output.ours));
    inherited.push_back(std::move(input.theirs));
    inherited.push_back(std::move(output.theirs));
    inherited.push_back(std::move(errors.theirs));
    inherited.push_back(std::move(channel.theirs));
  } else {
    auto protocol = socket_pair();
    requests_.emplace(executor_, duplicate(protocol.ours).release());
    replies_.emplace(executor_, std::move(protocol.ours));
    inherited.push_back(opened_null_device());
    inherited.push_back(duplicate(errors.theirs));
    inherited.push_back(std::move(errors.theirs));
    inherited.push_back(std::move(channel.theirs));
    inherited.push_back(std::move(protocol.theirs));
  }
  requests_->non_blocking(true);
  errors_.emplace(executor_, std::move(errors.ours));
  channel_.emplace(executor_, std::move(channel.ours));
  spawn_with(settings, std::move(inherited));
}

void worker::spawn_with(const worker_settings& settings, std::vector<descriptor> inherited) {
  std::vector<std::string> arguments{settings.python, settings.script.string(),
                                     settings.strict ? "strict" : "default",
                                     std::to_string(channel_number)};
  if (!settings.strict) arguments.push_back(std::to_string(protocol_number));
  try {
    process_.start(std::move(arguments), worker_environment(environ, settings.environment),
                   inherited);
  } catch (const std::system_error& error) {
    throw failure(failure_kind::io,
                  concat("Cannot start the Python interpreter ", settings.python, ": ",
                         error.code().message(),
                         ". Name one that exists: in the profile, in LIVYD_PYTHON, or in the "
                         "session's spark.pyspark.python."));
  }
}

void worker::follow() {
  const auto self = shared_from_this();
  const auto run = [this, &self](auto work) {
    asio::co_spawn(
        executor_, [self, work]() -> task<void> { co_await work(*self); },
        [](const std::exception_ptr& error) {
          if (error && !is_cancellation(error)) log::error("local", "a worker's stream failed");
        });
  };
  run([](worker& one) { return one.follow_errors(); });
  run([](worker& one) { return one.channel_->follow(); });
  run([](worker& one) { return one.channel_->write(); });
  run([](worker& one) { return one.watch(); });
}

task<void> worker::follow_errors() {
  while (true) {
    auto line = co_await errors_->next();
    if (!line) break;
    on_log_line_(*line);
    if (error_lines_.size() == kept_error_lines) error_lines_.erase(error_lines_.begin());
    error_lines_.push_back(std::move(*line));
  }
  errors_ended_ = true;
  changed_.notify_all();
}

task<void> worker::watch() {
  co_await process_.ended();
  process_.reap(true);
  ended_ = true;
  replies_->finish();
  errors_->finish();
  channel_->close();
  changed_.notify_all();
}

task<bool> worker::ready() {
  while (true) {
    auto line = co_await replies_->next();
    if (!line) co_return false;
    if (!line->starts_with("READY(port=")) continue;
    error_lines_.clear();  // what Spark said while it started is no last word of the shell
    co_return true;
  }
}

task<std::optional<std::string>> worker::execute(std::string_view code,
                                                 std::string_view statement) {
  const auto request = execute_request(code, statement);
  auto [error, count] = co_await asio::async_write(*requests_, asio::buffer(request),
                                                   asio::as_tuple(asio::use_awaitable));
  if (error == asio::error::operation_aborted) throw_cancelled();
  // Any other error means that the shell is gone; it may still have said something.
  auto line = co_await replies_->next();
  co_return line;
}

task<std::string> worker::take_error_lines() {
  asio::steady_timer deadline(executor_, 1s);
  deadline.async_wait(
      [self = shared_from_this()](boost::system::error_code) { self->changed_.notify_all(); });
  const auto until = asio::steady_timer::clock_type::now() + 1s;
  while (!errors_ended_ && asio::steady_timer::clock_type::now() < until) {
    co_await changed_.wait();
  }
  std::string text;
  for (const auto& line : error_lines_) text += concat(text.empty() ? "" : "\n", line);
  error_lines_.clear();
  co_return valid_utf8(text);
}

task<void> worker::wait_for_end() {
  while (!ended_) co_await changed_.wait();
}

void worker::send_signal(int number) const {
  process_.send_signal(number);
}

}  // namespace livyd::local
