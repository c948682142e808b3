#include "http/cookies.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>
#include <utility>

#include "base/text.hpp"

namespace livyd::http {
namespace {

constexpr std::size_t most_cookies = 50;
constexpr std::size_t most_bytes = 8_KiB;

/// "name=value" cut at the first '='.
std::pair<std::string_view, std::string_view> halves(std::string_view pair) {
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos) return {trimmed(pair), {}};
  return {trimmed(pair.substr(0, equals)), trimmed(pair.substr(equals + 1))};
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct set_cookie {
  std::string_view name;
  std::string_view value;
  bool secure = false;
  cookie_jar::time_point expires = cookie_jar::time_point::max();
};

set_cookie parsed(std::string_view field, cookie_jar::time_point now) {
  constexpr std::int64_t most_seconds = 10LL * 365 * 24 * 3600;
  const auto parts = split(field, ';');
  set_cookie out;
  std::tie(out.name, out.value) = halves(parts.front());
  bool has_age = false;  // it beats Expires, wherever it stands
  for (std::size_t at = 1; at < parts.size(); ++at) {
    const auto [name, value] = halves(parts[at]);
    if (equal_ignoring_case(name, "Secure")) out.secure = true;
    if (equal_ignoring_case(name, "Max-Age")) {
      if (const auto seconds = number_in(value)) {
        out.expires =
            now + std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, most_seconds));
        has_age = true;
      }
    }
    if (equal_ignoring_case(name, "Expires") && !has_age) {
      if (const auto date = date_in(value)) out.expires = *date;
    }
  }
  return out;
}

}  // namespace

std::string cookie_jar::key_of(const request& sent) {
  return concat(sent.target.origin(), " ", sent.route);
}

void cookie_jar::take(const request& sent, const response& answer, time_point now) {
  const auto fields = answer.headers.all("Set-Cookie");
  if (fields.empty()) return;
  auto& route = routes_[key_of(sent)];
  for (const auto field : fields) {
    const auto said = parsed(field, now);
    if (said.name.empty() || said.name.size() + said.value.size() > most_bytes) continue;
    const std::string name(said.name);
    const bool worthless = said.value.empty() || said.value == "\"\"" || said.expires <= now;
    if (worthless) {
      route.erase(name);
    } else if (route.contains(name) || route.size() < most_cookies) {
      route[name] = {std::string(said.value), said.secure, said.expires};
    }
  }
}

std::string cookie_jar::field_for(const request& outgoing, time_point now) {
  const auto found = routes_.find(key_of(outgoing));
  if (found == routes_.end()) return {};
  std::erase_if(found->second, [&](const auto& entry) { return entry.second.expires <= now; });
  const bool private_way = outgoing.target.secure() || outgoing.target.loopback();
  std::string field;
  for (const auto& [name, kept] : found->second) {
    if (kept.secure && !private_way) continue;
    field += concat(field.empty() ? "" : "; ", name, "=", kept.value);
  }
  return field;
}

void cookie_jar::forget(const request& sent) {
  routes_.erase(key_of(sent));
}

void cookie_jar::clear() {
  routes_.clear();
}

}  // namespace livyd::http
