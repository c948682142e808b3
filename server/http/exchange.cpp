#include "http/exchange.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "http/connect.hpp"

namespace livyd::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;
using beast_view = beast::string_view;

constexpr std::size_t most_header_bytes = 64_KiB;
constexpr std::size_t piece_limit = 64_KiB;
constexpr int go_on = 100;
constexpr int switching_protocols = 101;

/// Collects the head of an answer and shows each piece of its body as it lies in the buffer.
class answer_parser final : public beast::http::basic_parser<false> {
 public:
  answer_parser(const request& sent, bool streams) : limit_(sent.body_limit), streams_(streams) {
    header_limit(most_header_bytes);
    skip(sent.verb == method::head || sent.verb == method::connect);
  }

  response answer;
  /// The piece of the body that the last put() found; valid until the buffer changes.
  std::string_view piece;

  bool streaming() const { return streams_ && answer.ok(); }
  bool interim() const { return answer.status / 100 == 1 && answer.status != switching_protocols; }

 private:
  void on_request_impl(beast::http::verb /*verb*/, beast_view /*name*/, beast_view /*target*/,
                       int /*version*/, error_code& /*error*/) override {}

  void on_response_impl(int code, beast_view reason, int /*version*/,
                        error_code& /*error*/) override {
    answer.status = code;
    answer.reason = reason;
    if (streaming()) {
      body_limit(boost::none);
    } else {
      body_limit(limit_);
    }
  }

  void on_field_impl(beast::http::field /*field*/, beast_view name, beast_view value,
                     error_code& /*error*/) override {
    if (!is_header_done()) answer.headers.add(name, value);  // else it is a trailer
  }

  void on_header_impl(error_code& /*error*/) override {}

  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*error*/) override {}

  std::size_t on_body_impl(beast_view body, error_code& /*error*/) override {
    piece = body;
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t /*size*/, beast_view /*extensions*/,
                            error_code& /*error*/) override {}

  std::size_t on_chunk_body_impl(std::uint64_t /*rest*/, beast_view body,
                                 error_code& /*error*/) override {
    piece = body;
    return body.size();
  }

  void on_finish_impl(error_code& /*error*/) override {}

  std::size_t limit_;
  bool streams_;
};

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  constexpr std::string_view forbidden("\r\n\0", 3);
  if (!is_token(name) || value.find_first_of(forbidden) != std::string_view::npos) {
    throw failure(failure_kind::invalid_input,
                  concat("The header ", valid_utf8(name),
                         " cannot be sent: a name is one word and a value one line."));
  }
  head += concat(name, ": ", value, "\r\n");
}

/// Fields that say how the message is framed: this file knows, callers do not.
bool is_framing(std::string_view name) {
  return equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Connection") ||
         equal_ignoring_case(name, "Transfer-Encoding") || equal_ignoring_case(name, "Expect");
}

/// What stands between the verb and the version: a proxy needs more than the path.
std::string request_target(const request& outgoing, const exchange_options& options) {
  const auto& to = outgoing.target;
  if (outgoing.verb == method::connect) return to.host_and_port();
  if (options.proxy) return concat(to.scheme, "://", to.authority(), to.target());
  return to.target();
}

std::string head_of(const request& outgoing, const exchange_options& options) {
  auto head =
      concat(name_of(outgoing.verb), " ", request_target(outgoing, options), " HTTP/1.1\r\n");
  if (options.proxy && !options.proxy->proof.empty()) {
    append_field(head, "Proxy-Authorization", options.proxy->proof);
  }
  if (!outgoing.headers.has("Host")) append_field(head, "Host", outgoing.target.authority());
  if (!outgoing.headers.has("User-Agent")) append_field(head, "User-Agent", options.user_agent);
  append_field(head, "Connection", "keep-alive");
  for (const auto& [name, value] : outgoing.headers) {
    if (!is_framing(name)) append_field(head, name, value);
  }
  const bool writes = outgoing.verb == method::post || outgoing.verb == method::put;
  if (writes || !outgoing.body.empty()) {
    const auto bytes = outgoing.source ? outgoing.source_bytes : outgoing.body.size();
    if (!outgoing.content_type.empty() && !outgoing.headers.has("Content-Type")) {
      append_field(head, "Content-Type", outgoing.content_type);
    }
    append_field(head, "Content-Length", std::to_string(bytes));
    if (options.expects) append_field(head, "Expect", "100-continue");
  }
  head += "\r\n";
  return head;
}

class conversation {
 public:
  conversation(stream& connection, const request& outgoing, exchange_options options,
               exchange_progress& progress)
      : connection_(connection),
        outgoing_(outgoing),
        options_(std::move(options)),
        progress_(progress) {}

  /// Head and body. A peer that refuses a long body answers and closes before it was sent: its
  /// answer counts.
  task<void> write() {
    const auto head = head_of(outgoing_, options_);
    co_await write_all({asio::buffer(head), asio::buffer(outgoing_.body)});
    if (outgoing_.source) co_await write_from_source();
  }

  /// The head, and the body if the server wants it. An answer that came instead of the body ends
  /// the exchange.
  task<std::optional<response>> write_with_permission() {
    const auto head = head_of(outgoing_, options_);
    progress_.body_withheld = true;
    co_await write_all({asio::buffer(head), asio::const_buffer()});
    while (true) {
      if (buffer_.size() == 0 && !co_await heard_within(*options_.expects)) {
        progress_.expect_ignored = true;
        break;
      }
      answer_parser parser(outgoing_, options_.sink != nullptr);
      co_await read_one(parser);
      if (parser.answer.status == go_on) break;
      if (!parser.interim()) co_return std::move(parser.answer);
    }
    progress_.body_withheld = false;
    co_await write_all({asio::buffer(outgoing_.body), asio::const_buffer()});
    if (outgoing_.source) co_await write_from_source();
    co_return std::nullopt;
  }

  task<response> read() {
    while (true) {
      answer_parser parser(outgoing_, options_.sink != nullptr);
      co_await read_one(parser);
      if (parser.interim()) continue;  // 100 Continue that nobody asked for, 103 Early Hints
      progress_.reusable = parser.keep_alive() && buffer_.size() == 0 && !write_error_ &&
                           parser.answer.status != switching_protocols;
      co_return std::move(parser.answer);
    }
  }

 private:
  task<void> write_all(std::array<asio::const_buffer, 2> rest) {
    while (rest[0].size() + rest[1].size() > 0) {
      const auto written = co_await connection_.write_some(rest, options_.silence);
      if (written.timed_out) throw_silence("took nothing more of the request");
      if (written.error) {
        write_error_ = written.error;
        co_return;
      }
      progress_.sent_bytes += written.bytes;
      const auto of_first = std::min(written.bytes, rest[0].size());
      rest[0] += of_first;
      rest[1] += written.bytes - of_first;
    }
  }

  task<void> write_from_source() {
    std::string piece(piece_limit, '\0');
    auto left = outgoing_.source_bytes;
    while (left > 0 && !write_error_) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
      const auto bytes = co_await outgoing_.source(asio::buffer(piece.data(), most));
      if (bytes == 0) {
        throw failure(failure_kind::io, concat("What is sent to ", peer(), " ended ", left,
                                               " bytes early. It changed meanwhile; try again."));
      }
      left -= bytes;
      co_await write_all({asio::buffer(piece.data(), bytes), asio::const_buffer()});
    }
  }

  /// False when nothing was said for so long; throws when the peer left.
  task<bool> heard_within(duration patience) {
    const auto space = buffer_.prepare(piece_limit);
    const auto got = co_await connection_.read_some(space, patience);
    if (got.timed_out) co_return false;
    take(space, got.bytes);
    if (got.error) throw_lost(got.error);
    co_return true;
  }

  void take(asio::mutable_buffer space, std::size_t bytes) {
    buffer_.commit(bytes);
    progress_.received_bytes += bytes;
    note_start({static_cast<const char*>(space.data()), bytes});
  }

  task<void> read_one(answer_parser& parser) {
    while (!parser.is_done()) {
      const bool starved = buffer_.size() == 0 || !parse_some(parser);
      if (!parser.piece.empty()) co_await deliver(parser);
      buffer_.consume(used_);
      used_ = 0;
      if (starved) co_await read_more(parser);
    }
  }

  /// False when nothing more can be made of what was read.
  bool parse_some(answer_parser& parser) {
    error_code error;
    parser.piece = {};
    used_ = parser.put(buffer_.data(), error);
    progress_.status = parser.answer.status;
    if (error == beast::http::error::need_more) {
      if (buffer_.size() - used_ > most_header_bytes) throw_not_http("a line without an end");
      return false;
    }
    if (error) throw_parse_failure(error);
    return true;
  }

  task<void> deliver(answer_parser& parser) {
    auto piece = std::exchange(parser.piece, {});
    if (!parser.streaming()) {
      parser.answer.body.append(piece);
      co_return;
    }
    while (!piece.empty()) {
      const auto part = piece.substr(0, piece_limit);
      co_await (*options_.sink)(part);
      piece.remove_prefix(part.size());
    }
  }

  task<void> read_more(answer_parser& parser) {
    const auto space = buffer_.prepare(piece_limit);
    const auto got = co_await connection_.read_some(space, options_.silence);
    if (got.timed_out)
      throw_silence(received_any() ? "sent nothing more of its answer" : "did not answer");
    take(space, got.bytes);
    if (!got.error) co_return;
    error_code incomplete;
    if (is_end(got.error) && parser.got_some()) parser.put_eof(incomplete);
    // An end that is the proper end of this body was taken by put_eof.
    if (!parser.is_done()) throw_lost(got.error);
  }

  bool received_any() const { return progress_.received_bytes > 0; }

  /// An HTTP answer begins with "HTTP/"; anything else is said at once, without a deadline.
  void note_start(std::string_view bytes) {
    constexpr std::string_view expected = "HTTP/";
    if (start_.size() >= expected.size()) return;
    start_.append(bytes.substr(0, expected.size() - start_.size()));
    if (expected.starts_with(start_)) return;
    const bool tls_record = start_[0] == '\x15' || start_[0] == '\x16';
    throw failure(failure_kind::not_http,
                  concat(peer(), " does not answer in HTTP",
                         tls_record && !outgoing_.target.secure() ? "; it may expect https://."
                                                                  : ". Check the port."));
  }

  std::string peer() const {
    auto target = outgoing_.target.host_and_port();
    if (!options_.proxy) return target;
    if (outgoing_.verb == method::connect) return concat(options_.proxy->name, " (the proxy)");
    return concat(target, " (through the proxy ", options_.proxy->name, ")");
  }

  [[noreturn]] void throw_silence(std::string_view what) const {
    throw failure(failure_kind::timeout,
                  concat(peer(), " ", what, " for ", in_words(options_.silence), "."));
  }

  [[noreturn]] void throw_not_http(std::string_view why) const {
    throw failure(failure_kind::not_http, concat(peer(), " sent an answer that is not HTTP."),
                  std::string(why));
  }

  [[noreturn]] void throw_parse_failure(const error_code& error) const {
    if (error == beast::http::error::header_limit) {
      throw failure(failure_kind::too_large,
                    concat("The headers of the answer of ", peer(), " are larger than ",
                           human_bytes(most_header_bytes), "."));
    }
    if (error == beast::http::error::body_limit) {
      throw failure(failure_kind::too_large, concat("The answer of ", peer(), " is larger than ",
                                                    human_bytes(outgoing_.body_limit), "."));
    }
    throw_not_http(error.message());
  }

  [[noreturn]] void throw_lost(const error_code& read_error) {
    progress_.peer_left = true;
    connection_.explain(read_error);
    const auto& error = write_error_ ? write_error_ : read_error;
    if (error.category() == asio::error::get_ssl_category()) {
      throw failure(failure_kind::tls,
                    concat(peer(), " broke off the TLS connection (", error.message(), ")."));
    }
    throw failure(failure_kind::connection_lost,
                  received_any()
                      ? concat(peer(), " closed the connection in the middle of its answer.")
                      : concat(peer(), " closed the connection without an answer."),
                  error.message());
  }

  stream& connection_;
  const request& outgoing_;
  exchange_options options_;
  exchange_progress& progress_;
  beast::flat_buffer buffer_;
  std::size_t used_ = 0;
  std::string start_;
  error_code write_error_;
};

}  // namespace

task<response> perform_exchange(stream& connection, const request& outgoing,
                                exchange_options options, exchange_progress& progress) {
  const bool asks = options.expects.has_value();
  conversation talk(connection, outgoing, std::move(options), progress);
  if (asks) {
    if (auto instead = co_await talk.write_with_permission()) co_return std::move(*instead);
  } else {
    co_await talk.write();
  }
  co_return co_await talk.read();
}

}  // namespace livyd::http
