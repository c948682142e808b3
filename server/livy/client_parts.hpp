// What the files of the client share: deadlines, and what an answer means. Private to client*.cpp.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/async.hpp"
#include "livy/api.hpp"

namespace livyd::livy {

inline constexpr duration small_deadline = 30s;
/// A gateway cuts after 20 s and Livy answers in milliseconds; starting a driver can load the host.
inline constexpr duration create_deadline = 60s;
/// The slowest uplink that is waited for: 10 MB of code have three minutes.
inline constexpr std::size_t slowest_upload_per_second = 64_KiB;
inline constexpr std::int64_t listed_per_page = 100;
inline constexpr std::size_t most_listed = 10'000;

/// JSON to be sent. Throws failure{invalid_input}, which begins with `whose` ("The profile holds"),
/// for text that is not UTF-8.
std::string text_of(const nlohmann::json& body, std::string_view whose);

/// `read` of the answer's JSON; an answer of another shape names the server.
template <class Read>
auto understood(Read read, const http::response& answer, const http::url& target,
                std::string_view what) {
  const auto body = json_body(answer, target, what);
  try {
    return read(body);
  } catch (const failure& unread) {
    throw not_livy(target, "its answer is JSON of another kind", unread.message());
  }
}

/// An answer whose content does not matter must still be Livy's and not a login page.
void expect_livy(const http::response& answer, const http::url& target, std::string_view what);

/// Livy refuses work before the session is idle with a 500, which elsewhere means an unknown
/// outcome.
bool session_is_not_ready(const http::response& answer);

/// Where nothing stands behind the path, or something forbids it, the session itself is well.
/// `reason`: the failure that the answer would be otherwise.
bool path_is_blocked(const http::response& answer, const failure& reason);

}  // namespace livyd::livy
