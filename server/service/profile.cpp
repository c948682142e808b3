#include "service/profile.hpp"

#include <algorithm>
#include <array>
#include <cctype>
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

  /// Each object of a list.
  void each(const char* field, const std::function<void(const section&)>& read) const {
    const auto* found = find(field);
    if (found == nullptr) return;
    if (!found->is_array()) must_be(field, "a list of objects");
    for (std::size_t at = 0; at < found->size(); ++at) {
      read(section(profile_, concat(path_.empty() ? "" : path_ + ".", field, "[", at, "]"),
                   found->at(at)));
    }
  }

  bool has(const char* field) const { return find(field) != nullptr; }
  bool is_text(const char* field) const { return has(field) && find(field)->is_string(); }

  /// One word of a list.
  template <std::size_t count>
  void word(const char* field, const std::array<std::string_view, count>& words,
            std::string& into) const {
    text(field, into);
    if (std::find(words.begin(), words.end(), into) != words.end()) return;
    std::string list;
    for (std::size_t at = 0; at < count; ++at) {
      list += concat(at == 0 ? "" : at + 1 == count ? " or " : ", ", "\"", words[at], "\"");
    }
    must_be(field, list);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [key, ignored] : value_.items()) out.push_back(key);
    return out;
  }

  std::string full_name(const char* field) const {
    return concat("\"", path_.empty() ? "" : path_ + ".", field, "\"");
  }

  [[noreturn]] void must_be(const char* field, std::string_view what) const {
    complain(concat(full_name(field), " must be ", what, "."));
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

/// Fields of "auth" that belong to one type only.
struct field_of_type {
  const char* field;
  authentication_kind kind;
  const char* type;
};
constexpr std::array<field_of_type, 8> fields_of_types{
    {{"user", authentication_kind::basic, "basic"},
     {"tokenCommand", authentication_kind::bearer, "bearer"},
     {"principal", authentication_kind::kerberos, "kerberos"},
     {"keytab", authentication_kind::kerberos, "kerberos"},
     {"cache", authentication_kind::kerberos, "kerberos"},
     {"service", authentication_kind::kerberos, "kerberos"},
     {"delegate", authentication_kind::kerberos, "kerberos"},
     {"mutual", authentication_kind::kerberos, "kerberos"}}};

authentication_kind kind_of(std::string_view type) {
  if (type == "basic") return authentication_kind::basic;
  if (type == "bearer") return authentication_kind::bearer;
  return type == "kerberos" ? authentication_kind::kerberos : authentication_kind::none;
}

void read_user(const section& from, std::string& into) {
  from.text("user", into);
  if (into.empty() || into.find(':') != std::string::npos) {
    from.must_be("user", "the name to log in with, without a colon");
  }
}

void read_kerberos(const section& from, http::kerberos_settings& into) {
  from.text("principal", into.principal);
  from.text("keytab", into.keytab);
  from.text("cache", into.cache);
  from.text("service", into.service);
  from.flag("delegate", into.delegate);
  static constexpr std::array<std::string_view, 3> words{"off", "optional", "required"};
  std::string mutual = "off";
  from.word("mutual", words, mutual);
  if (mutual == "optional") into.mutual = http::mutual_authentication::optional;
  if (mutual == "required") into.mutual = http::mutual_authentication::required;
}

void read_authentication(const section& from, authentication_settings& into) {
  from.allow_only({"type", "user", "tokenCommand", "principal", "keytab", "cache", "service",
                   "delegate", "mutual"});
  static constexpr std::array<std::string_view, 4> types{"none", "basic", "bearer", "kerberos"};
  std::string type = "none";
  from.word("type", types, type);
  into.kind = kind_of(type);
  for (const auto& [field, kind, owner] : fields_of_types) {
    if (kind == into.kind || !from.has(field)) continue;
    from.complain(concat(from.full_name(field), " belongs to the type \"", owner,
                         "\", and the type is \"", type, "\". Remove it, or change the type."));
  }
  if (into.kind == authentication_kind::basic) read_user(from, into.user);
  from.text("tokenCommand", into.token_command);
  read_kerberos(from, into.kerberos);
}

void read_tls(const section& from, profile& into) {
  from.allow_only({"verify", "caFile", "caFolder", "certificate", "key", "encryptedKey"});
  from.flag("verify", into.tls.verify);
  from.text("caFile", into.tls.ca_file);
  from.text("caFolder", into.tls.ca_folder);
  from.text("certificate", into.tls.certificate);
  from.text("key", into.tls.key);
  from.flag("encryptedKey", into.encrypted_key);
  if (into.tls.certificate.empty() && (!into.tls.key.empty() || into.encrypted_key)) {
    from.complain(
        "\"tls\" has a key and no \"certificate\". Name the certificate that the key belongs to.");
  }
}

void read_proxy_address(const section& from, const char* field, proxy_choice& into) {
  from.text(field, into.url);
  try {
    if (http::parse_url(into.url).secure()) {
      from.must_be(field,
                   "an address that begins with http://: livyd speaks plain HTTP with proxies");
    }
  } catch (const failure& reason) {
    if (into.url.starts_with("https://")) throw;
    from.complain(concat(from.full_name(field), ": ", reason.message()));
  }
  into.from = http::proxy_settings::choice::own;
}

void read_proxy_authentication(const section& from, proxy_choice& into) {
  from.allow_only({"type", "user"});
  static constexpr std::array<std::string_view, 3> types{"none", "basic", "kerberos"};
  std::string type = "none";
  from.word("type", types, type);
  into.authentication = kind_of(type);
  if (into.authentication == authentication_kind::basic) {
    read_user(from, into.user);
  } else if (from.has("user")) {
    from.complain(concat(from.full_name("user"),
                         " belongs to the type \"basic\", and the type is \"", type,
                         "\". Remove it, or change the type."));
  }
}

void read_proxy(const section& top, proxy_choice& into) {
  if (!top.has("proxy")) return;
  if (top.is_text("proxy")) {
    std::string word;
    top.text("proxy", word);
    if (word == "environment") return;
    if (word == "none") {
      into.from = http::proxy_settings::choice::direct;
    } else {
      read_proxy_address(top, "proxy", into);
    }
    return;
  }
  top.nested("proxy", [&](const section& part) {
    part.allow_only({"url", "bypass", "auth"});
    read_proxy_address(part, "url", into);
    part.texts("bypass", into.bypass);
    part.nested("auth", [&](const section& auth) { read_proxy_authentication(auth, into); });
  });
}

/// Why a header of this name is not the profile's to set; "" when it is.
std::string_view why_reserved(std::string_view header) {
  static constexpr std::array<std::string_view, 11> framing{
      "content-length", "content-type", "transfer-encoding", "connection", "expect",
      "upgrade",        "te",           "trailer",           "keep-alive", "host",
      "user-agent"};
  const auto name = lower_case(header);
  if (std::find(framing.begin(), framing.end(), name) != framing.end()) {
    return "livyd writes it itself. Remove it.";
  }
  if (name == "authorization") return "set \"auth\" instead.";
  if (name.starts_with("proxy-")) return "set \"proxy\" instead.";
  if (name == "cookie") return "livyd keeps the server's cookies itself. Remove it.";
  return {};
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

void read_headers(const section& from, http::fields& into) {
  for (const auto& name : from.names()) {
    const auto field = from.full_name(name.c_str());
    if (!is_header_name(name)) from.complain(concat(field, " is not the name of a header."));
    if (const auto reason = why_reserved(name); !reason.empty()) {
      from.complain(concat(field, " cannot be set here: ", reason));
    }
    std::string value;
    from.text(name.c_str(), value);
    if (!is_header_value(value)) from.must_be(name.c_str(), "one line of text");
    into.set(name, value);
  }
}

void read_redirect_hosts(const section& from, std::vector<std::string>& into) {
  from.texts("redirectHosts", into);
  for (const auto& host : into) {
    if (host.empty() || host.find_first_of("/?#@* ") != std::string::npos) {
      from.must_be("redirectHosts", "a list of hosts, like \"livy2.example.com:8998\"");
    }
  }
}

/// Text, or a list where several name nodes stand by for each other.
void read_webhdfs(const section& from, std::vector<std::string>& into) {
  if (from.is_text("webhdfs")) {
    std::string only;
    from.text("webhdfs", only);
    if (!only.empty()) into.push_back(std::move(only));
  } else if (from.has("webhdfs")) {
    from.texts("webhdfs", into);
  }
  for (const auto& root : into) {
    try {
      const auto address = http::parse_url(root);
      if (!address.query.empty()) from.must_be("webhdfs", "an address without ?");
    } catch (const failure& reason) {
      if (reason.message().starts_with("In profile")) throw;
      from.complain(concat("\"webhdfs\": ", reason.message()));
    }
  }
}

bool is_bundle_name(std::string_view name) {
  constexpr std::size_t longest = 100;
  return !name.empty() && name.size() <= longest && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                  c == '.';
         });
}

deploy::bundle_rule read_bundle(const section& from) {
  static constexpr std::array<std::string_view, 4> fields{"pyFiles", "jars", "files", "archives"};
  from.allow_only({"name", "folder", "include", "exclude", "as", "alias"});
  deploy::bundle_rule out;
  std::string folder;
  std::string as = "pyFiles";
  from.text("name", out.name);
  from.text("folder", folder);
  from.texts("include", out.include);
  from.texts("exclude", out.exclude);
  from.word("as", fields, as);
  from.text("alias", out.alias);
  if (!is_bundle_name(out.name)) {
    from.must_be("name", "a name of letters, digits, \"_\", \"-\" and \".\"");
  }
  out.kind = static_cast<deploy::bundle_kind>(std::find(fields.begin(), fields.end(), as) -
                                              fields.begin());
  if (!out.alias.empty() && out.kind != deploy::bundle_kind::archives) {
    from.complain(concat(from.full_name("alias"), " is for \"as\": \"archives\" only."));
  }
  out.folder = std::move(folder);
  return out;
}

void read_deploy(const section& from, deploy_settings& into) {
  static constexpr std::array<std::string_view, 3> carriers{"webhdfs", "livy", "session"};
  from.allow_only({"auto", "by", "root", "reload", "pickleByValue", "bundles"});
  into.wanted = into.automatic = true;
  from.flag("auto", into.automatic);
  if (from.has("by")) {
    std::string by;
    from.word("by", carriers, by);
    into.carrier = static_cast<protocol::Carrier>(std::find(carriers.begin(), carriers.end(), by) -
                                                  carriers.begin());
  }
  from.text("root", into.root);
  if (from.has("root") && !into.root.starts_with('/')) {
    from.must_be("root", "an absolute path on HDFS, such as \"/user/alice/livyd\"");
  }
  from.flag("reload", into.reloads);
  from.flag("pickleByValue", into.by_value);
  from.each("bundles", [&](const section& part) {
    into.bundles.push_back(read_bundle(part));
    const auto same = std::count_if(
        into.bundles.begin(), into.bundles.end(),
        [&](const deploy::bundle_rule& one) { return one.name == into.bundles.back().name; });
    if (same > 1) {
      from.complain(concat("\"deploy.bundles\" has two bundles with the name \"",
                           into.bundles.back().name, "\". Rename one of them."));
    }
  });
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
  top.allow_only({"url", "kind", "session", "auth", "tls", "proxy", "headers", "redirectHosts",
                  "allowInsecure", "webhdfs", "deploy", "python", "confirm", "agent", "extends",
                  "abstract"});
  profile out;
  out.name = name;
  read_url(top, name, out.url);
  read_kind(top, out.session.kind);
  top.nested("session", [&](const section& part) { read_session(part, out.session); });
  top.nested("auth", [&](const section& part) { read_authentication(part, out.auth); });
  top.nested("tls", [&](const section& part) { read_tls(part, out); });
  read_proxy(top, out.proxy);
  top.nested("headers", [&](const section& part) { read_headers(part, out.headers); });
  read_redirect_hosts(top, out.redirect_hosts);
  top.flag("allowInsecure", out.allow_insecure);
  read_webhdfs(top, out.webhdfs);
  top.nested("deploy", [&](const section& part) { read_deploy(part, out.deploy); });
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

bool profile::asks_for_the_same(const profile& other) const {
  return url == other.url && webhdfs == other.webhdfs && auth.kind == other.auth.kind &&
         auth.user == other.auth.user && proxy.url == other.proxy.url &&
         proxy.user == other.proxy.user && tls.certificate == other.tls.certificate &&
         tls.key == other.tls.key;
}

std::vector<protocol::SecretKind> secrets_of(const profile& where) {
  std::vector<protocol::SecretKind> out;
  if (where.local()) return out;
  const bool asks_for_token = where.auth.token_command.empty();
  if (where.auth.kind == authentication_kind::basic) out.push_back(protocol::SecretKind::password);
  if (where.auth.kind == authentication_kind::bearer && asks_for_token) {
    out.push_back(protocol::SecretKind::token);
  }
  if (where.encrypted_key) out.push_back(protocol::SecretKind::key_passphrase);
  if (where.proxy.authentication == authentication_kind::basic) {
    out.push_back(protocol::SecretKind::proxy_password);
  }
  return out;
}

profile_set::profile_set(const std::map<std::string, json>& written, bool trusted,
                         const variable_values& values)
    : trusted_(trusted) {
  if (trusted) {
    for (const auto& entry : written) add(entry.first, written, values);
  }
  const std::string built_in(local_profile);
  if (!usable_.contains(built_in) && !problems_.contains(built_in)) {
    usable_[built_in] = read_profile(built_in, json::object());
    resolved_[built_in] = json::object();
  }
}

void profile_set::add(const std::string& name, const std::map<std::string, json>& written,
                      const variable_values& values) {
  try {
    const auto& own = written.at(name);
    const auto abstract = own.is_object() ? own.value("abstract", json()) : json();
    if (!abstract.is_boolean() && !abstract.is_null()) {
      throw failure(failure_kind::invalid_input,
                    concat("In profile \"", name, "\": \"abstract\" must be true or false."));
    }
    if (abstract == json(true)) {
      abstract_.insert(name);
      return;
    }
    auto resolved = resolved_profile(name, written, values);
    usable_[name] = read_profile(name, resolved);
    resolved_[name] = std::move(resolved);
  } catch (const failure& reason) {
    problems_[name] = reason.message();
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
  if (abstract_.contains(name)) {
    throw failure(failure_kind::invalid_input,
                  concat("The profile \"", name,
                         "\" is only there for others to extend (\"abstract\"). Use another one."));
  }
  std::string known;
  for (const auto word : names) known += concat(known.empty() ? "" : ", ", word);
  const auto nearest = nearest_name(name, names);
  throw failure(failure_kind::invalid_input,
                nearest.empty()
                    ? concat("There is no profile \"", name, "\". Known are: ", known, ".")
                    : concat("There is no profile \"", name, "\". Did you mean ", nearest, "?"));
}

const profile* profile_set::find(const std::string& name) const {
  const auto found = usable_.find(name);
  return found == usable_.end() ? nullptr : &found->second;
}

const json* profile_set::resolved(const std::string& name) const {
  const auto found = resolved_.find(name);
  return found == resolved_.end() ? nullptr : &found->second;
}

std::vector<protocol::ProfileSummary> profile_set::summaries() const {
  std::vector<protocol::ProfileSummary> out;
  for (const auto& [name, entry] : usable_) {
    protocol::ProfileSummary summary{.name = name,
                                     .url = std::nullopt,
                                     .local = entry.local(),
                                     .confirm = entry.confirm,
                                     .unverified = !entry.tls.verify,
                                     .secrets = secrets_of(entry),
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
                   .secrets = {},
                   .problem = problem});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace livyd
