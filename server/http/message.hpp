// What is asked and what is answered over HTTP, as plain values.
#pragma once

#include <boost/asio/buffer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async.hpp"
#include "http/url.hpp"

namespace livyd::http {

/// Header fields in order; names compare without case; a name may come twice.
class fields {
 public:
  fields() = default;
  fields(std::initializer_list<std::pair<std::string, std::string>> list) : list_(list) {}
  void add(std::string name, std::string value);
  /// Removes all of that name, then adds one.
  void set(std::string name, std::string value);
  /// The first value, or "".
  std::string_view get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  bool has(std::string_view name) const;
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  std::size_t size() const { return list_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

/// An HTTP date ("Sat, 21 Nov 2026 13:00:00 GMT"), also in the forms that old servers write;
/// nothing for anything else.
std::optional<std::chrono::system_clock::time_point> date_in(std::string_view text);

/// `connect` asks a proxy for a tunnel to the target's host and port; only connect.cpp sends it.
enum class method { get, head, post, put, delete_, connect };
std::string_view name_of(method verb);

/// What a long body is made of: fills the buffer, returns how much; 0 at the end. What it throws
/// ends the request.
using byte_source = std::function<task<std::size_t>(asio::mutable_buffer)>;

struct request {
  method verb = method::get;
  url target;
  fields headers;  ///< besides Host, Content-Type, Content-Length and what authentication adds
  std::string content_type;  ///< required with a body: gateways rewrite what has none
  std::string body;
  /// Instead of `body`: read once, when the server lets it come, so that such a request is sent
  /// again only as long as nothing was read. Too few bytes are failure{io}, more are not read.
  byte_source source = {};
  std::uint64_t source_bytes = 0;
  /// For the whole operation: connect, authenticate, send, read.
  duration deadline = 30s;
  /// The longest silence while the answer is awaited or read; nothing: what the client was told.
  std::optional<duration> silence = {};
  /// An answer with a longer body is refused with failure{too_large}; streamed bodies have no
  /// limit.
  std::size_t body_limit = 8_MiB;
  /// A 307 or 308 to an allowed host is followed; false: it is the answer.
  bool follow_redirects = true;
  /// What cookies are shared within: the path under which one service stands ("/gateway/x/livy").
  std::string route = {};
  /// Negotiate also where a cookie might do: a body that nobody can send twice (an upload).
  bool always_prove = false;
};

struct response {
  int status = 0;
  std::string reason;
  fields headers;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  /// Lower case, without parameters: "application/json".
  std::string content_type() const;
};

/// Gets the body of a 2xx answer piece by piece (at most 64 KiB each). The socket is not read again
/// before the returned coroutine has ended. What it throws ends the request.
using body_sink = std::function<task<void>(std::string_view piece)>;

}  // namespace livyd::http
