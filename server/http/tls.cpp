#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdio>
#include <ctime>
#include <string>
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

/// The hosts a certificate is for, at most three of them.
std::string hosts_in(const X509* certificate) {
  auto* list = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::vector<std::string> hosts;
  for (int at = 0; at < sk_GENERAL_NAME_num(list); ++at) {
    const auto* name = sk_GENERAL_NAME_value(list, at);
    if (name->type == GEN_DNS) hosts.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) hosts.push_back(address_text(*name->d.iPAddress));
  }
  GENERAL_NAMES_free(list);
  if (hosts.empty()) return name_in(X509_get_subject_name(certificate));
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
  found.names = hosts_in(certificate);
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
      return concat("The certificate of ", host, " was issued by \"", found.issuer,
                    "\", which this machine does not trust.");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return concat("The certificate of ", host,
                    " was issued by the server itself, which this machine does not trust.");
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

[[noreturn]] void throw_handshake_failure(const error_code& error, const verdict& found,
                                          const url& peer) {
  const auto name = peer.host_and_port();
  if (found.error != X509_V_OK) {
    throw failure(failure_kind::tls, sentence_for(found, peer.host),
                  concat(X509_verify_cert_error_string(found.error), " at depth ", found.depth));
  }
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
    if (error) throw_handshake_failure(error, *found, peer);
  }

  task<transfer> read_some(asio::mutable_buffer into, duration silence) override {
    auto [error, bytes] = co_await stream_.async_read_some(
        into, asio::cancel_after(silence, asio::as_tuple(asio::use_awaitable)));
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

 private:
  std::shared_ptr<ssl::context> context_;
  ssl::stream<tcp::socket> stream_;
};

void refuse(const std::string& what, const std::string& where, const error_code& error) {
  throw failure(failure_kind::tls, concat("The CA ", what, " ", where, " cannot be used: ",
                                          error.message(), ". It must hold PEM certificates."));
}

}  // namespace

std::shared_ptr<ssl::context> make_tls_context(const tls_settings& settings) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (!settings.verify) return context;
  error_code error;
  // Without system roots the user's own CA may still do.
  context->set_default_verify_paths(error);
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

}  // namespace livyd::http
