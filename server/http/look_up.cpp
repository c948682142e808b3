#include "http/look_up.hpp"

#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/own_threads.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

using addresses = std::vector<asio::ip::address>;

own_threads& look_up_threads() {
  // Never destroyed: a look-up that hangs must not keep the program from ending.
  static auto* const threads = new own_threads(8);
  return *threads;
}

void append_address(addresses& list, const addrinfo& entry) {
  asio::ip::tcp::endpoint endpoint;
  if (entry.ai_addrlen > endpoint.capacity()) return;
  std::memcpy(endpoint.data(), entry.ai_addr, entry.ai_addrlen);
  endpoint.resize(entry.ai_addrlen);
  list.push_back(endpoint.address());
}

/// Blocks.
addresses look_up_now(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    const auto reason = error == EAI_SYSTEM ? std::generic_category().message(errno)
                                            : std::string(::gai_strerror(error));
    throw failure(failure_kind::name_not_found,
                  concat("The name ", host, " cannot be resolved. Are you on the VPN?"), reason);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  addresses list;
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
    append_address(list, *entry);
  }
  return list;
}

}  // namespace

// Shared by the callers that wait and by the look-up, which outlives callers that left.
struct name_service::look_up {
  explicit look_up(const asio::any_io_executor& executor) : ended(executor) {}
  notification ended;
  bool finished = false;
  addresses found;
  std::exception_ptr error;
};

std::shared_ptr<name_service::look_up> name_service::begin(const std::string& host,
                                                           const asio::any_io_executor& executor) {
  std::erase_if(running_, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = running_[host];
  if (auto running = slot.lock(); running && !running->finished) return running;
  auto started = std::make_shared<look_up>(executor);
  slot = started;
  auto work = [](std::shared_ptr<look_up> shared, std::string name) -> task<void> {
    try {
      auto call = look_up_threads().run([name] { return look_up_now(name); });
      shared->found = co_await std::move(call);
    } catch (...) {
      shared->error = std::current_exception();
    }
    shared->finished = true;
    shared->ended.notify_all();
  };
  asio::co_spawn(executor, work(started, host), asio::detached);
  return started;
}

task<std::vector<asio::ip::tcp::endpoint>> name_service::find(std::string host,
                                                              std::uint16_t port) {
  boost::system::error_code not_an_address;
  const auto literal = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return std::vector{asio::ip::tcp::endpoint(literal, port)};

  auto executor = co_await asio::this_coro::executor;
  const auto running = begin(host, executor);
  while (!running->finished) co_await running->ended.wait();
  if (running->error) std::rethrow_exception(running->error);
  std::vector<asio::ip::tcp::endpoint> endpoints;
  for (const auto& address : running->found) endpoints.emplace_back(address, port);
  co_return endpoints;
}

}  // namespace livyd::http
