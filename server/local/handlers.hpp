// What each of Livy's addresses answers.
#pragma once

#include "http/server.hpp"
#include "local/routes.hpp"
#include "local/sessions.hpp"

namespace livyd::local {

/// The version of livyd and of the worker inside it, as GET /version tells it under "livyd": two
/// builds with the same words can serve each other's clients.
std::string endpoint_version();

class handlers {
 public:
  explicit handlers(sessions& all) : sessions_(all) {}
  /// Refusals are answers too; throws nothing but cancellation and bugs.
  task<http::server_response> answer(http::server_request request);

 private:
  task<http::server_response> dispatch(const http::server_request& request, route where);
  task<http::server_response> dispatch_session(const http::server_request& request, route where);
  http::server_response list_sessions(const http::server_request& request) const;
  http::server_response create_session(const http::server_request& request);

  sessions& sessions_;
};

}  // namespace livyd::local
