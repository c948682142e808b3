#include "http/redirect.hpp"

#include <algorithm>
#include <string_view>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

constexpr int temporary_redirect = 307;
constexpr int permanent_redirect = 308;

[[noreturn]] void refuse(const url& from, std::string_view rest) {
  throw failure(failure_kind::forbidden, concat(from.host_and_port(), " sends us on to ", rest));
}

bool holds_credentials(std::string_view location) {
  const auto mark = location.find("//");
  if (mark == std::string_view::npos || location.find_first_of("/?#") < mark) return false;
  const auto authority = location.substr(mark + 2);
  return authority.substr(0, authority.find_first_of("/?#")).find('@') != std::string_view::npos;
}

bool is_allowed(const url& from, const url& to, const std::vector<std::string>& allowed) {
  if (to.origin() == from.origin()) return true;
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& host) {
    return equal_ignoring_case(host, to.host) || equal_ignoring_case(host, to.authority()) ||
           equal_ignoring_case(host, to.host_and_port());
  });
}

}  // namespace

std::optional<url> redirect_target(const url& from, const response& answer,
                                   const std::vector<std::string>& allowed) {
  const auto location = trimmed(answer.headers.get("Location"));
  const bool redirects = answer.status == temporary_redirect || answer.status == permanent_redirect;
  if (!redirects || location.empty()) return std::nullopt;
  if (holds_credentials(location)) {
    refuse(from,
           "an address that holds a user name or a password, which is not followed. Use the "
           "address of the server that answers in the end.");
  }
  url to;
  try {
    to = resolved(from, location);
  } catch (const failure&) {
    return std::nullopt;
  }
  if (from.secure() && !to.secure()) {
    refuse(from, concat(to.host_and_port(),
                        " over http://, which is not followed from https://. Use the server's own "
                        "https:// address."));
  }
  if (!is_allowed(from, to, allowed)) {
    refuse(from, concat(to.host_and_port(), ", which the profile does not allow. Add \"",
                        to.host_and_port(), "\" to \"redirectHosts\" if it is yours."));
  }
  return to;
}

}  // namespace livyd::http
