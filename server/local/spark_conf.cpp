#include "local/spark_conf.hpp"

#include "base/text.hpp"

namespace livyd::local {
namespace {

std::string joined_by_comma(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& item : list) text += concat(text.empty() ? "" : ",", item);
  return text;
}

std::string escaped(std::string_view text, bool key) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\t') {
      result += "\\t";
    } else {
      const bool leading_space = c == ' ' && result.empty();
      const bool special = c == '\\' || leading_space ||
                           (key && std::string_view("=: #!").find(c) != std::string_view::npos);
      if (special) result += '\\';
      result += c;
    }
  }
  return result;
}

}  // namespace

std::map<std::string, std::string> spark_conf(const session_request& request, std::int64_t session,
                                              const std::filesystem::path& scratch) {
  std::map<std::string, std::string> conf = {
      {"spark.master", "local[*]"},
      {"spark.app.name", request.name.value_or(concat("livyd-local-", session))},
      {"spark.ui.enabled", "false"},
      {"spark.ui.showConsoleProgress", "false"},
      {"spark.driver.host", "127.0.0.1"},
      {"spark.driver.bindAddress", "127.0.0.1"},
      {"spark.local.dir", scratch.string()},
      {"spark.driver.defaultJavaOptions", concat("-Djava.io.tmpdir=", scratch.string())},
  };
  const auto set = [&conf](const char* key, const std::string& value) {
    if (!value.empty()) conf[key] = value;
  };
  const auto count = [](std::int64_t number) {
    return number == 0 ? std::string() : std::to_string(number);
  };
  set("spark.driver.memory", request.driver_memory.value_or(""));
  set("spark.driver.cores", count(request.driver_cores));
  set("spark.executor.memory", request.executor_memory.value_or(""));
  set("spark.executor.cores", count(request.executor_cores));
  set("spark.executor.instances", count(request.executor_count));
  set("spark.jars", joined_by_comma(request.jars));
  set("spark.files", joined_by_comma(request.files));
  set("spark.archives", joined_by_comma(request.archives));
  set("spark.submit.pyFiles", joined_by_comma(request.py_files));
  for (const auto& [key, value] : request.conf) conf[key] = value;
  return conf;
}

std::string properties_text(const std::map<std::string, std::string>& conf) {
  std::string text;
  for (const auto& [key, value] : conf) {
    text += concat(escaped(key, true), "=", escaped(value, false), "\n");
  }
  return text;
}

}  // namespace livyd::local
