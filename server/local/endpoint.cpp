#include "local/endpoint.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/server.hpp"
#include "local/access.hpp"
#include "local/handlers.hpp"
#include "local/livy_answer.hpp"
#include "local/state_file.hpp"

namespace livyd::local {
namespace {

constexpr auto housekeeping_interval = 1s;
constexpr auto stop_limit = 15s;             // strict sessions may take 10 s
constexpr std::size_t body_limit = 101_MiB;  // livy.file.upload.max.size and its multipart frame

constexpr std::string_view folder_prefix = "livyd-local-";

/// The process whose folder this is, by its name "livyd-local-<pid>-…"; 0 for other names.
int owner_of(const std::string& folder_name) {
  if (!folder_name.starts_with(folder_prefix)) return 0;
  return std::atoi(folder_name.c_str() + folder_prefix.size());
}

/// An endpoint that was killed could not remove its folder, and Spark's scratch files are large.
void remove_orphaned_folders(const std::filesystem::path& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    const int owner = owner_of(entry.path().filename().string());
    if (owner <= 0 || ::kill(owner, 0) == 0 || errno != ESRCH) continue;
    std::error_code ignored;  // another user's stays
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

/// A folder of this endpoint alone, mode 0700, which disappears with it.
class private_folder {
 public:
  private_folder() {
    const auto parent = std::filesystem::temp_directory_path();
    remove_orphaned_folders(parent);
    auto pattern = (parent / concat(folder_prefix, ::getpid(), "-XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw failure(failure_kind::io, concat("Cannot make a folder in ", parent.string(), ": ",
                                             std::generic_category().message(errno), "."));
    }
    path_ = pattern;
  }
  private_folder(const private_folder&) = delete;
  private_folder& operator=(const private_folder&) = delete;
  ~private_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class endpoint {
 public:
  endpoint(asio::io_context& loop, const endpoint_settings& settings)
      : loop_(loop),
        settings_(settings),
        token_(random_hex(32)),
        sessions_(loop.get_executor(),
                  {.strict = settings.strict, .python = settings.python, .folder = folder_.path()},
                  settings.session_idle_limit),
        handlers_(sessions_),
        server_(loop.get_executor(), {.port = settings.port, .body_limit = body_limit},
                [this](http::server_request request) { return answer(std::move(request)); }),
        signals_(loop, SIGINT, SIGTERM, SIGHUP) {}

  std::string url() const { return concat("http://127.0.0.1:", server_.port()); }

  void announce() {
    if (!settings_.state_file.empty()) {
      write_state_file(settings_.state_file, {.url = url(),
                                              .token = token_,
                                              .version = endpoint_version(),
                                              .process = static_cast<int>(::getpid())});
    }
    const auto line = dumped({{"url", url()}, {"token", token_}}) + "\n";
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
  }

  void start() {
    announce();
    serving_.start(loop_.get_executor(), "local", [this] { return server_.serve(); });
    keeping_.start(loop_.get_executor(), "local", [this] { return keep_house(); });
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (!error) end("asked to");
    });
  }

 private:
  task<http::server_response> answer(http::server_request request) {
    if (auto refusal = refusal_of(request, token_)) co_return std::move(*refusal);
    used_ = std::chrono::steady_clock::now();
    auto reply = co_await handlers_.answer(std::move(request));
    used_ = std::chrono::steady_clock::now();
    co_return reply;
  }

  task<void> keep_house() {
    asio::steady_timer timer(loop_);
    while (true) {
      timer.expires_after(housekeeping_interval);
      co_await timer.async_wait(asio::use_awaitable);
      const auto now = std::chrono::steady_clock::now();
      sessions_.remove_expired(now);
      if (!sessions_.all().empty()) {
        used_ = now;
        continue;
      }
      const auto limit = settings_.endpoint_idle_limit;
      if (sessions_.draining()) co_return end("drained");
      if (limit.count() > 0 && now - used_ >= limit) co_return end("not used");
    }
  }

  /// Ends the workers, then the loop.
  void end(std::string_view reason) {
    if (std::exchange(ending_, true)) return;
    log::info("local", concat("the embedded endpoint ends: ", reason));
    if (!settings_.state_file.empty()) {
      remove_state_file(settings_.state_file, static_cast<int>(::getpid()));
    }
    sessions_.drain();
    auto work = [this]() -> task<void> {
      co_await with_deadline(sessions_.stop_all(), stop_limit, "The sessions did not end in time.");
    };
    asio::co_spawn(loop_, std::move(work), [this](const std::exception_ptr&) {
      server_.stop();
      loop_.stop();
    });
  }

  asio::io_context& loop_;
  endpoint_settings settings_;
  private_folder folder_;
  std::string token_;
  sessions sessions_;
  handlers handlers_;
  http::server server_;
  asio::signal_set signals_;
  background serving_;
  background keeping_;
  std::chrono::steady_clock::time_point used_ = std::chrono::steady_clock::now();
  bool ending_ = false;
};

}  // namespace

int serve_endpoint(const endpoint_settings& settings) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context loop(1);
  endpoint served(loop, settings);
  served.start();
  loop.run();
  return 0;
}

}  // namespace livyd::local
