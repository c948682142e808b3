#include "base/digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/failure.hpp"

namespace livyd {
namespace {

struct freed {
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

void check(int result) {
  if (result != 1) throw failure(failure_kind::internal, "SHA-256 is not to be had from OpenSSL.");
}

}  // namespace

struct sha256::state {
  std::unique_ptr<EVP_MD_CTX, freed> context;
};

sha256::sha256() : state_(std::make_unique<state>()) {
  state_->context.reset(::EVP_MD_CTX_new());
  check(state_->context ? 1 : 0);
  check(::EVP_DigestInit_ex(state_->context.get(), ::EVP_sha256(), nullptr));
}

sha256::~sha256() = default;

void sha256::add(std::string_view bytes) {
  check(::EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string sha256::digits() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned length = 0;
  check(::EVP_DigestFinal_ex(state_->context.get(), value.data(), &length));
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  std::string out;
  for (std::size_t at = 0; at < length; ++at) {
    out += hexadecimal[value[at] >> 4U];
    out += hexadecimal[value[at] & 0xFU];
  }
  return out;
}

std::string sha256_of(std::string_view bytes) {
  sha256 digest;
  digest.add(bytes);
  return digest.digits();
}

}  // namespace livyd
