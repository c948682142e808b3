// The forms of Livy's answers: {"msg": …}, a bare JSON string, a JSON object, or nothing.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.hpp"

namespace livyd::local {

using ordered_json = nlohmann::ordered_json;

/// JSON text; invalid UTF-8 becomes U+FFFD.
std::string dumped(const ordered_json& value);
/// The text as a JSON string, with its quotes.
std::string json_string(std::string_view text);

/// A body that is JSON already.
http::server_response json_answer(int status, std::string body);
/// {"msg": "…"}
http::server_response message(int status, std::string_view text);
/// "…"
http::server_response bare_string(int status, std::string_view text);
/// No body, of the type Livy's servlets declare.
http::server_response empty_answer(int status);

/// Thrown anywhere below a handler to end it with this answer.
class refused : public std::exception {
 public:
  explicit refused(http::server_response answer) : answer_(std::move(answer)) {}
  const http::server_response& answer() const noexcept { return answer_; }
  const char* what() const noexcept override { return answer_.body.c_str(); }

 private:
  http::server_response answer_;
};

}  // namespace livyd::local
