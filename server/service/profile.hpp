// Profiles: one server each and how to talk to it, as the user wrote them and as they are used.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "deploy/bundle.hpp"
#include "http/client.hpp"
#include "livy/api.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

enum class authentication_kind { none, basic, bearer, kerberos };

/// The profile's "auth".
struct authentication_settings {
  authentication_kind kind = authentication_kind::none;
  std::string user;                  ///< Basic
  std::string token_command;         ///< Bearer: /bin/sh runs it, its output is the token
  http::kerberos_settings kerberos;  ///< also of a proxy that wants Negotiate
};

/// The profile's "proxy".
struct proxy_choice {
  http::proxy_settings::choice from = http::proxy_settings::choice::environment;
  std::string url;
  std::vector<std::string> bypass;
  authentication_kind authentication = authentication_kind::none;  ///< none, basic or kerberos
  std::string user;
};

/// The profile's "deploy".
struct deploy_settings {
  bool wanted = false;     ///< there is such a section
  bool automatic = false;  ///< before a session starts ("auto"; true where there is a section)
  std::optional<protocol::Carrier> carrier;  ///< "by"; nothing: whatever works
  std::string root;                          ///< "": ".livyd" in the user's home folder on HDFS
  bool reloads = false;   ///< changed modules go into the session before each run ("reload")
  bool by_value = false;  ///< cloudpickle.register_pickle_by_value instead of new workers
  /// Empty: what `scripts/` and `modules/` hold.
  std::vector<deploy::bundle_rule> bundles;
};

struct profile {
  std::string name;
  std::string url;  ///< "" for the embedded endpoint
  livy::session_request session;
  authentication_settings auth;
  http::tls_settings tls;
  bool encrypted_key = false;  ///< the client key wants a passphrase
  proxy_choice proxy;
  http::fields headers;                     ///< sent with every request
  std::vector<std::string> redirect_hosts;  ///< Livy's passive servers may send us there
  bool allow_insecure = false;       ///< credentials may go over plain http to another machine
  std::vector<std::string> webhdfs;  ///< ".../webhdfs/v1" of each name node; empty: none
  deploy_settings deploy;
  std::string python;  ///< interpreter of the embedded endpoint; "" = its default
  bool confirm = false;
  bool agent = true;  ///< false: Livy's plain way

  bool local() const { return url.empty(); }
  /// Secrets that were given for the other one are meant for this one, too: same server, same user,
  /// same proxy, same key.
  bool asks_for_the_same(const profile& other) const;
};

/// The name of the built-in profile that runs on this machine.
inline constexpr std::string_view local_profile = "local";

/// What a profile's variables stand for.
struct variable_values {
  http::environment environment;  ///< ${env:NAME}
  std::string workspace_folder;   ///< ${workspaceFolder}; "" where there is none
  std::string user_home;
  std::string user;  ///< ${user}: who runs livyd
};
/// Of this process.
variable_values process_variables(std::string workspace_folder);

/// A profile with "extends" resolved (objects are merged field by field, lists and texts replaced;
/// a null takes an inherited field away) and the variables in all its texts replaced. Pure. Throws
/// failure{invalid_input}: an unknown or circular "extends", an unknown variable (with the nearest
/// name), a variable of the environment that is not set.
nlohmann::json resolved_profile(const std::string& name,
                                const std::map<std::string, nlohmann::json>& written,
                                const variable_values& values);

/// Throws failure{invalid_input}: `In profile "cluster": unknown field "drivrMemory". Did you mean
/// driverMemory?`, a wrong type, a missing or bad URL. `written` is resolved.
profile read_profile(const std::string& name, const nlohmann::json& written);

/// The secrets that a profile may ask for.
std::vector<protocol::SecretKind> secrets_of(const profile& where);

/// All usable profiles and, for each that cannot be used, why; one with `"abstract": true` is only
/// there for others to extend. `local` is always among them. When
/// `trusted` is false, everything but the built-in `local` is left out.
class profile_set {
 public:
  profile_set() = default;
  profile_set(const std::map<std::string, nlohmann::json>& written, bool trusted,
              const variable_values& values);

  /// Throws failure{invalid_input}: the profile's problem, or that there is none of this name (with
  /// the nearest name, or that the workspace is not trusted).
  const profile& at(const std::string& name) const;
  /// Null for a profile that cannot be used.
  const profile* find(const std::string& name) const;
  std::vector<protocol::ProfileSummary> summaries() const;
  /// A usable profile as it was read: extended, with its variables replaced; null for any other.
  const nlohmann::json* resolved(const std::string& name) const;

 private:
  void add(const std::string& name, const std::map<std::string, nlohmann::json>& written,
           const variable_values& values);

  std::map<std::string, profile> usable_;
  std::map<std::string, nlohmann::json> resolved_;
  std::map<std::string, std::string> problems_;
  std::set<std::string> abstract_;
  bool trusted_ = true;
};

}  // namespace livyd
