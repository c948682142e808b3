// Jobs as a real Livy tells them, and what the daemon asks an agent with them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace livyd::test {

/// The body that tells a job; `result` is what it returned, as Livy hands it out.
inline std::string job_text(std::string_view state, nlohmann::json result = nullptr,
                            nlohmann::json error = nullptr) {
  return nlohmann::json{{"id", 3}, {"state", state}, {"result", result}, {"error", error}}.dump();
}

/// A job that returned these bytes: base64 of base64 of a pickle.
inline std::string finished_job(std::string_view value) {
  std::string length;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    length.push_back(static_cast<char>((value.size() >> shift) & 0xFFU));
  }
  const auto pickle = concat(
      "\x80\x03"
      "B",
      length, value, ".");
  return job_text("SUCCEEDED", base64_encoded(base64_encoded(pickle)));
}

/// The expression in the body of a submit-job.
inline std::string expression_in(const std::string& body) {
  const auto job = nlohmann::json::parse(body)["job"].get<std::string>();
  const auto pickle = base64_decoded(job);
  constexpr std::size_t head = 22;  // \x80\x02cbuiltins\neval\nX and the length
  return pickle.substr(head, pickle.size() - head - 3);
}

/// The JSON text that an expression hands to the agent: a Python literal of ASCII.
inline nlohmann::json question_in(const std::string& expression) {
  const auto start = expression.rfind(R"(b"")(")") + 6;
  std::string text;
  for (auto at = start; expression[at] != '"'; ++at) {
    if (expression[at] == '\\') ++at;
    text.push_back(expression[at]);
  }
  return nlohmann::json::parse(text);
}

}  // namespace livyd::test
