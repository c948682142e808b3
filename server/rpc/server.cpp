#include "rpc/server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <optional>
#include <string_view>

#include "base/log.hpp"
#include "base/text.hpp"

namespace livyd::rpc {
namespace {

using nlohmann::json;

/// Deeper messages are refused: copying nested values is recursive.
constexpr int nesting_limit = 256;
/// While more than this is queued nothing is read: the peer sends requests and reads no replies.
constexpr std::size_t unread_bound = 16_MiB;
/// For what is queued when the input has ended.
constexpr duration flush_limit = 1s;

struct error_reply {
  int code;
  std::string message;
  json data;
};

json failure_data(failure_kind kind, const std::string& detail = {}) {
  json data{{"kind", name_of(kind)}};
  if (!detail.empty()) data["detail"] = detail;
  return data;
}

error_reply refusal(int code, std::string message) {
  return {code, std::move(message), failure_data(failure_kind::invalid_input)};
}

error_reply cancelled() {
  return {code::request_cancelled, "This was cancelled.", failure_data(failure_kind::cancelled)};
}

error_reply bug(const std::string& method, const std::string& detail) {
  log::error("rpc", concat(method, " ended by a bug: ", detail));
  return {code::internal_error,
          concat("livyd has a bug: ", method,
                 " ended in a way that nobody foresaw. Please report it with the lines of the log "
                 "\"Livy Log\"."),
          failure_data(failure_kind::internal, detail)};
}

/// The one place that maps what a handler throws to what the peer reads.
error_reply described(const std::string& method, const std::exception_ptr& error) {
  if (is_cancellation(error)) return cancelled();
  try {
    std::rethrow_exception(error);
  } catch (const bad_params& reason) {
    return refusal(code::invalid_params, reason.what());
  } catch (const failure& reason) {
    return {code::failed, reason.message(), failure_data(reason.kind(), reason.detail())};
  } catch (const boost::system::system_error& reason) {
    // what() would name source files.
    return bug(method, reason.code().message());
  } catch (const std::exception& reason) {
    return bug(method, reason.what());
  } catch (...) {
    return bug(method, "an unknown exception");
  }
}

std::string printed(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The duty to answer one request. It is moved, never copied; answering uses it up, and if it is
/// dropped unused the request is answered all the same, with a sentence about our bug.
class reply_once {
 public:
  reply_once(std::shared_ptr<transport> peer, json id, std::string method)
      : peer_(std::move(peer)), id_(std::move(id)), method_(std::move(method)) {}
  reply_once(reply_once&& other) noexcept
      : peer_(std::exchange(other.peer_, nullptr)),
        id_(std::move(other.id_)),
        method_(std::move(other.method_)) {}
  reply_once& operator=(reply_once&&) = delete;
  ~reply_once() {
    if (peer_) std::move(*this).with(bug(method_, "the request was dropped without an answer"));
  }

  void with(json result) && { answer("result", std::move(result)); }
  void with(error_reply error) && {
    json body{{"code", error.code}, {"message", std::move(error.message)}};
    body["data"] = std::move(error.data);
    answer("error", std::move(body));
  }

 private:
  void answer(const char* field, json body) {
    const auto peer = std::exchange(peer_, nullptr);
    json reply{{"jsonrpc", "2.0"}};
    reply["id"] = std::move(id_);
    reply[field] = std::move(body);
    peer->post(printed(reply));
  }

  std::shared_ptr<transport> peer_;
  json id_;
  std::string method_;
};

bool is_id(const json& value) {
  return value.is_string() || value.is_number_integer();
}

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > nesting_limit) return true;
  }
  return false;
}

}  // namespace

class server::implementation : public std::enable_shared_from_this<implementation> {
 public:
  explicit implementation(std::unique_ptr<transport> peer) : peer_(std::move(peer)) {}

  void on_request(std::string method, raw_handler handler) {
    handlers_.insert_or_assign(std::move(method), std::move(handler));
  }

  void on_end(std::function<void()> leaving) { leaving_ = std::move(leaving); }

  task<void> notify(std::string method, json params) {
    json message{{"jsonrpc", "2.0"}, {"method", std::move(method)}};
    message["params"] = std::move(params);
    const auto peer = peer_;
    if (peer) co_await peer->send(printed(message));
  }

  task<void> serve(duration drain) {
    const auto self = shared_from_this();
    std::exception_ptr error;
    try {
      co_await read_messages();
    } catch (...) {
      error = std::current_exception();
    }
    // First of all: after a cancel every co_await but this one throws.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await shielded([self, drain] { return self->wind_up(drain); }, drain + 2 * flush_limit);
    if (error) std::rethrow_exception(error);
  }

  std::size_t in_flight() const { return requests_.size(); }

  /// For when the server goes before its requests: they are cancelled, and told so now.
  void abandon() {
    cancel_all();
    answer_all();
    peer_.reset();
  }

 private:
  struct request {
    std::string method;
    reply_once reply;
    std::uint64_t serial;  // an id may come back after its reply
    // Shared with the coroutine, which may outlive its entry here (see answer_all).
    std::shared_ptr<asio::cancellation_signal> signal;
  };

  task<void> read_messages() {
    executor_ = co_await asio::this_coro::executor;
    idle_ = std::make_unique<notification>(*executor_);
    while (true) {
      auto message = co_await peer_->receive();
      if (!message) co_return;
      dispatch(*message);
      co_await peer_->wait_until_queued_at_most(unread_bound);
    }
  }

  task<void> wind_up(duration drain) {
    if (leaving_) leaving_();
    cancel_all();
    try {
      auto drained = until_idle();
      co_await with_deadline(std::move(drained), drain, "Requests did not end in time.");
    } catch (const failure& reason) {
      log::warn("rpc", concat(reason.message(), " In flight: ", requests_.size()));
    }
    answer_all();
    auto flushed = peer_->flush();
    co_await with_deadline(std::move(flushed), flush_limit, "The peer does not read.");
  }

  task<void> until_idle() {
    while (!requests_.empty()) co_await idle_->wait();
  }

  void cancel_all() {
    for (const auto& [id, request] : requests_) cancel(id);
  }

  void answer_all() {
    auto left = std::exchange(requests_, {});
    for (auto& [id, request] : left) std::move(request.reply).with(cancelled());
  }

  void dispatch(const std::string& text) {
    auto message =
        is_too_deep(text) ? json(json::value_t::discarded) : json::parse(text, nullptr, false);
    if (message.is_discarded()) {
      refuse(nullptr, code::parse_error, "What arrived is not JSON, or is nested too deeply.");
    } else if (!message.is_object()) {
      refuse(nullptr, code::invalid_request, "What arrived is not a JSON-RPC request object.");
    } else if (!message.contains("method") &&
               (message.contains("result") || message.contains("error"))) {
      log::warn("rpc", "a reply arrived to a request that was never sent");
    } else if (!message.contains("id") && is_call(message)) {
      accept_notification(message);
    } else {
      accept_request(message);
    }
  }

  static bool is_call(const json& message) {
    const auto version = message.find("jsonrpc");
    const auto method = message.find("method");
    return version != message.end() && *version == "2.0" && method != message.end() &&
           method->is_string();
  }

  void accept_notification(json& message) {
    const auto& method = message["method"].get_ref<const std::string&>();
    if (method != "$/cancelRequest") {
      log::debug("rpc", concat("ignored the notification ", method));
      return;
    }
    const auto params = message.find("params");
    if (params != message.end() && params->is_object() && params->contains("id")) {
      cancel((*params)["id"]);
    }
  }

  void accept_request(json& message) {
    const json id = message.value("id", json());
    if (!is_id(id) || !is_call(message)) {
      refuse(is_id(id) ? id : json(), code::invalid_request,
             "A request needs \"jsonrpc\": \"2.0\", a method, and a number or a string as its id.");
      return;
    }
    auto method = message["method"].get<std::string>();
    if (requests_.contains(id)) {
      refuse(id, code::invalid_request,
             concat("The id of this ", method, " belongs to a request that has no reply yet."));
      return;
    }
    const auto handler = handlers_.find(method);
    if (handler == handlers_.end()) {
      refuse(id, code::method_not_found, concat("livyd knows no method ", method, "."));
      return;
    }
    auto params = message.contains("params") ? std::move(message["params"]) : json::object();
    start(id, std::move(method), handler->second, std::move(params));
  }

  void start(const json& id, std::string method, const raw_handler& handler, json params) {
    const auto serial = ++last_serial_;
    reply_once reply(peer_, id, method);
    const auto signal = std::make_shared<asio::cancellation_signal>();
    requests_.emplace(id, request{std::move(method), std::move(reply), serial, signal});
    auto work = perform(shared_from_this(), handler, std::move(params));
    asio::co_spawn(*executor_, std::move(work),
                   asio::bind_cancellation_slot(
                       signal->slot(), [self = shared_from_this(), signal, id, serial](
                                           std::exception_ptr error, json result) {
                         self->finish(id, serial, error, std::move(result));
                       }));
  }

  /// Keeps the handler alive for as long as its coroutine uses its captures.
  static task<json> perform(std::shared_ptr<implementation> owner, const raw_handler& handler,
                            json params) {
    auto result = co_await handler(std::move(params));
    co_return result;
  }

  void finish(const json& id, std::uint64_t serial, const std::exception_ptr& error, json result) {
    const auto entry = requests_.find(id);
    if (entry == requests_.end() || entry->second.serial != serial) return;  // answered at the end
    auto ended = std::move(entry->second);
    requests_.erase(entry);
    if (error) {
      std::move(ended.reply).with(described(ended.method, error));
    } else {
      std::move(ended.reply).with(std::move(result));
    }
    if (requests_.empty()) idle_->notify_all();
  }

  void cancel(const json& id) {
    const auto entry = requests_.find(id);
    if (entry == requests_.end()) return;
    asio::post(*executor_, [signal = entry->second.signal] {
      signal->emit(asio::cancellation_type::terminal);
    });
  }

  void refuse(json id, int error_code, std::string message) {
    log::warn("rpc", message);
    reply_once(peer_, std::move(id), {}).with(refusal(error_code, std::move(message)));
  }

  std::shared_ptr<transport> peer_;  // shared with the replies that are owed
  std::map<std::string, raw_handler, std::less<>> handlers_;
  std::map<json, request> requests_;
  std::function<void()> leaving_;
  std::uint64_t last_serial_ = 0;
  std::optional<asio::any_io_executor> executor_;
  std::unique_ptr<notification> idle_;
};

server::server(std::unique_ptr<transport> peer)
    : implementation_(std::make_shared<implementation>(std::move(peer))) {}

server::~server() {
  implementation_->abandon();
}

task<void> server::serve(duration drain) {
  return implementation_->serve(drain);
}

void server::on_end(std::function<void()> leaving) {
  implementation_->on_end(std::move(leaving));
}

std::size_t server::in_flight() const {
  return implementation_->in_flight();
}

void server::on_request(std::string method, raw_handler handler) {
  implementation_->on_request(std::move(method), std::move(handler));
}

task<void> server::notify_raw(std::string method, json params) {
  return implementation_->notify(std::move(method), std::move(params));
}

}  // namespace livyd::rpc
