// SPNEGO: one negotiation per route, then the cookie that follows from it.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "http/auth/gssapi.hpp"
#include "http/authentication.hpp"

namespace livyd::http {

/// `Authorization: Negotiate` on the first request of a route, on requests that are marked
/// `always_prove`, and wherever the route's cookies did not prove anything before (C1, C13 of
/// gateways.md); otherwise the cookies alone. A 401 to a cookie: the cookie is dropped and one
/// Negotiate is sent. After a refused Negotiate nothing is repeated: failure{unauthorized} says
/// which link is broken (a 401 that offers other mechanisms; a 403 whose HTML or status line is
/// Kerberos trouble: replay, clock skew, wrong service, bad token), and for 5 s the route's
/// other requests get the same answer without asking. A 403 that is the server's own business is
/// final. With mutual authentication `required`, an answer to Negotiate without
/// the server's valid token is failure{unauthorized}. Of concurrent requests one negotiates and the
/// others wait for its cookie, at most 5 s; where none comes each negotiates for itself, since a
/// token is good for one. The service's name is made of the URL's host.
std::unique_ptr<authentication> negotiate_authentication(
    std::shared_ptr<kerberos> tickets, mutual_authentication mutual, bool allow_insecure,
    std::shared_ptr<const clock> time = std::make_shared<system_clock>());

}  // namespace livyd::http
