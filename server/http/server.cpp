#include "http/server.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <list>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;
using beast_view = beast::string_view;
using tcp = asio::ip::tcp;

constexpr std::size_t read_size = 64_KiB;
/// What a peer may send ahead while its request is answered; then its end is no longer seen.
constexpr std::size_t read_ahead_limit = 64_KiB;

std::vector<std::pair<std::string, std::string>> parsed_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> list;
  const auto decoded = [](std::string_view text) {
    std::string plain(text);
    for (char& c : plain) c = c == '+' ? ' ' : c;
    return percent_decoded(plain);
  };
  for (const auto part : split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    const auto value = equals < part.size() ? part.substr(equals + 1) : std::string_view();
    list.emplace_back(decoded(part.substr(0, equals)), decoded(value));
  }
  return list;
}

/// "http://host/path" (the form proxies get) becomes "/path".
std::string_view without_origin(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const auto path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

class request_parser final : public beast::http::basic_parser<true> {
 public:
  request_parser(std::size_t header_bytes, std::size_t body_bytes) {
    header_limit(static_cast<std::uint32_t>(header_bytes));
    body_limit(body_bytes);
  }

  server_request request;

  bool awaits_permission() const {
    return is_header_done() && !is_done() &&
           equal_ignoring_case(request.headers.get("Expect"), "100-continue");
  }

 private:
  void on_request_impl(beast::http::verb /*verb*/, beast_view name, beast_view target,
                       int /*version*/, error_code& /*error*/) override {
    request.verb = name;
    request.target = target;
    const auto local = without_origin(request.target);
    const auto query = std::min(local.find('?'), local.size());
    request.path = percent_decoded(local.substr(0, query));
    if (query < local.size()) request.query = parsed_query(local.substr(query + 1));
  }

  void on_response_impl(int /*code*/, beast_view /*reason*/, int /*version*/,
                        error_code& /*error*/) override {}

  void on_field_impl(beast::http::field /*field*/, beast_view name, beast_view value,
                     error_code& /*error*/) override {
    if (!is_header_done()) request.headers.add(name, value);
  }

  void on_header_impl(error_code& /*error*/) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*error*/) override {}

  std::size_t on_body_impl(beast_view body, error_code& /*error*/) override {
    request.body.append(body);
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t /*size*/, beast_view /*extensions*/,
                            error_code& /*error*/) override {}

  std::size_t on_chunk_body_impl(std::uint64_t /*rest*/, beast_view body,
                                 error_code& /*error*/) override {
    request.body.append(body);
    return body.size();
  }

  void on_finish_impl(error_code& /*error*/) override {}
};

/// Throws failure{invalid_input} when a handler made a header that would break the framing.
void append_field(std::string& head, std::string_view name, std::string_view value) {
  constexpr std::string_view forbidden("\r\n\0", 3);
  if (name.find_first_of(forbidden) != std::string_view::npos ||
      value.find_first_of(forbidden) != std::string_view::npos) {
    throw failure(failure_kind::internal, concat("The header ", name, " holds a line break."));
  }
  head += concat(name, ": ", value, "\r\n");
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string head_of(const server_response& answer, bool keep_alive) {
  const auto reason = beast::http::obsolete_reason(
      beast::http::int_to_status(static_cast<unsigned>(answer.status)));
  auto head = concat("HTTP/1.1 ", answer.status, " ", std::string_view(reason), "\r\n");
  for (const auto& [name, value] : answer.headers) append_field(head, name, value);
  if (has_body(answer.status)) {
    if (!answer.content_type.empty()) append_field(head, "Content-Type", answer.content_type);
    append_field(head, "Content-Length", std::to_string(answer.body.size()));
  }
  append_field(head, "Connection", keep_alive ? "keep-alive" : "close");
  head += "\r\n";
  return head;
}

server_response refusal(int status, std::string_view sentence) {
  server_response answer;
  answer.status = status;
  answer.body =
      nlohmann::json(sentence).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return answer;
}

server_response refusal_for(const error_code& error) {
  if (error == beast::http::error::header_limit) {
    return refusal(431, "The headers of the request are too large.");
  }
  if (error == beast::http::error::body_limit) {
    return refusal(413, "The body of the request is too large.");
  }
  return refusal(400, concat("The request is not valid HTTP (", error.message(), ")."));
}

task<server_response> answered(const server::handler& handle, server_request request) {
  try {
    co_return co_await handle(std::move(request));
  } catch (const failure& reason) {
    if (reason.kind() == failure_kind::cancelled) throw;
    co_return refusal(500, reason.message());
  } catch (const boost::system::system_error& reason) {
    if (reason.code() == asio::error::operation_aborted) throw;
    co_return refusal(500, reason.code().message());
  } catch (const std::exception&) {
    co_return refusal(500, "The request could not be served.");
  }
}

/// One peer: its requests in order, until it leaves.
class served_connection {
 public:
  served_connection(tcp::socket socket, const server::settings& options,
                    const server::handler& handle)
      : socket_(std::move(socket)), options_(options), handle_(handle) {}

  task<void> run() {
    bool goes_on = true;
    while (goes_on) goes_on = co_await serve_one();
  }

 private:
  /// False when the connection is to be closed.
  task<bool> serve_one() {
    request_parser parser(options_.header_limit, options_.body_limit);
    error_code error;
    const bool complete = co_await read_request(parser, error);
    if (error) {
      co_await write(refusal_for(error), false, false);
      co_await linger();
      co_return false;
    }
    if (!complete) co_return false;
    const bool keep_alive = parser.keep_alive();
    const bool only_head = parser.request.verb == "HEAD";
    bool peer_left = false;
    auto answer = co_await answer_unless_peer_leaves(std::move(parser.request), peer_left);
    if (peer_left) co_return false;
    const bool written = co_await write(std::move(answer), keep_alive, only_head);
    co_return written&& keep_alive;
  }

  /// False when the peer left; `error` says what is wrong with the request.
  task<bool> read_request(request_parser& parser, error_code& error) {
    bool permitted = false;
    while (!parser.is_done()) {
      bool starved = buffer_.size() == 0;
      if (!starved) {
        buffer_.consume(parser.put(buffer_.data(), error));
        starved = error == beast::http::error::need_more;
        if (starved) error = {};
        if (error) co_return false;
      }
      if (!starved && buffer_.size() > 0) continue;
      if (parser.is_done()) break;
      if (!permitted && buffer_.size() == 0 && parser.awaits_permission()) {
        permitted = true;
        const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n", {});
        if (!sent) co_return false;
      }
      if (buffer_.size() > options_.header_limit + read_size) {
        error = beast::http::error::header_limit;
        co_return false;
      }
      const bool more = co_await read_more(read_size);
      if (!more) co_return false;
    }
    co_return true;
  }

  task<bool> read_more(std::size_t limit) {
    auto [error, bytes] = co_await socket_.async_read_some(buffer_.prepare(limit),
                                                           asio::as_tuple(asio::use_awaitable));
    buffer_.commit(bytes);
    co_return !error;
  }

  /// Ends when the peer closes; what the peer sends ahead stays in the buffer.
  task<void> peer_leaves() {
    bool there = true;
    while (there) {
      if (buffer_.size() >= read_ahead_limit) {
        notification never(socket_.get_executor());
        co_await never.wait();
      }
      there = co_await read_more(read_ahead_limit);
    }
  }

  task<server_response> answer_unless_peer_leaves(server_request request, bool& peer_left) {
    auto executor = co_await asio::this_coro::executor;
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, answered(handle_, std::move(request)), asio::deferred),
        asio::co_spawn(executor, peer_leaves(), asio::deferred));
    auto [order, handler_error, answer, watch_error] = co_await std::move(both).async_wait(
        asio::experimental::wait_for_one(), asio::use_awaitable);
    auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw_cancelled();
    peer_left = order[0] == 1;
    if (!peer_left && handler_error) {
      co_return refusal(500, "The request was cancelled while it was served.");
    }
    co_return std::move(answer);
  }

  task<bool> write(server_response answer, bool keep_alive, bool only_head) {
    std::string head;
    try {
      head = head_of(answer, keep_alive);
    } catch (const failure& reason) {
      answer = refusal(500, reason.message());
      head = head_of(answer, keep_alive);
    }
    const bool bare = only_head || !has_body(answer.status);
    co_return co_await send(head, bare ? std::string_view() : std::string_view(answer.body));
  }

  task<bool> send(std::string_view head, std::string_view body) {
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
    auto [error, bytes] =
        co_await asio::async_write(socket_, parts, asio::as_tuple(asio::use_awaitable));
    co_return !error;
  }

  /// Closing with unread bytes resets the connection, and the peer would lose the refusal: take
  /// what it still sends for a short while.
  task<void> linger() {
    constexpr auto patience = 2s;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    auto rest = read_to_the_end();
    try {
      co_await with_deadline(std::move(rest), patience, "The peer goes on sending.");
    } catch (const failure& reason) {
      log::trace("http", reason.message());  // enough was done for a request that was refused
    }
  }

  task<void> read_to_the_end() {
    bool more = true;
    while (more) {
      buffer_.consume(buffer_.size());
      more = co_await read_more(read_size);
    }
  }

  tcp::socket socket_;
  const server::settings& options_;
  const server::handler& handle_;
  beast::flat_buffer buffer_;
};

}  // namespace

std::optional<std::string> server_request::parameter(std::string_view name) const {
  for (const auto& [known, value] : query) {
    if (known == name) return value;
  }
  return std::nullopt;
}

// Shared with serve() and with the connections, which end a moment after the server does.
class server::implementation : public std::enable_shared_from_this<server::implementation> {
 public:
  implementation(asio::any_io_executor executor, settings options, handler answer)
      : executor_(std::move(executor)),
        acceptor_(executor_),
        options_(options),
        handle_(std::move(answer)) {
    listen();
  }

  std::uint16_t port() const { return port_; }

  static task<void> serve(std::shared_ptr<implementation> self) {
    while (true) {
      auto [error, socket] =
          co_await self->acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) throw_cancelled();
      if (!self->acceptor_.is_open()) co_return;
      if (!error) {
        self->begin(std::move(socket));
        continue;
      }
      // Out of descriptors, most likely: connections that end give some back.
      log::warn("http", concat("cannot accept a connection: ", error.message()));
      asio::steady_timer pause(self->executor_, 100ms);
      co_await pause.async_wait(asio::use_awaitable);
    }
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    // Posted: a handler may itself have asked for it.
    asio::post(executor_, [self = shared_from_this()] {
      const auto running = self->running_;
      for (const auto& signal : running) signal->emit(asio::cancellation_type::terminal);
    });
  }

 private:
  void listen() {
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), options_.port);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      throw failure(failure_kind::io,
                    concat("Port ", options_.port,
                           " of 127.0.0.1 cannot be used: ", lower_case(error.message()), "."));
    }
    port_ = acceptor_.local_endpoint().port();
  }

  void begin(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto work = [](tcp::socket peer, std::shared_ptr<implementation> self) -> task<void> {
      served_connection connection(std::move(peer), self->options_, self->handle_);
      co_await connection.run();
    };
    // Shared by the list and by the completion, whichever is left last.
    auto signal = std::make_shared<asio::cancellation_signal>();
    const auto entry = running_.insert(running_.end(), signal);
    auto ended = [self = shared_from_this(), signal, entry](std::exception_ptr error) {
      self->running_.erase(entry);
      if (!error || is_cancellation(error)) return;
      log::error("http", "a connection ended by an exception");
    };
    asio::co_spawn(executor_, work(std::move(socket), shared_from_this()),
                   asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
  }

  asio::any_io_executor executor_;
  tcp::acceptor acceptor_;
  settings options_;
  handler handle_;
  std::list<std::shared_ptr<asio::cancellation_signal>> running_;
  std::uint16_t port_ = 0;
};

server::server(asio::any_io_executor executor, settings options, handler answer)
    : implementation_(
          std::make_shared<implementation>(std::move(executor), options, std::move(answer))) {}

server::~server() {
  stop();
}

std::uint16_t server::port() const {
  return implementation_->port();
}

task<void> server::serve() {
  return implementation::serve(implementation_);
}

void server::stop() {
  implementation_->stop();
}

}  // namespace livyd::http
