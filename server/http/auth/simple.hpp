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

/// How long and how often the command of a token may run.
struct command_limits {
  duration patience = 30s;  ///< then it is killed, with its process group
  duration pause = 10s;     ///< from the end of a run to the next, whatever came of it
};

/// Bearer with the output of a command: /bin/sh runs it, its first line is the token (at most 64
/// kB). It runs when there is no token yet and, once a request, after a 401; requests that need it
/// at the same time share a run, which ends when none of them waits any more. A token that was
/// refused is never sent again. Throws failure{unauthorized} with the last line of the command's
/// standard error when it fails.
std::unique_ptr<authentication> command_authentication(std::string command, bool allow_insecure,
                                                       command_limits limits = {});

/// The mechanisms in an answer's WWW-Authenticate fields (a proxy's: Proxy-Authenticate):
/// "Negotiate", "Basic"; as they were written, without parameters, each once.
std::vector<std::string> offered_mechanisms(const response& answer,
                                            std::string_view field = "WWW-Authenticate");

/// The same as a sentence: "It takes Basic and Negotiate."
std::string what_is_offered(const response& answer, std::string_view field = "WWW-Authenticate");
/// Throws failure{unauthorized} when a 401 offers mechanisms and `mechanism` is none of them.
void require_mechanism(std::string_view mechanism, const request& sent, const response& answer);
/// Whether a list of mechanisms has this one, in whatever case.
bool is_among(const std::vector<std::string>& offered, std::string_view name);

}  // namespace livyd::http
