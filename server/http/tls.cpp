#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace livyd::http {
namespace {

namespace ssl = asio::ssl;
using boost::system::error_code;
using tcp = asio::ip::tcp;

/// What the check of the chain found wrong, written down while the certificate is at hand.
struct verdict {
  int error = X509_V_OK;
  int depth = 0;
  std::string subject;
  std::string issuer;
  std::string names;  ///< the hosts it was made for
  std::string begins;
  std::string ends;
};

std::string text_of(const ASN1_STRING* value) {
  unsigned char* bytes = nullptr;
  const int length = ASN1_STRING_to_UTF8(&bytes, value);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return valid_utf8(text);
}

/// The common name, or the organisation, as people call the owner.
std::string name_in(const X509_NAME* name) {
  for (const int kind : {NID_commonName, NID_organizationName}) {
    const int at = X509_NAME_get_index_by_NID(name, kind, -1);
    if (at >= 0) return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  }
  return "a nameless authority";
}

std::string address_text(const ASN1_OCTET_STRING& bytes) {
  const auto* data = ASN1_STRING_get0_data(&bytes);
  if (ASN1_STRING_length(&bytes) == 4) {
    asio::ip::address_v4::bytes_type raw{data[0], data[1], data[2], data[3]};
    return asio::ip::address_v4(raw).to_string();
  }
  asio::ip::address_v6::bytes_type raw{};
  if (ASN1_STRING_length(&bytes) != static_cast<int>(raw.size())) return {};
  std::copy_n(data, raw.size(), raw.begin());
  return asio::ip::address_v6(raw).to_string();
}

/// The hosts a certificate is for.
std::vector<std::string> hosts_in(const X509* certificate) {
  auto* list = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::vector<std::string> hosts;
  for (int at = 0; at < sk_GENERAL_NAME_num(list); ++at) {
    const auto* name = sk_GENERAL_NAME_value(list, at);
    if (name->type == GEN_DNS) hosts.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) hosts.push_back(address_text(*name->d.iPAddress));
  }
  GENERAL_NAMES_free(list);
  if (hosts.empty()) hosts.push_back(name_in(X509_get_subject_name(certificate)));
  return hosts;
}

/// At most three of them.
std::string in_a_sentence(const std::vector<std::string>& hosts) {
  std::string joined_hosts = hosts.front();
  for (std::size_t at = 1; at < hosts.size() && at < 3; ++at) joined_hosts += ", " + hosts[at];
  return hosts.size() > 3 ? joined_hosts + ", …" : joined_hosts;
}

std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return {text.data(), length};
}

verdict verdict_on(X509_STORE_CTX* check) {
  verdict found;
  found.error = X509_STORE_CTX_get_error(check);
  found.depth = X509_STORE_CTX_get_error_depth(check);
  const X509* certificate = X509_STORE_CTX_get_current_cert(check);
  if (certificate == nullptr) return found;
  found.subject = name_in(X509_get_subject_name(certificate));
  found.issuer = name_in(X509_get_issuer_name(certificate));
  found.names = in_a_sentence(hosts_in(certificate));
  found.begins = day_of(X509_get0_notBefore(certificate));
  found.ends = day_of(X509_get0_notAfter(certificate));
  return found;
}

std::string sentence_for(const verdict& found, const std::string& host) {
  const auto whose = found.depth == 0 ? concat("The certificate of ", host)
                                      : concat("The certificate \"", found.subject,
                                               "\", which vouches for ", host, ",");
  switch (found.error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return concat(
          "The certificate of ", host, " was issued by \"", found.issuer,
          "\", which this machine does not trust. Get the certificate of that authority as a "
          "PEM file and set \"caFile\" in the profile's \"tls\".");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return concat("The certificate of ", host,
                    " was issued by the server itself, which this machine does not trust. If it is "
                    "the right one, save it as a PEM file and set \"caFile\" in the profile's "
                    "\"tls\".");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return concat("The certificate of ", host, " is for ", found.names,
                    ". Check the host name in the URL.");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return concat(whose, " expired on ", found.ends, ".");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return concat(whose, " is not valid before ", found.begins,
                    ". Check the clock of this machine.");
    default:
      return concat(whose, " is not accepted: ", X509_verify_cert_error_string(found.error), ".");
  }
}

/// The peer answered the hello with something that is not TLS.
bool is_no_tls(const error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return false;
  const auto reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNKNOWN_PROTOCOL ||
         reason == SSL_R_BAD_RECORD_TYPE;
}

int reason_of(const error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return 0;
  return ERR_GET_REASON(static_cast<unsigned long>(error.value()));
}

/// The peer said in an alert why it goes. OpenSSL counts alerts from this number.
bool is_alert(const error_code& error) {
  constexpr int last_alert = 255;
  const auto reason = reason_of(error);
  return reason >= SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + last_alert;
}

bool is_too_old(const error_code& error) {
  const auto reason = reason_of(error);
  return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION;
}

/// What became of the server's wish to see a certificate of ours.
struct own_certificate {
  bool wanted = false;
  bool shown = false;
};

/// An alert that says nothing of certificates, such as the server's own trouble.
bool is_about_something_else(const error_code& error) {
  const auto reason = reason_of(error);
  return reason == SSL_R_TLSV1_ALERT_INTERNAL_ERROR || reason == SSL_R_TLSV1_ALERT_DECODE_ERROR ||
         reason == SSL_R_SSLV3_ALERT_UNEXPECTED_MESSAGE ||
         reason == SSL_R_SSLV3_ALERT_BAD_RECORD_MAC ||
         reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || reason == SSL_R_TLSV1_UNRECOGNIZED_NAME;
}

/// Throws when the peer left because of our certificate, or because there is none.
void explain_own_certificate(const error_code& error, own_certificate own,
                             const std::string& peer) {
  if (!own.wanted || is_about_something_else(error)) return;
  if (!own.shown) {
    throw failure(failure_kind::tls,
                  concat(peer,
                         " wants a client certificate. Set \"certificate\" and \"key\" in the "
                         "profile's \"tls\"."),
                  error.message());
  }
  if (!is_alert(error)) return;
  throw failure(
      failure_kind::tls,
      concat(peer, " refused the client certificate (", error.message(),
             "). Check \"certificate\" in the profile's \"tls\": that it is still valid and "
             "issued by an authority which that server accepts."));
}

[[noreturn]] void throw_handshake_failure(const error_code& error, const verdict& found,
                                          own_certificate own, const url& peer) {
  const auto name = peer.host_and_port();
  if (found.error != X509_V_OK) {
    throw failure(failure_kind::tls, sentence_for(found, peer.host),
                  concat(X509_verify_cert_error_string(found.error), " at depth ", found.depth));
  }
  if (is_too_old(error)) {
    throw failure(failure_kind::tls,
                  concat(name, " offers only TLS older than 1.2, which livyd does not use."),
                  error.message());
  }
  explain_own_certificate(error, own, name);
  if (is_no_tls(error)) {
    throw failure(failure_kind::tls,
                  concat(name, " does not answer in TLS; it may expect http://."), error.message());
  }
  if (error.category() == asio::error::get_ssl_category()) {
    throw failure(failure_kind::tls,
                  concat(name, " and livyd found no common TLS (", error.message(), ")."));
  }
  throw failure(
      failure_kind::connection_lost,
      concat(name, " closed the connection during the TLS handshake; it may expect http://."),
      error.message());
}

class tls_stream final : public stream {
 public:
  tls_stream(tcp::socket socket, std::shared_ptr<ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  void expect(const std::string& host) {
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    auto* native = stream_.native_handle();
    auto* expected = SSL_get0_param(native);
    if (!not_an_address) {
      X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str());
      return;
    }
    SSL_set_tlsext_host_name(native, host.c_str());
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size());
  }

  task<void> shake_hands(url peer, bool verify) {
    peer_ = peer.host_and_port();
    SSL_set_cert_cb(stream_.native_handle(), &tls_stream::on_certificate_wanted, &own_);
    stream_.set_verify_mode(verify ? ssl::verify_peer : ssl::verify_none);
    // Shared: OpenSSL keeps the callback for as long as the stream lives.
    auto found = std::make_shared<verdict>();
    stream_.set_verify_callback([found](bool accepted, ssl::verify_context& check) {
      if (!accepted && found->error == X509_V_OK) *found = verdict_on(check.native_handle());
      return accepted;
    });
    error_code error;
    co_await stream_.async_handshake(ssl::stream_base::client,
                                     asio::redirect_error(asio::use_awaitable, error));
    auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw_cancelled();
    if (error) throw_handshake_failure(error, *found, own_, peer);
  }

  task<transfer> read_some(asio::mutable_buffer into, duration silence) override {
    auto [error, bytes] = co_await stream_.async_read_some(
        into, asio::cancel_after(silence, asio::as_tuple(asio::use_awaitable)));
    if (bytes > 0) heard_ = true;
    co_return co_await finished(error, bytes);
  }

  task<transfer> write_some(std::array<asio::const_buffer, 2> from, duration silence) override {
    auto [error, bytes] = co_await stream_.async_write_some(
        from, asio::cancel_after(silence, asio::as_tuple(asio::use_awaitable)));
    co_return co_await finished(error, bytes);
  }

  bool is_quiet() override {
    return SSL_pending(stream_.native_handle()) == 0 && http::is_quiet(stream_.next_layer());
  }

  /// Since TLS 1.3 a server judges our certificate when the handshake is over for us: its refusal
  /// is what the first read finds. One that leaves without a word may have another reason.
  void explain(const error_code& error) const override {
    if (is_alert(error)) return explain_own_certificate(error, own_, peer_);
    if (heard_ || !own_.wanted || own_.shown) return;
    throw failure(failure_kind::connection_lost,
                  concat(peer_,
                         " closed the connection without an answer. It had asked for a client "
                         "certificate; if it needs one, set \"certificate\" and \"key\" in the "
                         "profile's \"tls\"."),
                  error.message());
  }

  tls_facts facts() const;

 private:
  /// OpenSSL asks for our certificate, which it has if there is one.
  static int on_certificate_wanted(SSL* handle, void* own) {
    auto* noted = static_cast<own_certificate*>(own);
    noted->wanted = true;
    noted->shown = SSL_get_certificate(handle) != nullptr;
    return 1;
  }

  std::shared_ptr<ssl::context> context_;
  std::string peer_;
  own_certificate own_;
  bool heard_ = false;
  mutable ssl::stream<tcp::socket> stream_;  // its native_handle() is not const
};

std::int64_t milliseconds_of(const ASN1_TIME* time) {
  constexpr std::int64_t milliseconds_a_second = 1000;
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<std::int64_t>(::timegm(&parts)) * milliseconds_a_second;
}

tls_facts tls_stream::facts() const {
  auto* handle = stream_.native_handle();
  tls_facts found;
  found.version = SSL_get_version(handle);
  found.cipher = SSL_get_cipher_name(handle);
  found.asked_for_certificate = own_.wanted;
  const bool verified = SSL_get_verify_mode(handle) != SSL_VERIFY_NONE;
  auto* chain = verified ? SSL_get0_verified_chain(handle) : SSL_get_peer_cert_chain(handle);
  for (int at = 0; at < sk_X509_num(chain); ++at) {
    found.chain.push_back(name_in(X509_get_subject_name(sk_X509_value(chain, at))));
  }
  const X509* shown = SSL_get0_peer_certificate(handle);
  if (shown == nullptr) return found;
  found.subject = name_in(X509_get_subject_name(shown));
  found.issuer = name_in(X509_get_issuer_name(shown));
  found.names = hosts_in(shown);
  found.expires = milliseconds_of(X509_get0_notAfter(shown));
  return found;
}

void refuse(const std::string& what, const std::string& where, const error_code& error) {
  throw failure(failure_kind::tls, concat("The CA ", what, " ", where, " cannot be used: ",
                                          error.message(), ". It must hold PEM certificates."));
}

[[noreturn]] void refuse_own(std::string sentence) {
  const auto code = ERR_peek_last_error();
  std::array<char, 256> words{};
  if (code != 0) ERR_error_string_n(code, words.data(), words.size());
  ERR_clear_error();
  throw failure(failure_kind::tls, std::move(sentence), words.data());
}

void require_readable(const std::string& what, const std::string& path) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "rb"),
                                                                &std::fclose);
  const int error = errno;
  if (file) return;
  refuse_own(concat("The client ", what, " ", path,
                    " cannot be read: ", lower_case(std::generic_category().message(error)),
                    ". Check \"", what, "\" in the profile's \"tls\"."));
}

/// Answers OpenSSL's question for the passphrase, and remembers that it was asked; without it
/// OpenSSL would ask at the terminal. It leaves with its scope: Asio's context would delete it.
class passphrase_prompt {
 public:
  passphrase_prompt(SSL_CTX* context, std::string_view passphrase)
      : context_(context), passphrase_(passphrase) {
    SSL_CTX_set_default_passwd_cb(context, &passphrase_prompt::answer);
    SSL_CTX_set_default_passwd_cb_userdata(context, this);
  }
  ~passphrase_prompt() {
    SSL_CTX_set_default_passwd_cb(context_, nullptr);
    SSL_CTX_set_default_passwd_cb_userdata(context_, nullptr);
  }
  passphrase_prompt(const passphrase_prompt&) = delete;
  passphrase_prompt& operator=(const passphrase_prompt&) = delete;

  bool asked() const { return asked_; }
  bool can_answer() const { return !passphrase_.empty(); }

 private:
  static int answer(char* into, int size, int /*writing*/, void* prompt) {
    auto* self = static_cast<passphrase_prompt*>(prompt);
    self->asked_ = true;
    const auto length = static_cast<int>(self->passphrase_.size());
    if (length == 0 || length > size) return -1;
    std::copy(self->passphrase_.begin(), self->passphrase_.end(), into);
    return length;
  }

  SSL_CTX* context_;
  std::string_view passphrase_;
  bool asked_ = false;
};

[[noreturn]] void refuse_stranger(const std::string& path) {
  refuse_own(
      concat("The key ", path,
             " does not belong to the client certificate. Check \"certificate\" and \"key\" in "
             "the profile's \"tls\"."));
}

[[noreturn]] void refuse_key(const std::string& path, const passphrase_prompt& prompt) {
  const auto reason = ERR_GET_REASON(ERR_peek_last_error());
  const auto library = ERR_GET_LIB(ERR_peek_last_error());
  if (library == ERR_LIB_X509 && reason == X509_R_KEY_VALUES_MISMATCH) refuse_stranger(path);
  if (!prompt.asked()) {
    refuse_own(concat("The file ", path,
                      " holds no private key in PEM. Check \"key\" in the profile's \"tls\"."));
  }
  if (!prompt.can_answer()) {
    refuse_own(concat("The key ", path,
                      " is encrypted. Set \"encryptedKey\": true in the profile's \"tls\"; livyd "
                      "then asks for its passphrase."));
  }
  ERR_clear_error();
  throw failure(failure_kind::unauthorized, concat("The passphrase does not open the key ", path,
                                                   ". Set another one and try "
                                                   "again."));
}

void use_own_key(SSL_CTX* context, const std::string& path, const std::string& passphrase) {
  const passphrase_prompt prompt(context, passphrase);
  require_readable("key", path);
  if (SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM) != 1) {
    refuse_key(path, prompt);
  }
  // A key of another kind than the certificate's was not compared yet.
  if (SSL_CTX_check_private_key(context) != 1) refuse_stranger(path);
}

void use_own_certificate(SSL_CTX* context, const tls_settings& settings,
                         const std::string& passphrase) {
  ERR_clear_error();
  require_readable("certificate", settings.certificate);
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.c_str()) != 1) {
    refuse_own(concat("The file ", settings.certificate,
                      " holds no certificate in PEM. Check \"certificate\" in the profile's "
                      "\"tls\"."));
  }
  use_own_key(context, settings.key.empty() ? settings.certificate : settings.key, passphrase);
}

/// Where RHEL and SUSE keep what a machine trusts: the OpenSSL inside the portable program looks
/// where Debian does.
void trust_system_roots(ssl::context& context) {
  error_code error;
  // Without system roots the user's own CA may still do.
  context.set_default_verify_paths(error);
  if (std::getenv(X509_get_default_cert_file_env()) != nullptr ||
      std::getenv(X509_get_default_cert_dir_env()) != nullptr) {
    return;
  }
  std::error_code absent;
  for (const char* path : {X509_get_default_cert_file(), "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem"}) {
    if (!std::filesystem::exists(path, absent)) continue;
    if (path != X509_get_default_cert_file()) context.load_verify_file(path, error);
    return;
  }
}

}  // namespace

std::shared_ptr<ssl::context> make_tls_context(const tls_settings& settings,
                                               const std::string& passphrase) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (!settings.certificate.empty()) {
    use_own_certificate(context->native_handle(), settings, passphrase);
  }
  if (!settings.verify) return context;
  trust_system_roots(*context);
  error_code error;
  if (!settings.ca_file.empty()) {
    context->load_verify_file(settings.ca_file, error);
    if (error) refuse("file", settings.ca_file, error);
  }
  if (!settings.ca_folder.empty()) {
    context->add_verify_path(settings.ca_folder, error);
    if (error) refuse("folder", settings.ca_folder, error);
  }
  return context;
}

task<std::unique_ptr<stream>> secured(tcp::socket socket, std::shared_ptr<ssl::context> context,
                                      url peer, bool verify) {
  auto made = std::make_unique<tls_stream>(std::move(socket), std::move(context));
  made->expect(peer.host);
  co_await made->shake_hands(peer, verify);
  co_return made;
}

std::optional<tls_facts> facts_of(const stream& connection) {
  const auto* secure = dynamic_cast<const tls_stream*>(&connection);
  if (secure == nullptr) return std::nullopt;
  return secure->facts();
}

}  // namespace livyd::http
