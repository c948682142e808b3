#include "http/auth/negotiate.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/failure.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "http/auth/refusal.hpp"

namespace livyd::http {
namespace {

constexpr int unauthorized = 401;
constexpr int forbidden = 403;
constexpr int server_error = 500;
constexpr std::string_view scheme = "Negotiate ";

/// A route is left alone for so long after its server refused a token: polling must not hammer it.
constexpr auto pause_after_refusal = 5s;
/// So many fresh cookies in a row have to be refused before a route's cookies count for nothing. A
/// single one may be the server's restart.
constexpr int most_misses = 3;
/// Of requests whose answers are outstanding; an answer that never came leaves its handshake.
constexpr std::size_t most_handshakes = 64;

/// How long a request waits for the cookie of another one that negotiates.
constexpr auto patience_with_others = 5s;

/// Somebody negotiates; whoever wants to do the same waits for the end of it.
struct negotiation {
  explicit negotiation(const asio::any_io_executor& executor)
      : over(std::make_shared<notification>(executor)) {}
  negotiation(const negotiation&) = delete;
  negotiation& operator=(const negotiation&) = delete;
  ~negotiation() { over->notify_all(); }
  std::shared_ptr<notification> over;  // shared with those who wait: they outlive us
};

/// What has been learnt of one route.
struct route_memory {
  enum class cookies {
    unknown,  ///< nothing was negotiated here yet
    hopeful,  ///< a token was taken; whether the cookie that came with it is, will be seen
    proved,   ///< a request passed with nothing else
    useless,
  };
  cookies worth = cookies::unknown;
  int misses = 0;
  std::string refused_cookie;  ///< not to be sent alone again
  std::optional<failure> refusal;
  clock::time_point refused_at;
  std::weak_ptr<negotiation> under_way;

  /// From the next negotiation. None came with the last one where `hopeful` has none.
  bool expects_a_cookie() const {
    return worth == cookies::unknown || worth == cookies::proved ||
           (worth == cookies::hopeful && !refused_cookie.empty());
  }

  bool trusts(std::string_view cookie) const {
    return !cookie.empty() && cookie != refused_cookie &&
           (worth == cookies::hopeful || worth == cookies::proved);
  }
};

/// The server's token in a WWW-Authenticate field; "" when there is none.
std::string server_token(const response& answer) {
  for (const auto field : answer.headers.all("WWW-Authenticate")) {
    if (field.size() > scheme.size() && equal_ignoring_case(field.substr(0, scheme.size()), scheme))
      return std::string(trimmed(field.substr(scheme.size())));
  }
  return {};
}

std::string_view client_token(const request& sent) {
  const auto field = sent.headers.get("Authorization");
  return field.starts_with(scheme) ? field.substr(scheme.size()) : std::string_view();
}

class negotiate final : public authentication {
 public:
  negotiate(std::shared_ptr<kerberos> tickets, mutual_authentication mutual, bool allow_insecure,
            std::shared_ptr<const clock> time)
      : tickets_(std::move(tickets)),
        mutual_(mutual),
        allow_insecure_(allow_insecure),
        time_(std::move(time)) {}

  /// Of many requests at once one negotiates, the others take its cookie. Where that never comes
  /// each negotiates for itself.
  task<turn> wait_for_turn(const request& outgoing) override {
    turn out;
    auto& route = memory_of(outgoing);
    const bool alone = outgoing.always_prove || outgoing.source || !route.expects_a_cookie();
    if (alone || route.trusts(outgoing.headers.get("Cookie"))) co_return out;
    if (auto over = end_of(route)) {
      out.waited = true;
      co_await ended(std::move(over));
      co_return out;
    }
    auto executor = co_await asio::this_coro::executor;
    const auto own = std::make_shared<negotiation>(executor);
    route.under_way = own;
    out.held = own;
    co_return out;
  }

  task<void> prepare(request& outgoing) override {
    require_privacy(outgoing.target, "The Kerberos token", allow_insecure_);
    const auto& route = memory_of(outgoing);
    const bool trusted = route.trusts(outgoing.headers.get("Cookie"));
    if (trusted && !outgoing.always_prove) co_return;
    if (route.refusal && time_->now() < route.refused_at + pause_after_refusal) {
      throw failure(*route.refusal);
    }
    std::unique_ptr<security_context> begun;
    try {
      begun = co_await tickets_->begin(outgoing.target.host);
    } catch (const failure& reason) {
      // A cookie outlives its ticket (C13): an upload may go on the strength of it.
      if (!trusted || reason.kind() == failure_kind::cancelled) throw;
      log::debug("http", concat("no Kerberos token, a cookie has to do: ", reason.message()));
      co_return;
    }
    outgoing.headers.set("Authorization", concat(scheme, begun->token()));
    if (mutual_ != mutual_authentication::off) remember(std::move(begun));
  }

  task<verdict> judge(const request& sent, const response& answer) override {
    const auto token = client_token(sent);
    if (token.empty()) co_return judge_cookie(sent, answer);
    auto handshake = taken(token);
    if (answer.status == unauthorized ||
        (answer.status == forbidden && is_about_the_token(answer))) {
      refuse(sent,
             failure(failure_kind::unauthorized,
                     sentence_about_refusal(sent, answer, tickets_->service_for(sent.target.host),
                                            time_->wall_milliseconds() / 1000),
                     concat(answer.status, " ", reason_of(answer))));
    }
    auto proof = prove(std::move(handshake), sent, answer);
    co_await std::move(proof);
    auto& route = memory_of(sent);
    route.refusal.reset();
    if (route.worth == route_memory::cookies::unknown) {
      route.worth = route_memory::cookies::hopeful;
    }
    co_return verdict::final;
  }

 private:
  route_memory& memory_of(const request& asked) {
    return routes_[concat(asked.target.origin(), "\n", asked.route)];
  }

  /// Null when nobody negotiates. Only that, since who waits must not keep it from ending.
  static std::shared_ptr<notification> end_of(const route_memory& route) {
    const auto other = route.under_way.lock();
    return other ? other->over : nullptr;
  }

  static task<void> ended(std::shared_ptr<notification> over) {
    try {
      co_await with_deadline(over->wait(), patience_with_others, {});
    } catch (const failure& reason) {
      if (reason.kind() != failure_kind::timeout) throw;
    }
  }

  verdict judge_cookie(const request& sent, const response& answer) {
    using cookies = route_memory::cookies;
    auto& route = memory_of(sent);
    const auto cookie = sent.headers.get("Cookie");
    if (answer.status != unauthorized) {
      if (answer.status >= server_error || cookie.empty()) return verdict::final;
      route.worth = cookies::proved;
      route.misses = 0;
      return verdict::final;
    }
    // Somebody else was told before us; there may be a new cookie by now, which must stay.
    if (cookie == route.refused_cookie) return verdict::again;
    route.refused_cookie = cookie;
    if (route.worth == cookies::hopeful) ++route.misses;
    route.worth = route.misses >= most_misses ? cookies::useless : cookies::hopeful;
    return verdict::again_without_cookies;
  }

  /// Throws unless the server has proved itself as far as the profile wants it.
  task<void> prove(std::unique_ptr<security_context> handshake, const request& sent,
                   const response& answer) {
    if (!handshake) co_return;
    auto token = server_token(answer);
    if (token.empty() && mutual_ == mutual_authentication::optional) co_return;
    std::optional<failure> doubt;
    if (token.empty()) {
      doubt.emplace(failure_kind::unauthorized,
                    concat(sent.target.host_and_port(),
                           " did not prove who it is, which the profile wants (\"mutual\": "
                           "\"required\"). Ask its administrator, or set \"mutual\" to "
                           "\"optional\"."));
    } else {
      try {
        co_await handshake->finish(std::move(token));
      } catch (const failure& reason) {
        if (reason.kind() != failure_kind::unauthorized) throw;
        doubt.emplace(reason);
      }
    }
    // What came with that answer is nobody's word: the next request proves itself anew.
    if (doubt) {
      memory_of(sent).worth = route_memory::cookies::unknown;
      refuse(sent, std::move(*doubt));
    }
  }

  [[noreturn]] void refuse(const request& sent, failure reason) {
    auto& route = memory_of(sent);
    route.refusal = reason;
    route.refused_at = time_->now();
    throw reason;
  }

  void remember(std::unique_ptr<security_context> begun) {
    handshakes_.push_back(std::move(begun));
    if (handshakes_.size() > most_handshakes) handshakes_.pop_front();
  }

  /// The handshake that a token began; none when mutual authentication is off.
  std::unique_ptr<security_context> taken(std::string_view token) {
    for (auto at = handshakes_.begin(); at != handshakes_.end(); ++at) {
      if ((*at)->token() != token) continue;
      auto found = std::move(*at);
      handshakes_.erase(at);
      return found;
    }
    return nullptr;
  }

  std::shared_ptr<kerberos> tickets_;  // shared with the doctor, the proxy and the ticket's watcher
  mutual_authentication mutual_;
  bool allow_insecure_;
  std::shared_ptr<const clock> time_;  // shared with tests
  std::map<std::string, route_memory> routes_;
  std::deque<std::unique_ptr<security_context>> handshakes_;
};

}  // namespace

std::unique_ptr<authentication> negotiate_authentication(std::shared_ptr<kerberos> tickets,
                                                         mutual_authentication mutual,
                                                         bool allow_insecure,
                                                         std::shared_ptr<const clock> time) {
  return std::make_unique<negotiate>(std::move(tickets), mutual, allow_insecure, std::move(time));
}

}  // namespace livyd::http
