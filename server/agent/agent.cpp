#include "agent/agent.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/expression.hpp"
#include "base/text.hpp"

namespace livyd::agent {
namespace {

using nlohmann::json;

/// What a free interpreter needs at most, also on a busy host; native code may hold it longer.
constexpr duration answer_deadline = 15s;
/// Compiling the agent and taking the shell over, beside a cell that computes.
constexpr duration install_deadline = 30s;
constexpr duration longest_wait = 10s;

/// The agent is a bound method in the shell's router; where there is none, the answer is empty.
constexpr std::string_view call_head =
    R"py(getattr(getattr(getattr(__import__("sys").modules["__main__"], "msg_type_router", {}))py"
    R"py(.get("execute_request"), "__self__", None), "call", lambda _: b"")()py";

std::string call_expression(const json& asked) {
  const auto text = asked.dump(-1, ' ', true, json::error_handler_t::replace);
  return concat(call_head, python_text(text), ")");
}

struct answer {
  json facts;
  std::string payload;
};

failure no_agent() {
  return {failure_kind::unsupported,
          "There is no agent of livyd's in this session. Code runs in Livy's plain way."};
}

[[noreturn]] void misunderstood(std::string detail) {
  throw failure(failure_kind::unsupported,
                "The session's agent gave an answer that this livyd does not understand.",
                std::move(detail));
}

/// `read` of the agent's facts, whose types are not ours to trust.
template <class Read>
auto understood(Read read) {
  try {
    return read();
  } catch (const json::exception& unread) {
    misunderstood(unread.what());
  }
}

std::uint64_t count_in(const json& facts, const char* name) {
  const auto& count = facts.at(name);
  if (!count.is_number_unsigned()) misunderstood(concat(name, " is no count"));
  return count.get<std::uint64_t>();
}

answer taken_apart(std::string text) {
  const auto end = std::min(text.find('\n'), text.size());
  answer taken;
  taken.facts =
      json::parse(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
  if (!taken.facts.is_object()) misunderstood("its first line is no JSON object");
  text.erase(0, std::min(end + 1, text.size()));
  taken.payload = std::move(text);
  if (taken.facts.contains("error")) {
    const auto words = understood([&] { return taken.facts["error"].get<std::string>(); });
    throw failure(failure_kind::unsupported,
                  concat("The session's agent could not answer: ", words), words);
  }
  return taken;
}

task<answer> ask(livy::side_channel& channel, json asked, duration wait = duration::zero(),
                 duration quiet = duration::zero()) {
  auto text =
      co_await channel.evaluate(call_expression(asked), wait, wait + answer_deadline, quiet);
  if (text.empty()) throw no_agent();
  co_return taken_apart(std::move(text));
}

double seconds_of(duration span) {
  return std::chrono::duration<double>(span).count();
}

interruption interruption_of(std::string_view done) {
  if (done == "interrupted") return interruption::interrupted;
  if (done == "ended") return interruption::ended;
  if (done == "not running") return interruption::not_running;
  if (done == "unknown") return interruption::unknown;
  misunderstood("it says of an interrupt what is not known here");
}

}  // namespace

remote::remote(livy::client& livy, clock& time, std::string session)
    : channel_(livy, time, std::move(session)) {}

task<greeting> remote::install(std::string nonce) {
  auto expression = install_expression(nonce, false);
  const auto said =
      co_await channel_.evaluate(std::move(expression), duration::zero(), install_deadline);
  co_return read_greeting(said);
}

task<std::optional<greeting>> remote::hello() {
  auto expression = call_expression({{"do", "hello"}});
  const auto said =
      co_await channel_.evaluate(std::move(expression), duration::zero(), answer_deadline);
  if (said.empty()) co_return std::nullopt;
  co_return read_greeting(said);
}

task<piece> remote::read(std::string run, std::uint64_t offset, std::size_t limit, duration wait,
                         duration quiet) {
  const auto waited = std::clamp<duration>(wait, duration::zero(), longest_wait);
  json asked = {{"do", "read"},
                {"run", std::move(run)},
                {"offset", offset},
                {"limit", limit},
                {"wait", seconds_of(waited)}};
  auto said = co_await ask(channel_, std::move(asked), waited, quiet);
  co_return understood([&] {
    const auto& facts = said.facts;
    return piece{.known = facts.at("known").get<bool>(),
                 .ran = facts.at("ran").get<bool>(),
                 .refused = facts.at("refused").get<bool>(),
                 .ended = facts.at("ended").get<bool>(),
                 .offset = count_in(facts, "offset"),
                 .size = count_in(facts, "size"),
                 .bytes = std::move(said.payload)};
  });
}

task<interruption> remote::interrupt(std::string run) {
  json asked = {{"do", "interrupt"}, {"run", std::move(run)}};
  const auto said = co_await ask(channel_, std::move(asked));
  const auto done = understood([&] { return said.facts.at("done").get<std::string>(); });
  co_return interruption_of(done);
}

task<bool> remote::withdraw(std::string run) {
  json asked = {{"do", "withdraw"}, {"run", std::move(run)}};
  const auto said = co_await ask(channel_, std::move(asked));
  co_return understood([&] { return said.facts.at("withdrawn").get<bool>(); });
}

task<outcome> remote::result(std::string run) {
  json asked = {{"do", "result"}, {"run", std::move(run)}};
  const auto said = co_await ask(channel_, std::move(asked));
  co_return understood([&] {
    outcome found;
    found.known = said.facts.at("known").get<bool>();
    const auto reply = said.facts.find("reply");
    if (!found.known || reply == said.facts.end()) return found;
    found.reply = reply->is_string() ? reply->get<std::string>() : reply->dump();
    return found;
  });
}

task<void> remote::drop(std::string run) {
  json asked = {{"do", "drop"}, {"run", std::move(run)}};
  co_await ask(channel_, std::move(asked));
}

}  // namespace livyd::agent
