#include "local/output.hpp"

#include "base/text.hpp"
#include "local/jackson.hpp"

namespace livyd::local {
namespace {

/// How many UTF-16 units (Java's characters) a UTF-8 text has.
std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) ++units;
    if (byte >= 0xF0U) ++units;
  }
  return units;
}

std::string too_long_output(std::int64_t statement, std::size_t length) {
  return error_output(statement, "com.fasterxml.jackson.core.exc.StreamConstraintsException",
                      concat("String value length (", length,
                             ") exceeds the maximum allowed (20000000, from "
                             "`StreamReadConstraints.getMaxStringLength()`)"));
}

std::string no_reply_output(std::int64_t statement) {
  return error_output(statement, "org.json4s.MappingException",
                      "Did not find value which can be converted into java.lang.String");
}

/// An array of strings, whatever the reply has there.
ordered_json lines_of(const ordered_json& content) {
  auto lines = ordered_json::array();
  if (const auto found = content.find("traceback"); found != content.end() && found->is_array()) {
    for (const auto& line : *found) {
      if (line.is_string()) lines.push_back(line);
    }
  }
  return lines;
}

std::string text_of(const ordered_json& content, const char* key) {
  const auto found = content.find(key);
  return found != content.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::size_t refused_text_length(const ordered_json& value, std::size_t limit) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() <= limit) return 0;
    const auto length = utf16_length(text);
    return length > limit ? length : 0;
  }
  if (!value.is_structured()) return 0;
  for (const auto& item : value) {
    if (const auto length = refused_text_length(item, limit); length != 0) return length;
  }
  return 0;
}

std::string error_output(std::int64_t statement, std::string_view name, std::string_view value,
                         const ordered_json& traceback) {
  return dumped({{"status", "error"},
                 {"execution_count", statement},
                 {"ename", name},
                 {"evalue", value},
                 {"traceback", traceback}});
}

std::string output_of_death(std::int64_t statement, std::string_view last_words) {
  return error_output(statement, "Error", concat("Interpreter died:\n", last_words));
}

std::string output_of_content(std::int64_t statement, const ordered_json& content,
                              bool keep_printed) {
  if (const auto length = refused_text_length(content); length != 0) {
    return too_long_output(statement, length);
  }
  const auto status = text_of(content, "status");
  const auto data = content.find("data");
  if (status == "ok" && data != content.end() && data->is_object()) {
    return dumped({{"status", "ok"}, {"execution_count", statement}, {"data", *data}});
  }
  if (status == "ok") return no_reply_output(statement);
  if (status != "error") {
    return error_output(statement, "Internal Error", concat("Unknown status ", status));
  }
  ordered_json output = {{"status", "error"},
                         {"execution_count", statement},
                         {"ename", text_of(content, "ename")},
                         {"evalue", text_of(content, "evalue")},
                         {"traceback", lines_of(content)}};
  if (keep_printed && data != content.end() && data->is_object()) output["data"] = *data;
  return dumped(output);
}

std::string output_of_reply(std::int64_t statement, std::string_view line, bool keep_printed) {
  auto reply = ordered_json::parse(line, nullptr, false);
  if (reply.is_discarded()) {
    reply = ordered_json::parse(without_lone_surrogates(line), nullptr, false);
  }
  if (reply.is_discarded()) {
    const auto complaint = complaint_about(line, string_source(line));
    if (complaint) return error_output(statement, complaint->exception, complaint->message);
    return error_output(statement, "com.fasterxml.jackson.core.JsonParseException",
                        "Invalid UTF-8 in the reply of the interpreter");
  }
  const auto content = reply.is_object() ? reply.find("content") : reply.end();
  if (!reply.is_object() || text_of(reply, "msg_type").empty() || content == reply.end() ||
      !content->is_object()) {
    return no_reply_output(statement);
  }
  if (text_of(reply, "msg_type") != "execute_reply") {
    return error_output(statement, "java.lang.AssertionError", "assertion failed");
  }
  return output_of_content(statement, *content, keep_printed);
}

}  // namespace livyd::local
