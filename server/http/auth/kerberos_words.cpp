// What libkrb5's words mean, and how the user hears it.
#include <array>
#include <ctime>

#include "base/text.hpp"
#include "http/auth/gssapi.hpp"

namespace livyd::http {
namespace {

struct known_words {
  std::string_view words;  ///< lower case
  kerberos_problem problem;
};

/// The first that is found counts. The words are those of lib/krb5/error_tables and of the messages
/// that libkrb5 sets itself, 1.17 to 1.21 (https://github.com/krb5/krb5).
constexpr std::array known{
    known_words{"ticket not yet valid", kerberos_problem::clock_skew},
    known_words{"clock skew too great", kerberos_problem::clock_skew},
    known_words{"ticket expired", kerberos_problem::expired},
    known_words{"referenced credential has expired", kerberos_problem::expired},
    known_words{"server not found in kerberos database", kerberos_problem::unknown_service},
    known_words{"client not found in kerberos database", kerberos_problem::unknown_principal},
    known_words{"client's entry in database has expired", kerberos_problem::unknown_principal},
    known_words{"client's credentials have been revoked", kerberos_problem::unknown_principal},
    known_words{"cannot contact any kdc", kerberos_problem::kdc_unreachable},
    known_words{"cannot find kdc", kerberos_problem::kdc_unreachable},
    known_words{"cannot resolve network address for kdc", kerberos_problem::kdc_unreachable},
    known_words{"cannot resolve servers for kdc", kerberos_problem::kdc_unreachable},
    known_words{"no support for encryption type", kerberos_problem::encryption},
    known_words{"encryption type not supported", kerberos_problem::encryption},
    known_words{"encryption type not permitted", kerberos_problem::encryption},
    known_words{"keytab", kerberos_problem::keytab},
    known_words{"key table", kerberos_problem::keytab},
    known_words{"preauthentication failed", kerberos_problem::keytab},
    known_words{"decrypt integrity check failed", kerberos_problem::keytab},
    known_words{"no kerberos credentials available", kerberos_problem::no_ticket},
    known_words{"no credentials cache found", kerberos_problem::no_ticket},
    known_words{"no credentials cache file found", kerberos_problem::no_ticket},
    known_words{"can't find client principal", kerberos_problem::no_ticket},
    known_words{"matching credential not found", kerberos_problem::no_ticket},
    known_words{"no ticket granting ticket", kerberos_problem::no_ticket},
    known_words{"cannot find ticket for requested realm", kerberos_problem::no_ticket},
    known_words{"credential cache is empty", kerberos_problem::no_ticket},
    known_words{"no credentials were supplied", kerberos_problem::no_ticket},
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool stands_for_one(std::string_view before, std::string_view after, std::string_view text) {
  // "Server HTTP/a@R not found …": the name stands in the middle of the words.
  const auto at = text.find(before);
  return at != std::string_view::npos && contains(text.substr(at), after);
}

/// The word after `before`, without quotes: "" when it is not there.
std::string_view word_after(std::string_view text, std::string_view before) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return {};
  auto rest = text.substr(at + before.size());
  const auto quote = rest.empty() ? ' ' : rest.front();
  if (quote == '\'' || quote == '"') {
    rest.remove_prefix(1);
    return rest.substr(0, rest.find(quote));
  }
  return rest.substr(0, rest.find_first_of(" ,;"));
}

std::string_view name_or(std::string_view name, std::string_view otherwise) {
  return contains(name, "@") ? name : otherwise;
}

bool same_day(const std::tm& a, const std::tm& b) {
  return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
}

/// " at 14:00", " on 2026-11-20 at 14:00"; "" when it is not known.
std::string when(std::optional<std::chrono::system_clock::time_point> moment) {
  if (!moment) return {};
  const auto seconds = std::chrono::system_clock::to_time_t(*moment);
  const auto now = std::time(nullptr);
  std::tm then{};
  std::tm today{};
  if (::localtime_r(&seconds, &then) == nullptr || ::localtime_r(&now, &today) == nullptr) {
    return {};
  }
  std::array<char, 64> text{};
  const auto* form = same_day(then, today) ? " at %H:%M" : " on %Y-%m-%d at %H:%M";
  return {text.data(), std::strftime(text.data(), text.size(), form, &then)};
}

std::string about_no_ticket(std::string_view words) {
  const auto wanted = name_or(word_after(words, "client principal "), "");
  if (wanted.empty()) return "There is no Kerberos ticket. Run kinit.";
  return concat("There is no Kerberos ticket of ", wanted, ". Run kinit ", wanted, ".");
}

std::string about_service(std::string_view service, std::string_view words) {
  const auto asked = name_or(word_after(words, "Server "), service);
  if (asked.starts_with("krbtgt/")) {
    const auto realm = asked.substr(7, asked.find('@') - 7);
    return concat("The KDC does not know the realm ", realm, ", to which ",
                  service.empty() ? "the server" : service,
                  " belongs. Check domain_realm in /etc/krb5.conf, or the service in the profile.");
  }
  return concat("The KDC does not know the service ", asked.empty() ? "of this server" : asked,
                ". Write the server's own name in the URL, or its service (\"HTTP@name\") in the "
                "profile.");
}

std::string about_principal(std::string_view words) {
  const auto who = name_or(word_after(words, "Client "), "your principal");
  const bool unknown = contains(lower_case(words), "not found");
  return concat("The KDC ", unknown ? "does not know " : "does not admit ", who,
                unknown ? ". Check the principal's name and realm in the profile or in kinit."
                        : ": the account has expired or is locked. Ask its administrator.");
}

std::string about_kdc(std::string_view words) {
  auto realm = word_after(words, "realm ");
  if (realm == "requested" || realm == "in") realm = {};
  const auto named = realm.empty() ? std::string("the realm") : concat("the realm ", realm);
  if (contains(lower_case(words), "cannot find kdc")) {
    return concat("No KDC is known for ", named, ". Check the realm's name, and its KDC in ",
                  "/etc/krb5.conf.");
  }
  return concat("No KDC of ", named, " answers. Are you on the VPN?");
}

std::string about_keytab(std::string_view words) {
  const auto small = lower_case(words);
  if (contains(small, "preauthentication failed") || contains(small, "integrity check failed")) {
    return "The KDC refused the key of the keytab: it is old. Ask for a new keytab.";
  }
  const auto reason = words.starts_with("the ") ? concat("T", words.substr(1))
                                                : concat("The keytab cannot be used: ", words);
  return concat(reason, ". Check the keytab's path and the principal in the profile.");
}

/// Without the frames that GSSAPI puts around the reason.
std::string_view essence(std::string_view words) {
  for (const std::string_view frame :
       {"Unspecified GSS failure.  Minor code may provide more information: ",
        "No credentials were supplied, or the credentials were unavailable or inaccessible: "}) {
    if (words.starts_with(frame)) words.remove_prefix(frame.size());
  }
  while (words.ends_with('.')) words.remove_suffix(1);
  return words;
}

}  // namespace

kerberos_problem problem_of(std::string_view words) {
  const auto small = lower_case(words);
  if (trimmed(small).empty()) return kerberos_problem::none;
  if (stands_for_one("server ", " not found in kerberos database", small)) {
    return kerberos_problem::unknown_service;
  }
  if (stands_for_one("client ", " not found in kerberos database", small)) {
    return kerberos_problem::unknown_principal;
  }
  for (const auto& entry : known) {
    if (contains(small, entry.words)) return entry.problem;
  }
  return kerberos_problem::other;
}

std::string sentence_for(kerberos_problem problem, std::string_view service, std::string_view words,
                         std::optional<std::chrono::system_clock::time_point> expired) {
  words = essence(words);
  switch (problem) {
    case kerberos_problem::none:
      return {};
    case kerberos_problem::library_missing:
      return "Kerberos needs a library that is not on this machine: install the package "
             "libgssapi-krb5-2 (Debian, Ubuntu) or krb5-libs (Fedora, RHEL).";
    case kerberos_problem::no_ticket:
      return about_no_ticket(words);
    case kerberos_problem::expired:
      return concat("Your Kerberos ticket expired", when(expired),
                    ". Runs wait until there is a new one. Run kinit.");
    case kerberos_problem::unknown_service:
      return about_service(service, words);
    case kerberos_problem::unknown_principal:
      return about_principal(words);
    case kerberos_problem::clock_skew:
      return "The KDC refused the request because this machine's clock and its own are too far "
             "apart. Set this machine's clock, then run kinit.";
    case kerberos_problem::kdc_unreachable:
      return about_kdc(words);
    case kerberos_problem::keytab:
      return about_keytab(words);
    case kerberos_problem::encryption:
      return concat("The KDC and this machine have no encryption type in common",
                    service.empty() ? "" : concat(" for ", service),
                    ". Ask the administrator of Kerberos, or look at permitted_enctypes in "
                    "/etc/krb5.conf.");
    case kerberos_problem::other:
      break;
  }
  return concat("Kerberos gave no token", service.empty() ? "" : concat(" for ", service), ": ",
                words.empty() ? "it did not say why" : words, ". Check with: kinit, then klist.");
}

}  // namespace livyd::http
