// Cookies by origin and route, kept as the server wrote them.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "http/message.hpp"

namespace livyd::http {

/// Gateways sign per route and give all their cookies one name and path, so a cookie belongs to the
/// scheme, host, port and route it came from; Path and Domain are not looked at. Values keep their
/// quotes. In memory only.
class cookie_jar {
 public:
  using time_point = std::chrono::system_clock::time_point;

  /// Takes the answer's Set-Cookie fields: Max-Age, Expires, Secure; an empty value or one in the
  /// past forgets the cookie. At most 50 a route and 8 KiB each.
  void take(const request& sent, const response& answer, time_point now);
  /// The Cookie field for this request: "" when there is none.
  std::string field_for(const request& outgoing, time_point now);
  void forget(const request& sent);
  void clear();

 private:
  struct cookie {
    std::string value;
    bool secure = false;
    time_point expires;
  };
  static std::string key_of(const request& sent);
  std::map<std::string, std::map<std::string, cookie>> routes_;
};

}  // namespace livyd::http
