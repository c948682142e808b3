// The recorded conversation with a real Livy 0.9.0, one exchange at a time.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "test_data.hpp"

namespace livyd::test {

struct recorded_exchange {
  std::string step;
  std::string path;  ///< without the query
  http::response response;
  bool cut = false;  ///< the recording holds only the beginning and the end of the body

  nlohmann::json body() const { return nlohmann::json::parse(response.body); }
};

/// Every exchange of the recording; its summary lines, which were no exchanges, are left out.
inline std::vector<recorded_exchange> recorded_exchanges() {
  std::ifstream file(LIVYD_TEST_DATA "/livy-0.9.0.jsonl");
  std::vector<recorded_exchange> exchanges;
  for (std::string line; std::getline(file, line);) {
    const auto entry = nlohmann::json::parse(line);
    if (!entry.contains("request")) continue;
    const auto& response = entry["response"];
    recorded_exchange exchange;
    exchange.step = entry["step"].get<std::string>();
    const auto target = entry["request"]["path"].get<std::string>();
    exchange.path = target.substr(0, target.find('?'));
    exchange.response.status = response["status"].get<int>();
    exchange.response.reason = response["reason"].get<std::string>();
    for (const auto& [name, value] : response["headers"].items()) {
      exchange.response.headers.add(name, value.get<std::string>());
    }
    if (response["body"].is_string()) exchange.response.body = response["body"].get<std::string>();
    const auto marker = "…[" + response["length"].dump() + " characters]…";
    exchange.cut = exchange.response.body.find(marker) != std::string::npos;
    exchanges.push_back(std::move(exchange));
  }
  return exchanges;
}

}  // namespace livyd::test
