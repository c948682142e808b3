#include "hdfs/answers.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace livyd::hdfs {
namespace {

using nlohmann::json;

json parsed(const http::response& answer) {
  auto value = json::parse(answer.body, nullptr, false);
  return value.is_object() ? value : json(json::value_t::discarded);
}

/// A member object, or a discarded value.
json object_in(const json& from, const char* name) {
  if (!from.is_object()) return {json::value_t::discarded};
  const auto found = from.find(name);
  return found != from.end() && found->is_object() ? *found : json(json::value_t::discarded);
}

std::string text_in(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_in(const json& from, const char* name, std::int64_t otherwise = 0) {
  const auto found = from.find(name);
  return found != from.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

file_status status_of(const json& entry) {
  return {.name = text_in(entry, "pathSuffix"),
          .folder = text_in(entry, "type") == "DIRECTORY",
          .bytes = number_in(entry, "length"),
          .modified = number_in(entry, "modificationTime"),
          .owner = text_in(entry, "owner"),
          .group = text_in(entry, "group"),
          .permission = text_in(entry, "permission"),
          .replication = number_in(entry, "replication")};
}

std::string first_line(std::string_view text) {
  return valid_utf8(trimmed(text.substr(0, text.find('\n'))));
}

/// "org.apache…AccessControlException" is what old servers say for the short name.
std::string short_name(const std::string& name) {
  const auto dot = name.rfind('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

failure_kind kind_of(int status, const std::string& exception) {
  if (exception == "FileNotFoundException") return failure_kind::not_found;
  if (exception == "AccessControlException" || exception == "SecurityException") {
    return failure_kind::forbidden;
  }
  if (exception == "UnsupportedOperationException") return failure_kind::unsupported;
  if (exception == "FileAlreadyExistsException" ||
      exception == "PathIsNotEmptyDirectoryException" ||
      exception.find("Quota") != std::string::npos) {
    return failure_kind::rejected;
  }
  if (status == 400) return failure_kind::rejected;
  if (status == 401) return failure_kind::unauthorized;
  // Every IOException is a 403 here, whatever it is about.
  if (status == 403) return failure_kind::rejected;
  if (status == 404) return failure_kind::not_found;
  return failure_kind::server_error;
}

std::string advice_for(failure_kind kind, const std::string& exception) {
  if (exception.find("Quota") != std::string::npos) {
    return " The quota is used up: remove what is not needed, or ask for more.";
  }
  if (exception == "SafeModeException") return " HDFS is in safe mode; try again later.";
  if (exception == "FileAlreadyExistsException") return " Remove it first, or choose another name.";
  if (exception == "PathIsNotEmptyDirectoryException") {
    return " Remove it together with what is in it, or empty it first.";
  }
  if (kind == failure_kind::forbidden) return " Choose a folder that you may write and read.";
  return {};
}

}  // namespace

std::optional<remote_exception> remote_exception_in(const http::response& answer) {
  const auto said = object_in(parsed(answer), "RemoteException");
  if (!said.is_object()) return std::nullopt;
  remote_exception out{short_name(text_in(said, "exception")),
                       first_line(text_in(said, "message"))};
  // A name node wraps what a data node or a remote call said.
  const auto java_name = short_name(text_in(said, "javaClassName"));
  if (out.name == "RemoteException" && !java_name.empty()) out.name = java_name;
  return out;
}

bool is_standby(const remote_exception& said) {
  return said.name == "StandbyException" ||
         said.message.find("not supported in state standby") != std::string::npos;
}

bool is_passing(const remote_exception& said) {
  return said.name == "RetriableException" || said.name == "SafeModeException" ||
         said.message.find("is in safe mode") != std::string::npos;
}

failure failure_from(const http::response& answer, std::string_view doing, const std::string& path,
                     const http::url& root) {
  if (const auto said = remote_exception_in(answer)) {
    const auto kind = kind_of(answer.status, said->name);
    const auto what =
        kind == failure_kind::not_found && said->message.find(path) != std::string::npos
            ? concat("There is no ", path, " in HDFS.")
            : concat(path, " was not ", doing, ": ", said->message,
                     said->message.ends_with('.') ? "" : ".", advice_for(kind, said->name));
    return {kind, what, concat(said->name, " (", answer.status, ")")};
  }
  const auto detail = concat(answer.status, " ", answer.reason);
  switch (answer.status) {
    case 401:
      return {failure_kind::unauthorized,
              concat(root.host_and_port(), " does not know who asks for ", path,
                     ". Check \"auth\" in the profile."),
              detail};
    case 403:
      return {failure_kind::forbidden,
              concat(root.host_and_port(), " does not let this user reach ", path, "."), detail};
    case 404:
      return {failure_kind::not_found,
              concat(root.shown(), " is not there (404). Check \"webhdfs\" in the profile."),
              detail};
    default:
      return {answer.status >= 500 ? failure_kind::server_error : failure_kind::rejected,
              concat(path, " was not ", doing, ": ", root.host_and_port(), " answered ",
                     answer.status, " ", valid_utf8(answer.reason), "."),
              detail};
  }
}

failure not_webhdfs(const http::response& answer, const http::url& root) {
  return {failure_kind::server_error,
          concat(root.shown(),
                 " answers, but not as WebHDFS. Check \"webhdfs\" in the profile; it ends in "
                 "/webhdfs/v1."),
          concat(answer.status, " ", answer.content_type())};
}

std::optional<file_status> status_in(const http::response& answer) {
  const auto status = object_in(parsed(answer), "FileStatus");
  if (!status.is_object()) return std::nullopt;
  return status_of(status);
}

std::optional<listing> listing_in(const http::response& answer) {
  const auto body = parsed(answer);
  const auto batch = object_in(body, "DirectoryListing");
  const auto list =
      object_in(batch.is_object() ? object_in(batch, "partialListing") : body, "FileStatuses");
  const auto entries = list.is_object() ? list.find("FileStatus") : list.end();
  if (!list.is_object() || entries == list.end() || !entries->is_array()) return std::nullopt;
  listing out;
  for (const auto& entry : *entries) {
    if (entry.is_object()) out.entries.push_back(status_of(entry));
  }
  if (batch.is_object()) out.remaining = number_in(batch, "remainingEntries");
  return out;
}

std::optional<content_summary> summary_in(const http::response& answer) {
  const auto said = object_in(parsed(answer), "ContentSummary");
  if (!said.is_object()) return std::nullopt;
  return content_summary{.bytes = number_in(said, "length"),
                         .files = number_in(said, "fileCount"),
                         .folders = number_in(said, "directoryCount"),
                         .space_quota = number_in(said, "spaceQuota", -1),
                         .space_used = number_in(said, "spaceConsumed")};
}

std::optional<std::string> home_in(const http::response& answer) {
  const auto body = parsed(answer);
  auto path = body.is_object() ? text_in(body, "Path") : std::string();
  if (path.empty()) return std::nullopt;
  return path;
}

std::optional<bool> boolean_in(const http::response& answer) {
  const auto body = parsed(answer);
  if (!body.is_object()) return std::nullopt;
  const auto found = body.find("boolean");
  if (found == body.end() || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

http::url location_in(const http::response& answer, const http::url& root) {
  std::string location(answer.headers.get("Location"));
  if (location.empty()) {
    const auto body = parsed(answer);
    if (body.is_object()) location = text_in(body, "Location");
  }
  std::string encoded;
  for (const char c : location) {
    const auto byte = static_cast<unsigned char>(c);
    encoded +=
        byte >= 0x80 || c == ' ' ? percent_encoded(std::string_view(&c, 1)) : std::string(1, c);
  }
  try {
    return http::parse_url(encoded);
  } catch (const failure&) {
    // Not quoted: it may carry a token.
    throw failure(failure_kind::server_error,
                  concat(root.host_and_port(),
                         " did not say where the data goes to or comes from. Try again."),
                  concat(answer.status, " without a usable Location"));
  }
}

}  // namespace livyd::hdfs
