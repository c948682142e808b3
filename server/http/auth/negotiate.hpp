// SPNEGO: one negotiation per route, then the cookie that follows from it.
#pragma once

#include <memory>

#include "http/auth/gssapi.hpp"
#include "http/authentication.hpp"

namespace livyd::http {

/// `Authorization: Negotiate` on the first request of a route, on requests that are marked
/// `always_prove`, and wherever the route's cookies did not prove anything before (C1, C13 of
/// gateways.md); otherwise the cookies alone. A 401 to a cookie: the cookie is dropped and one
/// Negotiate is sent. After a refused Negotiate nothing is repeated: failure{unauthorized} says
/// which link is broken (a 401 that offers other mechanisms; a 403 whose HTML or status line is
/// Kerberos trouble: replay, clock skew, wrong service, bad token). A 403 that is the server's own
/// business (JSON) is final. With mutual authentication `required`, an answer to Negotiate without
/// the server's valid token is failure{unauthorized}.
std::unique_ptr<authentication> negotiate_authentication(std::shared_ptr<kerberos> tickets,
                                                         mutual_authentication mutual,
                                                         bool allow_insecure);

}  // namespace livyd::http
