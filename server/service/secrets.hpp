// Passwords, tokens and passphrases of all profiles: in memory only, asked for when one is missing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/async.hpp"
#include "http/auth/secret.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

/// One for all profiles. Values never leave it but through http::secret; they are overwritten when
/// they are forgotten.
class secrets {
 public:
  using key = std::pair<std::string, protocol::SecretKind>;  ///< profile, what

  /// `needed` tells the client that somebody waits, or that a value was refused.
  explicit secrets(std::function<void(protocol::SecretNeeded)> needed);
  ~secrets();

  /// For the layers below: reads what is here now, never waits. `prompt` is what a person is asked
  /// ("Password of alice at gw.example.com").
  std::shared_ptr<http::secret> use(const key& which, const std::string& prompt);

  /// Returns when there is a value that was not refused; tells `needed` when there is none. Throws
  /// failure{unauthorized} when the user does not want to give one. Cancellable.
  task<void> wait_for(key which, std::string prompt);

  /// From the client; no value: the user does not want to, whoever waits fails, and so does whoever
  /// waits later, until may_ask: a poll must not ask every other second.
  void give(const key& which, std::optional<std::string> value);
  void forget(const std::string& profile);
  /// The user wants something of this profile: what was not given before may be asked for again.
  void may_ask(const std::string& profile);
  /// Tells `needed` once more for everything that somebody waits for: a window came back.
  void ask_again();

 private:
  struct entry;
  std::shared_ptr<entry> at(const key& which, const std::string& prompt);

  std::function<void(protocol::SecretNeeded)> needed_;
  // Shared with the HTTP clients that use them.
  std::map<key, std::shared_ptr<entry>> entries_;
};

}  // namespace livyd
