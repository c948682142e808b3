#include "cli/environment_secrets.hpp"

#include <array>
#include <cstdlib>
#include <cstring>

namespace livyd {
namespace {

using protocol::SecretKind;

constexpr std::array<SecretKind, 4> kinds{SecretKind::password, SecretKind::token,
                                          SecretKind::key_passphrase, SecretKind::proxy_password};

std::map<SecretKind, std::string>& taken() {
  static std::map<SecretKind, std::string> all;
  return all;
}

}  // namespace

std::string_view variable_of(SecretKind what) {
  switch (what) {
    case SecretKind::password:
      return "LIVYD_PASSWORD";
    case SecretKind::token:
      return "LIVYD_TOKEN";
    case SecretKind::key_passphrase:
      return "LIVYD_KEY_PASSPHRASE";
    case SecretKind::proxy_password:
      return "LIVYD_PROXY_PASSWORD";
  }
  return {};
}

void take_environment_secrets() {
  for (const auto what : kinds) {
    const std::string name(variable_of(what));
    char* value = std::getenv(name.c_str());
    if (value == nullptr) continue;
    if (*value != '\0') taken()[what] = value;
    // unsetenv only forgets where it stands; the kernel shows the memory itself.
    volatile char* at = value;
    for (auto left = std::strlen(value); left > 0; --left) *at++ = '\0';
    ::unsetenv(name.c_str());
  }
}

const std::map<SecretKind, std::string>& environment_secrets() {
  return taken();
}

}  // namespace livyd
