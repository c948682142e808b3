// Kerberos for the loop: the library's calls on threads of their own, within a deadline.
#include "http/auth/gssapi.hpp"

#include <unistd.h>
#include <cerrno>

#include <mutex>
#include <system_error>
#include <utility>

#include "base/own_threads.hpp"
#include "base/text.hpp"
#include "http/auth/gssapi_library.hpp"

namespace livyd::http {
namespace {

constexpr auto patience = 20s;
constexpr std::size_t most_threads = 8;

own_threads& kerberos_threads() {
  // Never destroyed: a silent KDC must not keep the program from ending.
  static auto* const threads = new own_threads(most_threads);
  return *threads;
}

/// What the object and its calls, which may outlive it, know together.
class state {
 public:
  state(std::string library, kerberos_settings settings)
      : settings(std::move(settings)),
        memory_cache(concat("MEMORY:livyd-", random_hex(16))),
        name_(std::move(library)) {}

  /// Loads it at the first call; after a failure anew, since it may be installed meanwhile.
  std::shared_ptr<const gssapi_library> library() {
    const std::lock_guard lock(mutex_);
    if (!library_) library_ = std::make_shared<const gssapi_library>(name_);
    return library_;
  }

  /// A keytab's own cache is emptied and filled again by the library in two steps: whoever may fill
  /// it is alone. A user's cache is a file, which the library locks itself.
  std::unique_lock<std::mutex> alone_in_cache() {
    return settings.keytab.empty() ? std::unique_lock<std::mutex>()
                                   : std::unique_lock(cache_mutex_);
  }

  const kerberos_settings settings;
  const std::string memory_cache;

 private:
  const std::string name_;
  std::mutex mutex_;
  std::mutex cache_mutex_;
  std::shared_ptr<const gssapi_library> library_;  // shared with the handshakes
};

std::optional<ticket> ticket_of(state& shared) {
  const auto& settings = shared.settings;
  const auto library = shared.library();
  return read_ticket(*library, settings.keytab.empty() ? settings.cache : shared.memory_cache,
                     settings.principal);
}

/// The library passes over a keytab of which it can make nothing and speaks of caches instead.
std::string trouble_with_keytab(const kerberos_settings& settings) {
  const auto path = settings.keytab.substr(settings.keytab.starts_with("FILE:") ? 5 : 0);
  if (::access(path.c_str(), R_OK) != 0) {
    return concat("the keytab ", path, " cannot be read: ", std::generic_category().message(errno));
  }
  return concat("the keytab ", path, " has no key",
                settings.principal.empty() ? "" : concat(" of ", settings.principal));
}

[[noreturn]] void fail(state& shared, const std::string& service, std::string words) {
  auto problem = problem_of(words);
  if (problem == kerberos_problem::no_ticket && !shared.settings.keytab.empty()) {
    problem = kerberos_problem::keytab;
    words = trouble_with_keytab(shared.settings);
  }
  std::optional<std::chrono::system_clock::time_point> expired;
  if (problem == kerberos_problem::expired) {
    const auto found = ticket_of(shared);
    if (found && found->expires <= std::chrono::system_clock::now()) expired = found->expires;
  }
  throw failure(failure_kind::unauthorized, sentence_for(problem, service, words, expired), words);
}

struct first_step {
  std::shared_ptr<gssapi_handshake> handshake;  // shared with a call that outlives its caller
  std::string token;
};

first_step begin_now(state& shared, const std::string& service) {
  try {
    const auto library = shared.library();
    const auto alone = shared.alone_in_cache();
    auto handshake =
        std::make_shared<gssapi_handshake>(library, shared.settings, shared.memory_cache, service);
    auto token = handshake->step("");
    return {.handshake = std::move(handshake), .token = base64_encoded(token)};
  } catch (const gssapi_error& error) {
    fail(shared, service, error.what());
  }
}

/// Why the server's token proves nothing; "" when it does.
std::string doubt_about(gssapi_handshake& handshake, const std::string& answer) {
  try {
    handshake.step(base64_decoded(answer));
    return handshake.mutual() ? "" : "it does not end the handshake";
  } catch (const std::exception& error) {
    return error.what();
  }
}

class handshake_of_library final : public security_context {
 public:
  handshake_of_library(first_step begun, std::string service)
      : handshake_(std::move(begun.handshake)),
        token_(std::move(begun.token)),
        service_(std::move(service)) {}

  const std::string& token() const override { return token_; }

  task<void> finish(std::string answer) override {
    auto work = [handshake = handshake_, answer = std::move(answer)] {
      return doubt_about(*handshake, answer);
    };
    const auto doubt = co_await kerberos_threads().run(std::move(work));
    if (doubt.empty()) co_return;
    throw failure(failure_kind::unauthorized,
                  concat("The server did not prove that it is ", service_,
                         ". Somebody may stand in its place: ask its administrator, or set "
                         "\"mutual\" to \"off\" in the profile."),
                  doubt);
  }

 private:
  std::shared_ptr<gssapi_handshake> handshake_;
  std::string token_;
  std::string service_;
};

class kerberos_of_library final : public kerberos {
 public:
  explicit kerberos_of_library(std::shared_ptr<state> shared) : state_(std::move(shared)) {}

  task<std::unique_ptr<security_context>> begin(std::string host) override {
    auto service = service_for(host);
    auto work = [shared = state_, service] { return begin_now(*shared, service); };
    auto call = kerberos_threads().run(std::move(work));
    auto begun =
        co_await with_deadline(std::move(call), patience,
                               concat("The KDC did not answer within 20 s when it was asked for ",
                                      service, ". Are you on the VPN?"));
    co_return std::make_unique<handshake_of_library>(std::move(begun), std::move(service));
  }

  task<std::optional<ticket>> find_ticket() override {
    auto work = [shared = state_] { return ticket_of(*shared); };
    auto call = kerberos_threads().run(std::move(work));
    co_return co_await with_deadline(
        std::move(call), patience,
        "The Kerberos ticket cache could not be read within 20 s. Run klist.");
  }

  std::string service_for(const std::string& host) const override {
    return state_->settings.service.empty() ? concat("HTTP@", host) : state_->settings.service;
  }

 private:
  std::shared_ptr<state> state_;  // shared with calls under way
};

}  // namespace

std::shared_ptr<kerberos> make_kerberos_from(std::string library, kerberos_settings settings) {
  return std::make_shared<kerberos_of_library>(
      std::make_shared<state>(std::move(library), std::move(settings)));
}

std::shared_ptr<kerberos> make_kerberos(kerberos_settings settings) {
  return make_kerberos_from(gssapi_name, std::move(settings));
}

}  // namespace livyd::http
