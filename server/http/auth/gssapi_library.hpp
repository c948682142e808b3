// The part of MIT's GSSAPI and libkrb5 that is used, found at run time. Everything here may block.
#pragma once

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5/krb5.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "http/auth/gssapi.hpp"

namespace livyd::http {

inline constexpr const char* gssapi_name = "libgssapi_krb5.so.2";

/// make_kerberos with another library: for the test of a machine without it.
std::shared_ptr<kerberos> make_kerberos_from(std::string library, kerberos_settings settings);

/// What the library says, in its own words.
class gssapi_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The functions, each under its name in C without the prefix "gss_".
class gssapi_library {
 public:
  /// Throws failure{unsupported} when it cannot be loaded. It stays loaded for good: unloading
  /// libkrb5 while another thread is in it would end the program.
  explicit gssapi_library(const std::string& name);

  decltype(&::gss_acquire_cred_from) acquire_cred_from;
  decltype(&::gss_release_cred) release_cred;
  decltype(&::gss_import_name) import_name;
  decltype(&::gss_release_name) release_name;
  decltype(&::gss_init_sec_context) init_sec_context;
  decltype(&::gss_delete_sec_context) delete_sec_context;
  decltype(&::gss_display_status) display_status;
  decltype(&::gss_release_buffer) release_buffer;

  decltype(&::krb5_init_context) init_context;
  decltype(&::krb5_free_context) free_context;
  decltype(&::krb5_cc_default) cc_default;
  decltype(&::krb5_cc_resolve) cc_resolve;
  decltype(&::krb5_cc_cache_match) cc_cache_match;
  decltype(&::krb5_cc_close) cc_close;
  decltype(&::krb5_cc_get_principal) cc_get_principal;
  decltype(&::krb5_cc_start_seq_get) cc_start_seq_get;
  decltype(&::krb5_cc_next_cred) cc_next_cred;
  decltype(&::krb5_cc_end_seq_get) cc_end_seq_get;
  decltype(&::krb5_free_cred_contents) free_cred_contents;
  decltype(&::krb5_is_config_principal) is_config_principal;
  decltype(&::krb5_parse_name) parse_name;
  decltype(&::krb5_unparse_name) unparse_name;
  decltype(&::krb5_free_unparsed_name) free_unparsed_name;
  decltype(&::krb5_free_principal) free_principal;
};

/// What a handshake holds of the library.
struct gssapi_handles {
  explicit gssapi_handles(std::shared_ptr<const gssapi_library> from);
  gssapi_handles(const gssapi_handles&) = delete;
  gssapi_handles& operator=(const gssapi_handles&) = delete;
  ~gssapi_handles();

  std::shared_ptr<const gssapi_library> library;  // shared with all other handshakes
  gss_name_t target = GSS_C_NO_NAME;
  gss_name_t principal = GSS_C_NO_NAME;
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
};

/// One SPNEGO context. Calls must not overlap.
class gssapi_handshake {
 public:
  /// Tickets of a keytab live in `memory_cache`. Throws gssapi_error.
  gssapi_handshake(std::shared_ptr<const gssapi_library> library, const kerberos_settings& settings,
                   const std::string& memory_cache, const std::string& service);

  /// The next token for the server; `from_server` is "" at first. Throws gssapi_error.
  std::string step(const std::string& from_server);
  /// The server has proved itself.
  bool mutual() const;

 private:
  void acquire(const kerberos_settings& settings, const std::string& memory_cache);
  [[noreturn]] void fail(OM_uint32 major, OM_uint32 minor) const;

  gssapi_handles handles_;
  OM_uint32 flags_ = 0;
  OM_uint32 granted_ = 0;
  bool complete_ = false;
};

/// The ticket-granting ticket in a cache: also one that has expired; nothing when there is none.
/// "" stands for the default cache, or for the principal's one in the default collection.
std::optional<ticket> read_ticket(const gssapi_library& library, const std::string& cache,
                                  const std::string& principal);

}  // namespace livyd::http
