#include "local/requests.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "local/jackson.hpp"

namespace livyd::local {
namespace {

struct shape {
  std::string_view class_name;
  std::vector<std::string_view> fields;  // in the order Jackson lists them
  bool at_end = false;  // Scala's case classes are refused at their end, beans at the field
};

const shape& session_shape() {
  static const shape known{
      "org.apache.livy.server.interactive.CreateInteractiveRequest",
      {"executorCores", "conf", "driverMemory", "name", "driverCores", "idleTimeout", "pyFiles",
       "archives", "kind", "files", "jars", "proxyUser", "numExecutors", "heartbeatTimeoutInSecond",
       "ttl", "queue", "executorMemory"}};
  return known;
}

const shape& statement_shape() {
  static const shape known{"org.apache.livy.ExecuteRequest", {"msg_type", "kind", "code"}, true};
  return known;
}

const shape& completion_shape() {
  static const shape known{
      "org.apache.livy.CompletionRequest", {"msg_type", "cursor", "kind", "code"}, true};
  return known;
}

const shape& job_shape() {
  static const shape known{
      "org.apache.livy.client.common.HttpMessages$SerializedJob", {"job", "jobType"}, true};
  return known;
}

const shape& resource_shape() {
  static const shape known{"org.apache.livy.client.common.HttpMessages$AddResource", {"uri"}, true};
  return known;
}

[[noreturn]] void refuse(std::string_view sentence) {
  throw refused(bare_string(400, sentence));
}

[[noreturn]] void reject(std::string_view reason) {
  throw refused(message(400, concat("Rejected, Reason: ", reason)));
}

std::string token_of(const ordered_json& value) {
  if (value.is_array()) return "Array value (token `JsonToken.START_ARRAY`)";
  if (value.is_string()) return "String value (token `JsonToken.VALUE_STRING`)";
  if (value.is_boolean()) return "Boolean value";
  if (value.is_number_integer()) return "Integer value (token `JsonToken.VALUE_NUMBER_INT`)";
  if (value.is_number()) return "Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)";
  return "Object value (token `JsonToken.START_OBJECT`)";
}

[[noreturn]] void refuse_unknown(std::string_view body, const member& unknown, const shape& known) {
  std::string list;
  for (const auto& field : known.fields) {
    list += concat(list.empty() ? "" : ", ", "\"", field, "\"");
  }
  auto offset = body.find_last_of('}') + 1;
  if (!known.at_end) {
    const bool opened =
        std::string_view("\"[{").find(body[unknown.value_begin]) != std::string_view::npos;
    offset = opened ? unknown.value_begin + 1 : unknown.value_end;
  }
  refuse(concat("Unrecognized field \"", unknown.name, "\" (class ", known.class_name,
                "), not marked as ignorable (", known.fields.size(), " known properties: ", list,
                "])\n", location(body, offset, request_source),
                " (through reference chain: ", known.class_name, "[\"", unknown.name, "\"])"));
}

ordered_json object_of(std::string_view body, const shape& known) {
  auto object = ordered_json::parse(body, nullptr, false);
  if (object.is_discarded()) {
    object = ordered_json::parse(without_lone_surrogates(body), nullptr, false);
  }
  if (object.is_discarded()) {
    const auto complaint = complaint_about(body, request_source);
    refuse(complaint ? complaint->message
                     : concat("Invalid UTF-8 in the request\n", location(body, 0, request_source)));
  }
  if (!object.is_object()) {
    refuse(concat("Cannot deserialize value of type `", known.class_name, "` from ",
                  token_of(object), "\n", location(body, 0, request_source)));
  }
  for (const auto& present : members_of(body)) {
    if (std::find(known.fields.begin(), known.fields.end(), present.name) == known.fields.end()) {
      refuse_unknown(body, present, known);
    }
  }
  return object;
}

/// Jackson takes numbers and booleans for strings.
std::optional<std::string> text_field(const ordered_json& object, const char* name,
                                      const shape& known) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_primitive()) return dumped(*found);
  refuse(concat("Cannot deserialize value of type `java.lang.String` from ", token_of(*found),
                " (through reference chain: ", known.class_name, "[\"", name, "\"])"));
}

std::vector<std::string> list_field(const ordered_json& object, const char* name) {
  std::vector<std::string> list;
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return list;
  if (!found->is_array()) {
    refuse(concat("Cannot deserialize value of type `scala.collection.immutable.List` from ",
                  token_of(*found), " (through reference chain: ", session_shape().class_name,
                  "[\"", name, "\"])"));
  }
  for (const auto& item : *found) {
    list.push_back(item.is_string() ? item.get<std::string>() : dumped(item));
  }
  return list;
}

std::map<std::string, std::string> map_field(const ordered_json& object, const char* name) {
  std::map<std::string, std::string> map;
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return map;
  if (!found->is_object()) {
    refuse(concat("Cannot deserialize value of type `scala.collection.immutable.Map` from ",
                  token_of(*found), " (through reference chain: ", session_shape().class_name,
                  "[\"", name, "\"])"));
  }
  for (const auto& [key, value] : found->items()) {
    map[key] = value.is_string() ? value.get<std::string>() : dumped(value);
  }
  return map;
}

/// Scala's Option[Int]: Jackson lets anything in, and Livy fails on it later.
std::int64_t count_field(const ordered_json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return 0;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  throw refused(bare_string(
      500,
      "java.lang.ClassCastException: class java.lang.String cannot be cast to class "
      "java.lang.Integer (java.lang.String and java.lang.Integer are in module java.base of loader "
      "'bootstrap')"));
}

std::int64_t heartbeat_field(const ordered_json& object) {
  const auto text = text_field(object, "heartbeatTimeoutInSecond", session_shape());
  if (!text) return 0;
  std::int64_t seconds = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (read.ec == std::errc() && read.ptr == text->data() + text->size()) return seconds;
  refuse(concat("Cannot deserialize value of type `int` from String ", json_string(*text),
                ": not a valid `int` value (through reference chain: ", session_shape().class_name,
                "[\"heartbeatTimeoutInSecond\"])"));
}

void check_files(const std::vector<std::string>& uris) {
  for (const auto& uri : uris) local_path_of(uri, "Rejected, Reason: ");
}

void check_times(const session_request& request) {
  for (const auto& text : {request.ttl, request.idle_timeout}) {
    if (text && !duration_of(*text)) reject(concat("Invalid time string: ", *text));
  }
}

void check_name(const session_request& request) {
  if (!request.name || request.name->empty()) return;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (std::all_of(request.name->begin(), request.name->end(), digit)) {
    reject(concat("Invalid session name: ", *request.name));
  }
}

/// Windows line ends become plain ones, as Livy's driver makes them.
std::string with_unix_line_ends(const std::string& code) {
  if (code.find('\r') == std::string::npos) return code;
  std::string result;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '\r' && i + 1 < code.size() && code[i + 1] == '\n') continue;
    result += code[i];
  }
  return result;
}

constexpr std::string_view null_code =
    "java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: "
    "java.lang.NullPointerException: Cannot invoke \"String.toCharArray()\" because \"s\" is null";

}  // namespace

std::optional<std::string> kind_named(std::string_view name) {
  auto word = lower_case(name);
  if (word == "spark" || word == "scala") return "spark";
  if (word == "pyspark" || word == "python") return "pyspark";
  if (word == "sparkr" || word == "r") return "sparkr";
  if (word == "sql" || word == "shared") return word;
  return std::nullopt;
}

ordered_json session_object(std::string_view body) {
  auto object = object_of(body, session_shape());
  const auto kind = text_field(object, "kind", session_shape());
  if (kind && !kind_named(*kind)) {
    refuse(concat("Invalid kind: ", *kind,
                  " (through reference chain: ", session_shape().class_name, "[\"kind\"])"));
  }
  list_field(object, "jars");
  heartbeat_field(object);
  return object;
}

session_request read_session_request(const ordered_json& object) {
  session_request request;
  const auto& known = session_shape();
  if (const auto kind = text_field(object, "kind", known)) request.kind = *kind_named(*kind);
  request.name = text_field(object, "name", known);
  request.proxy_user = text_field(object, "proxyUser", known);
  request.ttl = text_field(object, "ttl", known);
  request.idle_timeout = text_field(object, "idleTimeout", known);
  request.driver_memory = text_field(object, "driverMemory", known);
  request.executor_memory = text_field(object, "executorMemory", known);
  request.queue = text_field(object, "queue", known);
  request.driver_cores = count_field(object, "driverCores");
  request.executor_cores = count_field(object, "executorCores");
  request.executor_count = count_field(object, "numExecutors");
  request.heartbeat_seconds = heartbeat_field(object);
  request.conf = map_field(object, "conf");
  request.jars = list_field(object, "jars");
  request.py_files = list_field(object, "pyFiles");
  request.files = list_field(object, "files");
  request.archives = list_field(object, "archives");
  check_times(request);
  if (request.conf.count("spark.submit.deployMode") != 0) {
    reject("Blacklisted configuration values in session config: spark.submit.deployMode");
  }
  for (const auto* list : {&request.jars, &request.files, &request.archives, &request.py_files}) {
    check_files(*list);
  }
  check_name(request);
  return request;
}

statement_request read_statement_request(std::string_view body) {
  const auto object = object_of(body, statement_shape());
  const auto code = text_field(object, "code", statement_shape());
  if (!code) throw refused(bare_string(500, null_code));
  return {with_unix_line_ends(*code), text_field(object, "kind", statement_shape())};
}

job_request read_job_request(std::string_view body) {
  const auto object = object_of(body, job_shape());
  job_request request{text_field(object, "job", job_shape()).value_or(""),
                      text_field(object, "jobType", job_shape()).value_or("")};
  if (request.job.empty()) {
    throw refused(message(400, "requirement failed: no job provided."));
  }
  return request;
}

std::string read_resource_request(std::string_view body) {
  const auto object = object_of(body, resource_shape());
  const auto uri = text_field(object, "uri", resource_shape());
  if (!uri) throw refused(bare_string(500, "java.lang.NullPointerException"));
  return *uri;
}

void check_completion_request(std::string_view body) {
  const auto object = object_of(body, completion_shape());
  const bool whole = text_field(object, "code", completion_shape()) &&
                     text_field(object, "kind", completion_shape());
  if (!whole) {
    throw refused(bare_string(500,
                              "java.util.concurrent.ExecutionException: "
                              "org.apache.livy.rsc.rpc.RpcException: "
                              "java.lang.NullPointerException"));
  }
}

std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  const auto word = lower_case(trimmed(text));
  std::int64_t count = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), count);
  if (read.ec != std::errc()) return std::nullopt;
  const std::string_view unit(read.ptr,
                              static_cast<std::size_t>(word.data() + word.size() - read.ptr));
  constexpr std::int64_t years = 1'000'000;  // hours: keeps the product inside 64 bits
  using std::chrono::milliseconds;
  if (unit == "us") return milliseconds(count / 1000);
  if (unit.empty() || unit == "ms") return milliseconds(count);
  const auto bounded = std::clamp(count, -years, years);
  if (unit == "s") return std::chrono::seconds(std::clamp(count, -years * 3600, years * 3600));
  if (unit == "m" || unit == "min") return std::chrono::minutes(bounded);
  if (unit == "h") return std::chrono::hours(bounded);
  if (unit == "d") return std::chrono::hours(24 * bounded);
  return std::nullopt;
}

std::int64_t java_int(std::string_view text) {
  auto digits = text;
  if (digits.size() > 1 && digits.front() == '+') digits.remove_prefix(1);
  std::int32_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || digits.empty()) {
    throw refused(message(400, concat("For input string: \"", text, "\"")));
  }
  return number;
}

std::optional<std::string> local_path_of(std::string_view uri, std::string_view prefix) {
  std::string path;
  if (uri.starts_with("file:")) {
    uri.remove_prefix(5);
    if (uri.starts_with("//")) uri.remove_prefix(std::min(uri.find('/', 2), uri.size()));
    path = percent_decoded(uri);
  } else if (uri.starts_with("/")) {
    path = std::string(uri);
  } else {
    return std::nullopt;
  }
  if (path.find('\0') == std::string::npos && ::access(path.c_str(), R_OK) == 0) return path;
  throw refused(message(400, concat(prefix, "requirement failed: Local path ", path,
                                    " cannot be added to user sessions.")));
}

}  // namespace livyd::local
