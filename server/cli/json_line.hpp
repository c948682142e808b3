// A value as one line of JSON on standard output.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace livyd {

template <class Value>
std::string json_line(const Value& value) {
  using nlohmann::json;
  return json(value).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace livyd
