#include "base/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <system_error>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434  // the same on every architecture; older C libraries do not know it
#endif

namespace livyd {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (auto& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// The attributes of a child: its own process group, and no signal ignored or blocked.
class spawn_attributes {
 public:
  spawn_attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes_, &set);
    for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGQUIT}) ::sigaddset(&set, number);
    ::posix_spawnattr_setsigdefault(&attributes_, &set);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  spawn_attributes(const spawn_attributes&) = delete;
  spawn_attributes& operator=(const spawn_attributes&) = delete;
  ~spawn_attributes() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

/// The child's descriptors 0, 1, 2, … are the given ones.
class spawn_descriptors {
 public:
  explicit spawn_descriptors(const std::vector<descriptor>& inherited) {
    ::posix_spawn_file_actions_init(&actions_);
    int number = 0;
    for (const auto& one : inherited) {
      ::posix_spawn_file_actions_adddup2(&actions_, one.number(), number++);
    }
  }
  spawn_descriptors(const spawn_descriptors&) = delete;
  spawn_descriptors& operator=(const spawn_descriptors&) = delete;
  ~spawn_descriptors() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// Looks without reaping.
bool has_ended(pid_t process) {
  siginfo_t state{};
  const int looked =
      ::waitid(P_PID, static_cast<id_t>(process), &state, WEXITED | WNOHANG | WNOWAIT);
  return looked != 0 || state.si_pid == process;
}

}  // namespace

child_process::~child_process() {
  if (running()) reap(true);
}

void child_process::start(std::vector<std::string> arguments, std::vector<std::string> environment,
                          const std::vector<descriptor>& inherited) {
  keep_descriptors_private();
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  const spawn_attributes attributes;
  const spawn_descriptors descriptors(inherited);
  const int error =
      ::posix_spawnp(&process_, arguments.front().c_str(), descriptors.get(), attributes.get(),
                     argument_pointers.data(), environment_pointers.data());
  if (error == 0) return;
  process_ = -1;
  throw std::system_error(error, std::generic_category());
}

task<void> child_process::ended() const {
  auto executor = co_await asio::this_coro::executor;
  const auto number = static_cast<int>(::syscall(SYS_pidfd_open, process_, 0));
  if (number >= 0) {
    ::fcntl(number, F_SETFD, FD_CLOEXEC);
    asio::posix::stream_descriptor process(executor, number);
    co_await process.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  } else {  // Linux before 5.3
    asio::steady_timer timer(executor);
    while (!has_ended(process_)) {
      timer.expires_after(50ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }
}

int child_process::reap(bool with_group) {
  // The group goes before its leader is reaped: until then its number cannot belong to others.
  if (with_group) send_signal(SIGKILL);
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return status;
}

void child_process::send_signal(int number) const {
  if (running()) ::kill(-process_, number);
}

std::vector<std::string> own_environment() {
  std::vector<std::string> copy;
  for (auto** entry = environ; *entry != nullptr; ++entry) copy.emplace_back(*entry);
  return copy;
}

}  // namespace livyd
