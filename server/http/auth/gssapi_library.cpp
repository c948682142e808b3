#include "http/auth/gssapi_library.hpp"

#include <dlfcn.h>

#include <array>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

// Object identifiers as RFC 4178, 1964 and 2743 encode them. The library exports them too, but as
// variables, which would be a link dependency.
std::array<unsigned char, 6> spnego_bytes{0x2b, 0x06, 0x01, 0x05, 0x05, 0x02};
std::array<unsigned char, 9> krb5_bytes{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02};
std::array<unsigned char, 10> host_based_bytes{0x2a, 0x86, 0x48, 0x86, 0xf7,
                                               0x12, 0x01, 0x02, 0x01, 0x04};
std::array<unsigned char, 10> principal_bytes{0x2a, 0x86, 0x48, 0x86, 0xf7,
                                              0x12, 0x01, 0x02, 0x02, 0x01};

gss_OID_desc spnego{spnego_bytes.size(), spnego_bytes.data()};
gss_OID_desc krb5{krb5_bytes.size(), krb5_bytes.data()};
gss_OID_desc host_based{host_based_bytes.size(), host_based_bytes.data()};
gss_OID_desc principal_name{principal_bytes.size(), principal_bytes.data()};

class open_library {
 public:
  explicit open_library(const std::string& name)
      : handle_(::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {
    if (handle_ == nullptr) missing();
  }

  /// libkrb5 is found as well: the library depends on it.
  template <class Function>
  void find(Function& into, const char* name) const {
    into = reinterpret_cast<Function>(::dlsym(handle_, name));
    if (into == nullptr) missing();
  }

 private:
  [[noreturn]] static void missing() {
    const char* reason = ::dlerror();
    throw failure(failure_kind::unsupported,
                  sentence_for(kerberos_problem::library_missing, "", ""),
                  reason == nullptr ? "" : reason);
  }

  void* handle_;
};

/// A buffer that the library fills, released with us.
class filled_buffer {
 public:
  explicit filled_buffer(const gssapi_library& library) : library_(library) {}
  filled_buffer(const filled_buffer&) = delete;
  filled_buffer& operator=(const filled_buffer&) = delete;
  ~filled_buffer() {
    OM_uint32 minor = 0;
    library_.release_buffer(&minor, &buffer_);
  }
  gss_buffer_t get() { return &buffer_; }
  std::string text() const {
    return {static_cast<const char*>(buffer_.value), buffer_.value == nullptr ? 0 : buffer_.length};
  }

 private:
  const gssapi_library& library_;
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

gss_buffer_desc buffer_of(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};  // the C interface knows no const
}

void append_words(std::string& words, const gssapi_library& library, OM_uint32 code, int kind,
                  const gss_OID_desc& mechanism) {
  OM_uint32 more = 0;
  do {
    OM_uint32 minor = 0;
    filled_buffer text(library);
    auto mechanism_copy = mechanism;
    if (library.display_status(&minor, code, kind, &mechanism_copy, &more, text.get()) !=
        GSS_S_COMPLETE) {
      return;
    }
    if (!words.empty()) words += ": ";
    words += text.text();
  } while (more != 0);
}

std::string name_of_keytab(const std::string& path) {
  return path.starts_with("/") ? concat("FILE:", path) : path;
}

/// libkrb5's own state, which no two threads may share.
class krb5_state {
 public:
  explicit krb5_state(const gssapi_library& library) : library_(library) {
    if (library_.init_context(&context_) != 0) context_ = nullptr;
  }
  krb5_state(const krb5_state&) = delete;
  krb5_state& operator=(const krb5_state&) = delete;
  ~krb5_state() {
    if (owner_ != nullptr) library_.free_principal(context_, owner_);
    if (cache_ != nullptr) library_.cc_close(context_, cache_);
    if (context_ != nullptr) library_.free_context(context_);
  }

  bool open(const std::string& cache, const std::string& principal) {
    if (context_ == nullptr) return false;
    if (!resolve(cache, principal)) {
      cache_ = nullptr;
      return false;
    }
    return library_.cc_get_principal(context_, cache_, &owner_) == 0;
  }

  std::string owner() const { return text_of(owner_); }

  /// When the ticket-granting ticket ends; without one, the last of the others.
  std::optional<std::chrono::system_clock::time_point> end() {
    krb5_cc_cursor cursor{};
    if (library_.cc_start_seq_get(context_, cache_, &cursor) != 0) return std::nullopt;
    std::uint32_t granting = 0;
    std::uint32_t any = 0;
    krb5_creds entry{};
    while (library_.cc_next_cred(context_, cache_, &cursor, &entry) == 0) {
      // Seconds since 1970 are unsigned for libkrb5 since 1.16.
      const auto ends = static_cast<std::uint32_t>(entry.times.endtime);
      if (library_.is_config_principal(context_, entry.server) == 0) {
        any = std::max(any, ends);
        if (text_of(entry.server).starts_with("krbtgt/")) granting = std::max(granting, ends);
      }
      library_.free_cred_contents(context_, &entry);
    }
    library_.cc_end_seq_get(context_, cache_, &cursor);
    const auto found = granting != 0 ? granting : any;
    if (found == 0) return std::nullopt;
    return std::chrono::system_clock::time_point(std::chrono::seconds(found));
  }

 private:
  bool resolve(const std::string& cache, const std::string& principal) {
    if (!cache.empty()) return library_.cc_resolve(context_, cache.c_str(), &cache_) == 0;
    if (principal.empty()) return library_.cc_default(context_, &cache_) == 0;
    krb5_principal wanted = nullptr;
    if (library_.parse_name(context_, principal.c_str(), &wanted) != 0) return false;
    const bool found = library_.cc_cache_match(context_, wanted, &cache_) == 0;
    library_.free_principal(context_, wanted);
    return found;
  }

  std::string text_of(krb5_const_principal name) const {
    char* text = nullptr;
    if (library_.unparse_name(context_, name, &text) != 0) return {};
    std::string copy(text);
    library_.free_unparsed_name(context_, text);
    return copy;
  }

  const gssapi_library& library_;
  krb5_context context_ = nullptr;
  krb5_ccache cache_ = nullptr;
  krb5_principal owner_ = nullptr;
};

}  // namespace

gssapi_library::gssapi_library(const std::string& name) {
  const open_library opened(name);
  opened.find(acquire_cred_from, "gss_acquire_cred_from");
  opened.find(release_cred, "gss_release_cred");
  opened.find(import_name, "gss_import_name");
  opened.find(release_name, "gss_release_name");
  opened.find(init_sec_context, "gss_init_sec_context");
  opened.find(delete_sec_context, "gss_delete_sec_context");
  opened.find(display_status, "gss_display_status");
  opened.find(release_buffer, "gss_release_buffer");
  opened.find(init_context, "krb5_init_context");
  opened.find(free_context, "krb5_free_context");
  opened.find(cc_default, "krb5_cc_default");
  opened.find(cc_resolve, "krb5_cc_resolve");
  opened.find(cc_cache_match, "krb5_cc_cache_match");
  opened.find(cc_close, "krb5_cc_close");
  opened.find(cc_get_principal, "krb5_cc_get_principal");
  opened.find(cc_start_seq_get, "krb5_cc_start_seq_get");
  opened.find(cc_next_cred, "krb5_cc_next_cred");
  opened.find(cc_end_seq_get, "krb5_cc_end_seq_get");
  opened.find(free_cred_contents, "krb5_free_cred_contents");
  opened.find(is_config_principal, "krb5_is_config_principal");
  opened.find(parse_name, "krb5_parse_name");
  opened.find(unparse_name, "krb5_unparse_name");
  opened.find(free_unparsed_name, "krb5_free_unparsed_name");
  opened.find(free_principal, "krb5_free_principal");
}

gssapi_handles::gssapi_handles(std::shared_ptr<const gssapi_library> from)
    : library(std::move(from)) {}

gssapi_handles::~gssapi_handles() {
  OM_uint32 minor = 0;
  if (context != GSS_C_NO_CONTEXT) library->delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  if (credential != GSS_C_NO_CREDENTIAL) library->release_cred(&minor, &credential);
  if (principal != GSS_C_NO_NAME) library->release_name(&minor, &principal);
  if (target != GSS_C_NO_NAME) library->release_name(&minor, &target);
}

gssapi_handshake::gssapi_handshake(std::shared_ptr<const gssapi_library> library,
                                   const kerberos_settings& settings,
                                   const std::string& memory_cache, const std::string& service)
    : handles_(std::move(library)) {
  if (settings.delegate) flags_ |= GSS_C_DELEG_FLAG;
  if (settings.mutual != mutual_authentication::off) flags_ |= GSS_C_MUTUAL_FLAG;
  const bool by_host = service.find('/') == std::string::npos;
  auto name = buffer_of(service);
  OM_uint32 minor = 0;
  const auto major = handles_.library->import_name(
      &minor, &name, by_host ? &host_based : &principal_name, &handles_.target);
  if (GSS_ERROR(major)) fail(major, minor);
  acquire(settings, memory_cache);
}

void gssapi_handshake::acquire(const kerberos_settings& settings, const std::string& memory_cache) {
  OM_uint32 minor = 0;
  if (!settings.principal.empty()) {
    auto name = buffer_of(settings.principal);
    const auto major =
        handles_.library->import_name(&minor, &name, &principal_name, &handles_.principal);
    if (GSS_ERROR(major)) fail(major, minor);
  }
  const auto keytab = name_of_keytab(settings.keytab);
  const auto& cache = settings.keytab.empty() ? settings.cache : memory_cache;
  std::vector<gss_key_value_element_desc> elements;
  if (!settings.keytab.empty()) elements.push_back({"client_keytab", keytab.c_str()});
  if (!cache.empty()) elements.push_back({"ccache", cache.c_str()});
  const gss_key_value_set_desc store{static_cast<OM_uint32>(elements.size()), elements.data()};
  // For both mechanisms: SPNEGO's own refusal says nothing of the reason, krb5's does.
  std::array<gss_OID_desc, 2> both{krb5, spnego};
  gss_OID_set_desc mechanisms{both.size(), both.data()};
  const auto major = handles_.library->acquire_cred_from(
      &minor, handles_.principal, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
      elements.empty() ? GSS_C_NO_CRED_STORE : &store, &handles_.credential, nullptr, nullptr);
  if (GSS_ERROR(major)) fail(major, minor);
}

std::string gssapi_handshake::step(const std::string& from_server) {
  auto input = buffer_of(from_server);
  filled_buffer token(*handles_.library);
  OM_uint32 minor = 0;
  const auto major = handles_.library->init_sec_context(
      &minor, handles_.credential, &handles_.context, handles_.target, &spnego, flags_, 0,
      GSS_C_NO_CHANNEL_BINDINGS, from_server.empty() ? GSS_C_NO_BUFFER : &input, nullptr,
      token.get(), &granted_, nullptr);
  if (GSS_ERROR(major)) fail(major, minor);
  complete_ = major == GSS_S_COMPLETE;
  return token.text();
}

bool gssapi_handshake::mutual() const {
  return complete_ && (granted_ & GSS_C_MUTUAL_FLAG) != 0;
}

void gssapi_handshake::fail(OM_uint32 major, OM_uint32 minor) const {
  std::string words;
  append_words(words, *handles_.library, major, GSS_C_GSS_CODE, spnego);
  if (minor != 0) append_words(words, *handles_.library, minor, GSS_C_MECH_CODE, spnego);
  throw gssapi_error(words);
}

std::optional<ticket> read_ticket(const gssapi_library& library, const std::string& cache,
                                  const std::string& principal) {
  krb5_state state(library);
  if (!state.open(cache, principal)) return std::nullopt;
  auto owner = state.owner();
  if (!cache.empty() && !principal.empty() && owner != principal &&
      !owner.starts_with(concat(principal, "@"))) {
    return std::nullopt;
  }
  const auto end = state.end();
  if (!end) return std::nullopt;
  return ticket{.principal = std::move(owner), .expires = *end};
}

}  // namespace livyd::http
