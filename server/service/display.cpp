#include "service/display.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "livy/backoff.hpp"

namespace livyd {
namespace {

using nlohmann::json;

constexpr std::string_view facts_mime = "application/vnd.livyd.run+json";
constexpr std::size_t piece_bytes = 1_MiB;
/// How often a session may give no answer in time before its value counts as lost.
constexpr int most_timeouts = 4;
/// Parts of an answer have numbers below this: see statement_reader.
constexpr std::size_t first_own_part = 1000;

/// A member of the agent's words; `otherwise` when it is not there or not of that type.
template <class T>
T member(const json& words, const char* name, T otherwise) {
  const auto found = words.find(name);
  if (found == words.end()) return otherwise;
  if constexpr (std::is_same_v<T, std::string>) {
    return found->is_string() ? found->get<T>() : otherwise;
  } else if constexpr (std::is_same_v<T, bool>) {
    return found->is_boolean() ? found->get<T>() : otherwise;
  } else {
    return found->is_number_unsigned() ? found->get<T>() : otherwise;
  }
}

run_account read_account(const json& facts) {
  run_account told;
  told.bytes = member(facts, "bytes", std::uint64_t{0});
  told.whole = member(facts, "whole", false);
  for (const auto& shown : facts.value("before", json::array())) {
    if (!shown.is_object()) continue;
    const auto bundle = shown.value("data", json::object());
    for (const auto& [mime, value] : bundle.items()) {
      told.earlier.push_back(
          {.mime = mime, .text = value.is_string() ? value.get<std::string>() : value.dump()});
    }
  }
  for (const auto& one : facts.value("leftOut", json::array())) {
    if (!one.is_object()) continue;
    told.large.push_back({.mime = member(one, "mime", std::string("?")),
                          .bytes = member(one, "size", std::uint64_t{0}),
                          .part = member(one, "part", std::string())});
  }
  return told;
}

void name_missing(const run_account::large_value& one, spool& output) {
  const bool too_large = one.bytes > largest_value;
  output.append_text(
      concat("· ", one.mime, " of ", human_bytes(one.bytes), " is missing here: ",
             too_large ? concat("livyd fetches values of up to ", human_bytes(largest_value))
                       : "the session did not give it",
             "\n"));
}

/// A network that is away is waited for; what never answers is given up.
task<agent::piece> read_piece(agent::remote& agent, clock& time, std::string part,
                              std::uint64_t offset, const std::function<bool()>& enough) {
  int timeouts = 0;
  for (int failures = 1;; ++failures) {
    try {
      auto piece = co_await agent.read(part, offset, piece_bytes, duration::zero());
      co_return piece;
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::timeout) ++timeouts;
      if (!is_transient(reason.kind()) || timeouts == most_timeouts || enough()) throw;
    }
    co_await time.sleep_for(livy::failure_wait(failures, livy::random_jitter()));
  }
}

/// False when it could not be had to its end.
task<bool> fetch(agent::remote& agent, clock& time, const run_account::large_value& one,
                 std::size_t number, spool& output, const std::function<bool()>& enough) {
  for (std::uint64_t at = 0; at < one.bytes;) {
    if (enough()) co_return false;
    agent::piece piece;
    try {
      piece = co_await read_piece(agent, time, one.part, at, enough);
    } catch (const failure& reason) {
      if (reason.kind() == failure_kind::cancelled) throw;
      co_return false;
    }
    const bool follows = piece.known && piece.offset == at && !piece.bytes.empty();
    if (!follows || piece.bytes.size() > one.bytes - at) co_return false;
    co_await output.write(number, one.mime, piece.bytes);
    at += piece.bytes.size();
  }
  co_return true;
}

}  // namespace

std::optional<run_account> account_of(const livy::statement_view& seen) {
  for (const auto& part : seen.parts) {
    if (part.mime != facts_mime || !part.whole()) continue;
    const auto facts = json::parse(part.preview, nullptr, false);
    if (!facts.is_object()) continue;
    try {
      return read_account(facts);
    } catch (const json::exception&) {
      continue;  // not the agent's words
    }
  }
  return std::nullopt;
}

task<void> complete_display(agent::remote& agent, clock& time, const run_account& told,
                            spool& output, std::function<bool()> enough) {
  auto number = first_own_part;
  for (const auto& one : told.large) {
    bool whole = false;
    if (!one.part.empty() && one.bytes <= largest_value) {
      whole = co_await fetch(agent, time, one, number, output, enough);
    }
    if (!whole) {
      output.drop_part(number);
      name_missing(one, output);
    }
    ++number;
  }
  const auto before = number;
  for (const auto& one : told.earlier) co_await output.write(number++, one.mime, one.text);
  output.show_first(number - before);
}

void name_large_values(const run_account& told, spool& output) {
  for (const auto& one : told.large) name_missing(one, output);
}

}  // namespace livyd
