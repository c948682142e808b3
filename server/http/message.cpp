#include "http/message.hpp"

#include <algorithm>
#include <ctime>

#include "base/text.hpp"

namespace livyd::http {

void fields::add(std::string name, std::string value) {
  list_.emplace_back(std::move(name), std::move(value));
}

void fields::set(std::string name, std::string value) {
  std::erase_if(list_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
  add(std::move(name), std::move(value));
}

std::string_view fields::get(std::string_view name) const {
  for (const auto& [known, value] : list_) {
    if (equal_ignoring_case(known, name)) return value;
  }
  return {};
}

std::vector<std::string_view> fields::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [known, value] : list_) {
    if (equal_ignoring_case(known, name)) values.push_back(value);
  }
  return values;
}

bool fields::has(std::string_view name) const {
  return std::any_of(list_.begin(), list_.end(),
                     [&](const auto& field) { return equal_ignoring_case(field.first, name); });
}

std::string_view name_of(method verb) {
  switch (verb) {
    case method::get:
      return "GET";
    case method::head:
      return "HEAD";
    case method::post:
      return "POST";
    case method::put:
      return "PUT";
    case method::delete_:
      return "DELETE";
    case method::connect:
      return "CONNECT";
  }
  return "GET";
}

std::string response::content_type() const {
  const auto value = headers.get("Content-Type");
  return lower_case(trimmed(value.substr(0, value.find(';'))));
}

std::optional<std::chrono::system_clock::time_point> date_in(std::string_view text) {
  const std::string line(text);
  for (const char* form : {"%a, %d %b %Y %H:%M:%S", "%a, %d-%b-%Y %H:%M:%S",
                           "%A, %d-%b-%y %H:%M:%S", "%a %b %d %H:%M:%S %Y"}) {
    std::tm parts{};
    if (::strptime(line.c_str(), form, &parts) != nullptr) {
      return std::chrono::system_clock::from_time_t(::timegm(&parts));
    }
  }
  return std::nullopt;
}

}  // namespace livyd::http
