// Profiles: one server each and how to talk to it, as the user wrote them and as they are used.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/failure.hpp"
#include "http/client.hpp"
#include "livy/api.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

enum class authentication_kind { none, bearer };

struct profile {
  std::string name;
  std::string url;  ///< "" for the embedded endpoint
  livy::session_request session;
  authentication_kind authentication = authentication_kind::none;
  http::tls_settings tls;
  std::string python;  ///< interpreter of the embedded endpoint; "" = its default
  bool confirm = false;
  bool agent = true;  ///< false: Livy's plain way

  bool local() const { return url.empty(); }
};

/// The name of the built-in profile that runs on this machine.
inline constexpr std::string_view local_profile = "local";

/// Throws failure{invalid_input}: `In profile "cluster": unknown field "drivrMemory". Did you mean
/// driverMemory?`, a wrong type, a missing or bad URL.
profile read_profile(const std::string& name, const nlohmann::json& written);

/// All usable profiles and, for each that cannot be used, why. `local` is always among them. When
/// `trusted` is false, everything but the built-in `local` is left out.
class profile_set {
 public:
  profile_set() = default;
  profile_set(const std::map<std::string, nlohmann::json>& written, bool trusted);

  /// Throws failure{invalid_input}: the profile's problem, or that there is none of this name (with
  /// the nearest name, or that the workspace is not trusted).
  const profile& at(const std::string& name) const;
  std::vector<protocol::ProfileSummary> summaries() const;

 private:
  std::map<std::string, profile> usable_;
  std::map<std::string, std::string> problems_;
  bool trusted_ = true;
};

}  // namespace livyd
