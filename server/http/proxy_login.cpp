#include "http/proxy_login.hpp"

#include <algorithm>
#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "http/auth/simple.hpp"

namespace livyd::http {
namespace {

constexpr int proxy_authentication_required = 407;

std::string name_of(const proxy& by) {
  return concat("The proxy ", by.address.host_and_port());
}

std::string account(const proxy& at) {
  return concat(at.user, "@", at.address.host_and_port());
}

/// What Basic sent: the part behind "user:".
std::string password_in(const std::string& sent, const std::string& user) {
  constexpr std::string_view scheme = "Basic ";
  return base64_decoded(std::string_view(sent).substr(scheme.size())).substr(user.size() + 1);
}

/// What to write into the profile for one of the mechanisms.
std::string what_to_set(const std::vector<std::string>& offered) {
  const bool basic = is_among(offered, "Basic");
  const bool negotiate = is_among(offered, "Negotiate");
  if (!basic && !negotiate && !offered.empty()) {
    return "livyd proves itself to proxies with Basic or Negotiate (Kerberos) only. Ask who runs "
           "the proxy for one of them.";
  }
  std::string kinds;
  if (basic || !negotiate) kinds = "{\"type\": \"basic\", \"user\": \"…\"}";
  if (negotiate) kinds += concat(kinds.empty() ? "" : " or ", "{\"type\": \"kerberos\"}");
  return concat("Set \"proxy\" in the profile: its address as \"url\", and \"auth\": ", kinds, ".");
}

[[noreturn]] void refuse(std::string sentence) {
  throw failure(failure_kind::unauthorized, std::move(sentence));
}

}  // namespace

proxy_login::proxy_login(const proxy_settings& settings)
    : password_(settings.password), tickets_(settings.tickets) {}

task<std::string> proxy_login::prove(proxy to) {
  if (tickets_) {
    const auto context = co_await tickets_->begin(to.address.host);
    co_return concat("Negotiate ", context->token());
  }
  if (to.user.empty()) co_return std::string();
  if (to.password.empty() && password_) {
    co_return concat("Basic ", base64_encoded(concat(to.user, ":", password_->value())));
  }
  if (refused_.contains(account(to))) {
    refuse(concat(name_of(to), " refused the user ", to.user, " with the password of ", to.source,
                  ". Correct the variable and restart livyd, or set \"proxy\" in the profile."));
  }
  co_return concat("Basic ", base64_encoded(concat(to.user, ":", to.password)));
}

void proxy_login::judge(const proxy& by, const std::string& sent, const response& answer) {
  if (answer.status != proxy_authentication_required) return;
  constexpr std::string_view field = "Proxy-Authenticate";
  const auto offered = offered_mechanisms(answer, field);
  const auto takes = what_is_offered(answer, field);
  if (sent.empty()) {
    refuse(concat(name_of(by), " wants to know who asks. ", takes, " ", what_to_set(offered)));
  }
  if (sent.starts_with("Negotiate ")) {
    refuse(concat(name_of(by), " refused the Kerberos ticket for ",
                  tickets_->service_for(by.address.host), ". ", takes,
                  " Check that the proxy is named as in its Kerberos service, or set another "
                  "\"auth\" in the profile's \"proxy\"."));
  }
  if (!offered.empty() && !is_among(offered, "Basic")) {
    refuse(concat(name_of(by), " does not take Basic. ", takes, " ", what_to_set(offered)));
  }
  refuse_basic(by, sent, takes);
}

void proxy_login::refuse_basic(const proxy& by, const std::string& sent, const std::string& takes) {
  const auto who = concat(name_of(by), " refused the user ", by.user);
  if (by.password.empty() && password_) {
    password_->refused(password_in(sent, by.user));
    refuse(concat(who, " with this password. ", takes,
                  " Set another password, or another \"user\" in the profile's \"proxy\", and try "
                  "again."));
  }
  refused_.insert(account(by));
  if (by.source.empty()) {
    refuse(concat(who, " without a password. ", takes, " Set one and try again."));
  }
  refuse(concat(who, " with the password of ", by.source, ". ", takes,
                " Correct the variable and restart livyd, or set \"proxy\" in the profile."));
}

failure refusal_of(const proxy& by, const url& target, const response& answer) {
  constexpr std::size_t longest_reason = 80;
  constexpr int server_errors = 500;
  const auto reason = valid_utf8(utf8_prefix(valid_utf8(answer.reason), longest_reason));
  const auto remedy =
      answer.status >= server_errors
          ? "Check the host and the port in the URL, or name the host in \"bypass\" of the "
            "profile's \"proxy\" if it is reached directly."
          : "Ask who runs the proxy to allow this host and port, or name the host in \"bypass\" of "
            "the profile's \"proxy\" if it is reached directly.";
  return failure(failure_kind::connection_refused,
                 concat(name_of(by), " refused to connect to ", target.host_and_port(), " (",
                        answer.status, reason.empty() ? "" : " ", reason, "). ", remedy));
}

}  // namespace livyd::http
