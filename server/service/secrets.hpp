// Passwords, tokens and passphrases of all profiles: in memory only, asked for when one is missing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/async.hpp"
#include "http/auth/secret.hpp"
#include "protocol/protocol.hpp"

namespace livyd {

/// One for all profiles. Values never leave it but through http::secret; they are overwritten when
/// they are forgotten.
class secrets {
 public:
  using key = std::pair<std::string, protocol::SecretKind>;  ///< profile, what
  struct entry;
  using held = std::shared_ptr<entry>;

  /// `needed` tells the client that somebody waits, or that a value was refused.
  explicit secrets(std::function<void(protocol::SecretNeeded)> needed);
  ~secrets();

  /// Shared by all who hold the same one, until let_go(). `prompt` is what a person is asked
  /// ("Password of alice at gw.example.com").
  held hold(const key& which, const std::string& prompt);
  /// For the layers below: reads what is here now, never waits.
  static std::shared_ptr<http::secret> use(held one);
  /// Returns when there is a value that was not refused; tells `needed` when there is none. Throws
  /// failure{unauthorized} when the user does not want to give one. Cancellable.
  static task<void> wait_for(held one);
  /// What is given now reaches it.
  static bool is_current(const held& one);

  /// From the client; no value: the user does not want to, whoever waits fails, and so does whoever
  /// waits later, until may_ask: a poll must not ask every other second.
  void give(const key& which, std::optional<std::string> value);
  void forget(const std::string& profile);
  /// The profile asks for others from now on. Whoever holds one keeps its value, gets no later one,
  /// and fails when it waits.
  void let_go(const std::string& profile);
  /// The user wants something of this profile: what was not given before may be asked for again.
  void may_ask(const std::string& profile);
  /// Tells `needed` once more for everything that somebody waits for: a window came back.
  void ask_again();

 private:
  std::function<void(protocol::SecretNeeded)> needed_;
  // Shared with the connections and HTTP clients that use them.
  std::map<key, held> entries_;
  std::vector<std::weak_ptr<entry>> let_go_;
};

}  // namespace livyd
