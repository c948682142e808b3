#include "http/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace livyd::test {
namespace {

void require(bool worked, const char* what) {
  if (!worked) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

template <class Write>
std::string as_pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  require(write(out.get()) == 1, "write PEM");
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(length)};
}

void add_extension(X509* to, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr, "make an extension");
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

certificate::certificate(const certificate_wishes& wishes, const certificate* issuer)
    : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), x509_(X509_new(), &X509_free) {
  require(key_ && x509_, "make a key");
  static long serial = 1;
  X509_set_version(x509_.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509_.get()), wishes.begins_in);
  X509_gmtime_adj(X509_getm_notAfter(x509_.get()), wishes.ends_in);
  X509_set_pubkey(x509_.get(), key_.get());
  auto* name = X509_get_subject_name(x509_.get());
  const auto* text = reinterpret_cast<const unsigned char*>(wishes.common_name.c_str());
  X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text, -1, -1, 0);
  const auto& signer = issuer != nullptr ? *issuer : *this;
  X509_set_issuer_name(x509_.get(), X509_get_subject_name(signer.x509_.get()));
  if (wishes.authority) {
    add_extension(x509_.get(), signer.x509_.get(), NID_basic_constraints, "critical,CA:TRUE");
  }
  if (!wishes.hosts.empty()) {
    add_extension(x509_.get(), signer.x509_.get(), NID_subject_alt_name, wishes.hosts);
  }
  require(X509_sign(x509_.get(), signer.key_.get(), EVP_sha256()) > 0, "sign");
}

std::string certificate::pem() const {
  return as_pem([&](BIO* out) { return PEM_write_bio_X509(out, x509_.get()); });
}

std::string certificate::key_pem() const {
  return key_as_pem(key_.get());
}

std::string key_as_pem(EVP_PKEY* key) {
  return as_pem([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string certificate::encrypted_key_pem(const std::string& passphrase) const {
  return as_pem([&](BIO* out) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(passphrase.data());
    return PEM_write_bio_PrivateKey(out, key_.get(), EVP_aes_256_cbc(), bytes,
                                    static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
}

scratch_folder::scratch_folder() {
  auto name = (std::filesystem::temp_directory_path() / "livyd-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::file(const std::string& name, const std::string& content) const {
  const auto path = path_ / name;
  std::ofstream(path, std::ios::binary) << content;
  return path.string();
}

}  // namespace livyd::test
