#include "base/failure.hpp"

#include <utility>

namespace livyd {

std::string_view name_of(failure_kind kind) {
  switch (kind) {
    case failure_kind::cancelled:
      return "cancelled";
    case failure_kind::timeout:
      return "timeout";
    case failure_kind::name_not_found:
      return "nameNotFound";
    case failure_kind::connection_refused:
      return "connectionRefused";
    case failure_kind::connection_lost:
      return "connectionLost";
    case failure_kind::tls:
      return "tls";
    case failure_kind::not_http:
      return "notHttp";
    case failure_kind::not_livy:
      return "notLivy";
    case failure_kind::unauthorized:
      return "unauthorized";
    case failure_kind::forbidden:
      return "forbidden";
    case failure_kind::not_found:
      return "notFound";
    case failure_kind::rejected:
      return "rejected";
    case failure_kind::server_error:
      return "serverError";
    case failure_kind::session_failed:
      return "sessionFailed";
    case failure_kind::session_lost:
      return "sessionLost";
    case failure_kind::session_removed:
      return "sessionRemoved";
    case failure_kind::too_large:
      return "tooLarge";
    case failure_kind::invalid_input:
      return "invalidInput";
    case failure_kind::unsupported:
      return "unsupported";
    case failure_kind::io:
      return "io";
    case failure_kind::internal:
      return "internal";
  }
  return "internal";
}

bool is_transient(failure_kind kind) {
  switch (kind) {
    case failure_kind::timeout:
    case failure_kind::name_not_found:
    case failure_kind::connection_refused:
    case failure_kind::connection_lost:
    case failure_kind::not_http:
    case failure_kind::not_livy:
    case failure_kind::unauthorized:
    case failure_kind::server_error:
      return true;
    default:
      return false;
  }
}

bool leaves_outcome_unknown(failure_kind kind) {
  switch (kind) {
    case failure_kind::timeout:
    case failure_kind::connection_lost:
    case failure_kind::not_http:
    case failure_kind::not_livy:
    case failure_kind::server_error:
      return true;
    default:
      return false;
  }
}

failure::failure(failure_kind kind, std::string message, std::string detail)
    : kind_(kind), message_(std::move(message)), detail_(std::move(detail)) {}

}  // namespace livyd
