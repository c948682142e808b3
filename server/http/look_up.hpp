// From a host name to addresses, without ever blocking the loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/async.hpp"

namespace livyd::http {

class name_service {
 public:
  /// All addresses of `host`, in the system's order. Throws failure{name_not_found}. A cancelled
  /// caller leaves at once; the look-up itself cannot be interrupted and ends by itself. Callers
  /// that ask for the same host meanwhile share it, so a dead name server occupies one thread.
  task<std::vector<asio::ip::tcp::endpoint>> find(std::string host, std::uint16_t port);

 private:
  struct look_up;
  std::shared_ptr<look_up> begin(const std::string& host, const asio::any_io_executor& executor);

  std::map<std::string, std::weak_ptr<look_up>> running_;
};

}  // namespace livyd::http
