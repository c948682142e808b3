// Authentication that needs no mechanism of its own: none, Basic, Bearer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/auth/secret.hpp"
#include "http/authentication.hpp"

namespace livyd::http {

/// Adds nothing; a 401 is the caller's to explain.
std::unique_ptr<authentication> no_authentication();

/// `Authorization: Basic`, on every request. After a 401 the password counts as refused.
std::unique_ptr<authentication> basic_authentication(std::string user,
                                                     std::shared_ptr<secret> password,
                                                     bool allow_insecure);

/// `Authorization: Bearer`. After a 401 the token counts as refused.
std::unique_ptr<authentication> bearer_authentication(std::shared_ptr<secret> token,
                                                      bool allow_insecure);

/// Bearer with the output of a command. It runs when there is no token yet and, once, after a 401
/// (not more often than every 10 s); it is killed after 30 s. Throws failure{unauthorized} with
/// the command's last words when it fails.
std::unique_ptr<authentication> command_authentication(std::string command, bool allow_insecure);

/// The mechanisms in an answer's WWW-Authenticate fields (a proxy's: Proxy-Authenticate):
/// "Negotiate", "Basic"; as they were written, without parameters, each once.
std::vector<std::string> offered_mechanisms(const response& answer,
                                            std::string_view field = "WWW-Authenticate");

/// The same as a sentence: "It takes Basic and Negotiate."
std::string what_is_offered(const response& answer);

}  // namespace livyd::http
