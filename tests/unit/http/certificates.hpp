// Certificates made while a test runs: an authority and servers that it vouches for.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>

namespace livyd::test {

struct certificate_wishes {
  std::string common_name = "server";
  std::string hosts{};  ///< as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1"
  bool authority = false;
  long begins_in = -3600;  ///< seconds from now
  long ends_in = 3600;
};

class certificate {
 public:
  /// Signed by `issuer`, or by itself.
  explicit certificate(const certificate_wishes& wishes, const certificate* issuer = nullptr);
  std::string pem() const;
  std::string key_pem() const;
  std::string encrypted_key_pem(const std::string& passphrase) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> x509_;
};

std::string key_as_pem(EVP_PKEY* key);

/// A folder that goes with the test.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its name.
  std::string file(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

}  // namespace livyd::test
