#include "service/profile.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;

/// One object of a profile while it is read: knows its place for messages, and which of its fields
/// exist. Each reader throws a sentence that names profile and field.
class section {
 public:
  section(std::string profile_name, std::string path, const json& value)
      : profile_(std::move(profile_name)), path_(std::move(path)), value_(value) {
    if (!value.is_object()) complain(concat(shown(), " must be an object."));
  }

  void allow_only(std::vector<std::string_view> names) const {
    for (const auto& [key, ignored] : value_.items()) {
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      const auto nearest = nearest_name(key, names);
      complain(nearest.empty()
                   ? concat("unknown field \"", key, "\". Known are ", joined_names(names), ".")
                   : concat("unknown field \"", key, "\". Did you mean ", nearest, "?"));
    }
  }

  void text(const char* field, std::string& into) const {
    if (const auto* found = find(field)) {
      if (!found->is_string()) must_be(field, "text in quotes");
      into = found->get<std::string>();
    }
  }

  void flag(const char* field, bool& into) const {
    if (const auto* found = find(field)) {
      if (!found->is_boolean()) must_be(field, "true or false");
      into = found->get<bool>();
    }
  }

  void count(const char* field, std::optional<std::int64_t>& into) const {
    if (const auto* found = find(field)) {
      if (!found->is_number_integer() || found->get<std::int64_t>() < 0) {
        must_be(field, "a whole number of 0 or more");
      }
      into = found->get<std::int64_t>();
    }
  }

  void texts(const char* field, std::vector<std::string>& into) const {
    const auto* found = find(field);
    if (found == nullptr) return;
    if (!found->is_array()) must_be(field, "a list of texts");
    for (const auto& entry : *found) {
      if (!entry.is_string()) must_be(field, "a list of texts");
      into.push_back(entry.get<std::string>());
    }
  }

  /// Spark's configuration: numbers and booleans are what people write, and text is what Livy
  /// takes.
  void conf(const char* field, std::map<std::string, std::string>& into) const {
    const auto* found = find(field);
    if (found == nullptr) return;
    if (!found->is_object()) must_be(field, "an object of Spark settings");
    for (const auto& [key, entry] : found->items()) {
      if (entry.is_structured() || entry.is_null()) {
        must_be(concat(field, ".", key).c_str(), "text, a number, true or false");
      }
      into[key] = entry.is_string() ? entry.get<std::string>() : entry.dump();
    }
  }

  void nested(const char* field, const std::function<void(const section&)>& read) const {
    if (const auto* found = find(field)) {
      read(section(profile_, path_.empty() ? field : concat(path_, ".", field), *found));
    }
  }

  [[noreturn]] void must_be(const char* field, std::string_view what) const {
    complain(concat("\"", path_.empty() ? "" : path_ + ".", field, "\" must be ", what, "."));
  }

  [[noreturn]] void complain(const std::string& words) const {
    throw failure(failure_kind::invalid_input, concat("In profile \"", profile_, "\": ", words));
  }

 private:
  const json* find(const char* field) const {
    const auto found = value_.find(field);
    return found == value_.end() || found->is_null() ? nullptr : &*found;
  }

  std::string shown() const { return path_.empty() ? "it" : concat("\"", path_, "\""); }

  static std::string joined_names(const std::vector<std::string_view>& names) {
    std::string out;
    for (const auto name : names) out += concat(out.empty() ? "" : ", ", name);
    return out;
  }

  std::string profile_;
  std::string path_;
  const json& value_;
};

void read_session(const section& from, livy::session_request& into) {
  from.allow_only({"driverMemory", "driverCores", "executorMemory", "executorCores", "numExecutors",
                   "queue", "proxyUser", "ttl", "idleTimeout", "heartbeatTimeoutInSecond", "conf",
                   "jars", "pyFiles", "files", "archives"});
  from.text("driverMemory", into.driver_memory);
  from.text("executorMemory", into.executor_memory);
  from.text("queue", into.queue);
  from.text("proxyUser", into.proxy_user);
  from.text("ttl", into.ttl);
  from.text("idleTimeout", into.idle_timeout);
  from.count("driverCores", into.driver_cores);
  from.count("executorCores", into.executor_cores);
  from.count("numExecutors", into.executor_count);
  from.count("heartbeatTimeoutInSecond", into.heartbeat_timeout_seconds);
  from.conf("conf", into.conf);
  from.texts("jars", into.jars);
  from.texts("pyFiles", into.py_files);
  from.texts("files", into.files);
  from.texts("archives", into.archives);
}

void read_authentication(const section& from, profile& into) {
  from.allow_only({"type"});
  std::string type = "none";
  from.text("type", type);
  if (type == "bearer") {
    into.auth.kind = authentication_kind::bearer;
  } else if (type != "none") {
    from.must_be("type", "\"none\" or \"bearer\"");
  }
}

void read_tls(const section& from, http::tls_settings& into) {
  from.allow_only({"verify", "caFile", "caFolder"});
  from.flag("verify", into.verify);
  from.text("caFile", into.ca_file);
  from.text("caFolder", into.ca_folder);
}

void read_kind(const section& from, std::string& into) {
  static constexpr std::array<std::string_view, 7> kinds{"pyspark", "python", "spark", "scala",
                                                         "sparkr",  "r",      "sql"};
  from.text("kind", into);
  if (std::find(kinds.begin(), kinds.end(), into) == kinds.end()) {
    from.must_be("kind", "pyspark, spark, sparkr or sql");
  }
}

void read_url(const section& from, const std::string& name, std::string& into) {
  std::string url;
  from.text("url", url);
  if (url.empty() && name != local_profile) {
    from.complain(
        "it has no \"url\". Write the address of a Livy server, such as "
        "\"https://gateway.example.com:8443/gateway/default/livy\", or \"local\".");
  }
  if (url.empty() || url == local_profile) return;
  try {
    livy::base_url(url);
  } catch (const failure& reason) {
    from.complain(concat("\"url\": ", reason.message()));
  }
  into = url;
}

}  // namespace

profile read_profile(const std::string& name, const json& written) {
  const section top(name, "", written);
  top.allow_only({"url", "kind", "session", "auth", "tls", "python", "confirm", "agent"});
  profile out;
  out.name = name;
  read_url(top, name, out.url);
  read_kind(top, out.session.kind);
  top.nested("session", [&](const section& part) { read_session(part, out.session); });
  top.nested("auth", [&](const section& part) { read_authentication(part, out); });
  top.nested("tls", [&](const section& part) { read_tls(part, out.tls); });
  top.text("python", out.python);
  top.flag("confirm", out.confirm);
  top.flag("agent", out.agent);
  if (!out.python.empty() && !out.local()) {
    top.complain(
        "\"python\" is for the embedded endpoint only. For a server set "
        "\"spark.pyspark.python\" in \"session.conf\".");
  }
  return out;
}

variable_values process_variables(std::string workspace_folder) {
  variable_values out;
  out.workspace_folder = std::move(workspace_folder);
  return out;
}

profile_set::profile_set(const std::map<std::string, json>& written, bool trusted,
                         const variable_values& /*values*/)
    : trusted_(trusted) {
  const std::string built_in(local_profile);
  if (trusted) {
    for (const auto& [name, value] : written) {
      try {
        usable_[name] = read_profile(name, value);
      } catch (const failure& reason) {
        problems_[name] = reason.message();
      }
    }
  }
  if (!usable_.contains(built_in) && !problems_.contains(built_in)) {
    usable_[built_in] = read_profile(built_in, json::object());
  }
}

const profile& profile_set::at(const std::string& name) const {
  if (const auto found = usable_.find(name); found != usable_.end()) return found->second;
  if (const auto bad = problems_.find(name); bad != problems_.end()) {
    throw failure(failure_kind::invalid_input, bad->second);
  }
  if (!trusted_) {
    throw failure(failure_kind::invalid_input,
                  concat("This workspace is not trusted, so its profile \"", name,
                         "\" is not used. Trust the workspace, or use the profile local."));
  }
  std::vector<std::string_view> names;
  for (const auto& entry : usable_) names.emplace_back(entry.first);
  std::string known;
  for (const auto word : names) known += concat(known.empty() ? "" : ", ", word);
  const auto nearest = nearest_name(name, names);
  throw failure(failure_kind::invalid_input,
                nearest.empty()
                    ? concat("There is no profile \"", name, "\". Known are: ", known, ".")
                    : concat("There is no profile \"", name, "\". Did you mean ", nearest, "?"));
}

std::vector<protocol::ProfileSummary> profile_set::summaries() const {
  std::vector<protocol::ProfileSummary> out;
  for (const auto& [name, entry] : usable_) {
    protocol::ProfileSummary summary{.name = name,
                                     .url = std::nullopt,
                                     .local = entry.local(),
                                     .confirm = entry.confirm,
                                     .unverified = !entry.tls.verify,
                                     .problem = std::nullopt};
    if (!entry.local()) summary.url = livy::base_url(entry.url).shown();
    out.push_back(std::move(summary));
  }
  for (const auto& [name, problem] : problems_) {
    out.push_back({.name = name,
                   .url = std::nullopt,
                   .local = false,
                   .confirm = false,
                   .unverified = false,
                   .problem = problem});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace livyd
