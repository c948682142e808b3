#include "local/livy_answer.hpp"

namespace livyd::local {
namespace {

constexpr const char* json_type = "application/json;charset=utf-8";

}  // namespace

std::string dumped(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string json_string(std::string_view text) {
  return dumped(ordered_json(text));
}

http::server_response json_answer(int status, std::string body) {
  http::server_response answer;
  answer.status = status;
  answer.content_type = json_type;
  answer.body = std::move(body);
  return answer;
}

http::server_response message(int status, std::string_view text) {
  return json_answer(status, dumped({{"msg", text}}));
}

http::server_response bare_string(int status, std::string_view text) {
  return json_answer(status, json_string(text));
}

http::server_response empty_answer(int status) {
  return json_answer(status, {});
}

}  // namespace livyd::local
