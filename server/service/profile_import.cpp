#include "service/profile_import.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;

constexpr std::string_view not_known =
    "This is neither a sparkmagic configuration nor a console script's settings. docs/profiles.md "
    "shows both.";

/// Whether a setting of this name holds what nobody writes into settings.
bool is_secret(std::string_view name) {
  const auto word = lower_case(name);
  constexpr std::array<std::string_view, 5> marks{"password", "passwd", "token", "secret",
                                                  "passphrase"};
  return std::any_of(marks.begin(), marks.end(),
                     [&](auto mark) { return word.find(mark) != std::string::npos; });
}

bool is_empty(const json& value) {
  return value.is_null() || (value.is_string() && value.get<std::string>().empty()) ||
         (value.is_structured() && value.empty());
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// The result while it grows.
class draft {
 public:
  void remark(std::string words) {
    auto& all = result.remarks;
    if (std::find(all.begin(), all.end(), words) == all.end()) all.push_back(std::move(words));
  }

  void no_place(std::string_view setting) {
    remark(is_secret(setting)
               ? concat("The value of \"", setting,
                        "\" was not taken over: livyd asks for secrets and never writes them down.")
               : concat("\"", setting, "\" has no place in a profile and was left out."));
  }

  /// An authentication as either program names it.
  void authenticate(json& profile, const std::string& type, const std::string& user) {
    const auto word = lower_case(type);
    if (word == "kerberos" || word == "spnego" || word == "negotiate") {
      profile["auth"] = {{"type", "kerberos"}};
    } else if (word.starts_with("basic") || word == "ldap" || (word.empty() && !user.empty())) {
      profile["auth"] = {{"type", "basic"}, {"user", user}};
      if (user.empty()) {
        profile["auth"]["user"] = "${user}";
        remark("The file names no user for Basic authentication: \"${user}\" stands for yours.");
      }
    } else if (word == "bearer" || word == "token" || word == "jwt") {
      profile["auth"] = {{"type", "bearer"}};
    } else if (!word.empty() && word != "none") {
      remark(concat("The authentication \"", type,
                    "\" is not known here. Set \"auth\" in the profile."));
    }
  }

  void add(const std::string& name, json profile) { result.profiles[name] = std::move(profile); }

  protocol::ProfileImportResult result;
};

constexpr std::array<std::string_view, 3> whole_numbers{"driverCores", "executorCores",
                                                        "numExecutors"};

/// Numbers that were written as text become numbers where a profile wants them.
json fitting(std::string_view field, const json& value) {
  const bool wants_number =
      field == "heartbeatTimeoutInSecond" ||
      std::find(whole_numbers.begin(), whole_numbers.end(), field) != whole_numbers.end();
  if (!wants_number) return value.is_number() ? json(text_of(value)) : value;
  if (!value.is_string()) return value;
  const auto text = value.get<std::string>();
  const bool digits =
      !text.empty() && text.size() < 10 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return digits ? json(std::stoll(text)) : value;
}

// ---------------------------------------------------------------- sparkmagic

constexpr std::string_view credentials_prefix = "kernel_";
constexpr std::string_view credentials_suffix = "_credentials";

bool is_credentials(std::string_view key) {
  return key.starts_with(credentials_prefix) && key.ends_with(credentials_suffix);
}

/// "kernel_python_credentials" → "pyspark".
std::string kind_of_credentials(std::string_view key) {
  key.remove_prefix(credentials_prefix.size());
  key.remove_suffix(credentials_suffix.size());
  if (key == "scala") return "spark";
  return key == "r" ? "sparkr" : "pyspark";
}

void import_session_configs(const json& from, json& session, draft& out) {
  constexpr std::array<std::string_view, 15> fields{"driverMemory",   "driverCores",
                                                    "executorMemory", "executorCores",
                                                    "numExecutors",   "queue",
                                                    "proxyUser",      "ttl",
                                                    "idleTimeout",    "heartbeatTimeoutInSecond",
                                                    "conf",           "jars",
                                                    "pyFiles",        "files",
                                                    "archives"};
  for (const auto& [key, value] : from.items()) {
    const auto known = std::find(fields.begin(), fields.end(), key);
    if (known == fields.end()) {
      out.no_place(concat("session_configs.", key));
    } else if (!is_empty(value)) {
      session[key] = value.is_structured() ? value : fitting(key, value);
    }
  }
}

void import_headers(const json& from, json& profile, draft& out) {
  constexpr std::array<std::string_view, 4> unwanted{"authorization", "cookie", "x-requested-by",
                                                     "content-type"};
  for (const auto& [name, value] : from.items()) {
    const auto word = lower_case(name);
    if (is_secret(word) || std::find(unwanted.begin(), unwanted.end(), word) != unwanted.end()) {
      out.remark(concat("The header \"", name, "\" was left out: ",
                        word == "x-requested-by" || word == "content-type"
                            ? "livyd sends it by itself."
                            : "it may hold a secret. livyd asks for secrets; see \"auth\"."));
    } else {
      profile["headers"][name] = text_of(value);
    }
  }
}

/// What all kernels of the file share.
json shared_by_kernels(const json& file, draft& out) {
  json shared = json::object();
  json session = json::object();
  for (const auto& [key, value] : file.items()) {
    if (is_credentials(key) || is_empty(value)) continue;
    if (key == "session_configs" && value.is_object()) {
      import_session_configs(value, session, out);
    } else if (key == "custom_headers" && value.is_object()) {
      import_headers(value, shared, out);
    } else if (key == "ignore_ssl_errors" && value.is_boolean()) {
      if (value.get<bool>()) {
        shared["tls"] = {{"verify", false}};
        out.remark(
            "\"ignore_ssl_errors\" was taken over: any certificate is accepted. Better name the "
            "authority in \"tls.caFile\".");
      }
    } else if (key == "heartbeat_refresh_seconds" ||
               key == "livy_server_heartbeat_timeout_seconds") {
      if (key.starts_with("livy_"))
        session["heartbeatTimeoutInSecond"] = fitting("heartbeatTimeoutInSecond", value);
    } else {
      out.no_place(key);
    }
  }
  if (!session.empty()) shared["session"] = std::move(session);
  return shared;
}

json import_kernel(const json& credentials, json profile, draft& out) {
  std::string user;
  std::string type;
  for (const auto& [key, value] : credentials.items()) {
    if (is_empty(value)) continue;
    if (key == "url") {
      profile["url"] = text_of(value);
    } else if (key == "username") {
      user = text_of(value);
    } else if (key == "auth") {
      type = text_of(value);
    } else if (key != "base64_password" && key != "password") {
      out.no_place(key);
    } else {
      out.no_place("password");
    }
  }
  out.authenticate(profile, type, user);
  return profile;
}

/// One profile for each server; a kernel of another language at the same one needs none of its own,
/// since a run says its language.
void import_sparkmagic(const json& file, const std::string& name, draft& out) {
  const auto shared = shared_by_kernels(file, out);
  constexpr std::array<std::string_view, 4> order{"python", "python3", "scala", "r"};
  std::vector<std::string> urls;
  for (const auto kernel : order) {
    const auto key = concat(credentials_prefix, kernel, credentials_suffix);
    const auto found = file.find(key);
    if (found == file.end() || !found->is_object()) continue;
    auto profile = import_kernel(*found, shared, out);
    const auto url = profile.value("url", std::string());
    if (url.empty() || std::find(urls.begin(), urls.end(), url) != urls.end()) continue;
    const auto kind = kind_of_credentials(key);
    if (kind != "pyspark") profile["kind"] = kind;
    out.add(urls.empty() ? name : concat(name, "-", kernel), std::move(profile));
    urls.push_back(url);
  }
  if (urls.empty()) {
    throw failure(failure_kind::invalid_input,
                  "This sparkmagic configuration names no server: \"kernel_python_credentials\" "
                  "needs a \"url\".");
  }
}

// ---------------------------------------------------------------- a console script's settings

struct place {
  std::string_view setting;
  std::string_view field;  ///< of "session"
};

constexpr std::array<place, 14> session_settings{{{"driver_memory", "driverMemory"},
                                                  {"driver_cores", "driverCores"},
                                                  {"executor_memory", "executorMemory"},
                                                  {"executor_cores", "executorCores"},
                                                  {"num_executors", "numExecutors"},
                                                  {"queue", "queue"},
                                                  {"proxy_user", "proxyUser"},
                                                  {"ttl", "ttl"},
                                                  {"idle_timeout", "idleTimeout"},
                                                  {"conf", "conf"},
                                                  {"jars", "jars"},
                                                  {"py_files", "pyFiles"},
                                                  {"files", "files"},
                                                  {"archives", "archives"}}};

void import_setting(const std::string& key, const json& value, json& profile, draft& out) {
  const auto in_session = std::find_if(session_settings.begin(), session_settings.end(),
                                       [&](const auto& one) { return one.setting == key; });
  if (in_session != session_settings.end()) {
    const std::string field(in_session->field);
    profile["session"][field] = value.is_structured() ? value : fitting(field, value);
  } else if (key == "livy_url") {
    profile["url"] = text_of(value);
  } else if (key == "webhdfs_url") {
    profile["webhdfs"] = text_of(value);
  } else if (key == "kind" || key == "proxy") {
    profile[key] = value;
  } else if (key == "ca_file") {
    profile["tls"]["caFile"] = text_of(value);
  } else if (key == "verify" && value.is_boolean()) {
    profile["tls"]["verify"] = value;
  } else if (key == "headers" && value.is_object()) {
    import_headers(value, profile, out);
  } else {
    out.no_place(key);
  }
}

void import_script(const json& file, const std::string& name, draft& out) {
  json profile = json::object();
  for (const auto& [key, value] : file.items()) {
    const bool later = key == "auth" || key == "user" || key == "name";
    if (!later && !is_empty(value)) import_setting(key, value, profile, out);
  }
  const auto text = [&](const char* key) {
    const auto found = file.find(key);
    return found == file.end() || found->is_null() ? std::string() : text_of(*found);
  };
  out.authenticate(profile, text("auth"), text("user"));
  const auto own_name = text("name");
  out.add(own_name.empty() ? name : own_name, std::move(profile));
}

}  // namespace

protocol::ProfileImportResult import_profiles(std::string_view text, const std::string& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto file = json::parse(text, nullptr, false);
  if (!file.is_object()) {
    throw failure(failure_kind::invalid_input,
                  concat("The file is not a JSON object. ", not_known));
  }
  draft out;
  const auto has_credentials = [&] {
    for (const auto& [key, ignored] : file.items()) {
      if (is_credentials(key)) return true;
    }
    return false;
  };
  if (has_credentials()) {
    import_sparkmagic(file, name, out);
  } else if (file.contains("livy_url")) {
    import_script(file, name, out);
  } else {
    throw failure(failure_kind::invalid_input, std::string(not_known));
  }
  return out.result;
}

}  // namespace livyd
