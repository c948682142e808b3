// All sessions of the endpoint: ids, names, and their end.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "local/session.hpp"

namespace livyd::local {

class sessions {
 public:
  sessions(const asio::any_io_executor& executor, session_settings settings,
           std::chrono::seconds idle_limit);

  /// POST /sessions. Throws refused.
  std::shared_ptr<session> create(std::string_view body);
  /// By id when `name` is all digits, else by name; throws refused (404).
  std::shared_ptr<session> find(std::string_view name) const;
  /// By id, oldest first.
  std::vector<std::shared_ptr<session>> all() const;
  /// Stops the session and forgets it; goes on when the caller stops waiting.
  task<void> remove(std::shared_ptr<session> one);
  void remove_expired(monotonic_time now);
  /// Ends every worker.
  task<void> stop_all();
  /// From now on no session is created.
  void drain() { draining_ = true; }
  bool draining() const { return draining_; }

 private:
  void check_name_is_free(const session_request& request, std::int64_t id) const;
  void remove_beside(const std::shared_ptr<session>& one);

  asio::any_io_executor executor_;
  session_settings settings_;
  std::chrono::seconds idle_limit_;
  std::int64_t next_id_ = 0;
  // Shared: see class session.
  std::map<std::int64_t, std::shared_ptr<session>> kept_;
  bool draining_ = false;
};

}  // namespace livyd::local
