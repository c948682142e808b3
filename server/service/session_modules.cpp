#include "service/session_modules.hpp"

#include <boost/asio/buffer.hpp>
#include <utility>

#include "base/text.hpp"
#include "hdfs/local_file.hpp"
#include "service/own_statement.hpp"

namespace livyd {
namespace {

using nlohmann::json;

/// The state of a project of 30,000 files.
constexpr std::size_t answer_limit = 4_MiB;
/// A megabyte of base64 each.
constexpr std::size_t piece_bytes = 768_KiB;

}  // namespace

task<agent::modules_answer> ask_modules(livy::client& livy, clock& time, std::string session,
                                        json request, statement_seen sent) {
  const auto words = request.dump(-1, ' ', true, json::error_handler_t::replace);
  agent::modules_answer out;
  for (const bool may_be_there : {true, false}) {
    auto text = co_await text_of_statement(
        livy, time, session, agent::modules_statement(words, may_be_there), answer_limit, sent);
    out = agent::read_modules_answer(text);
    if (!out.missing) break;
  }
  if (!out.problem.empty()) throw failure(failure_kind::rejected, out.problem);
  co_return out;
}

task<void> stage_file(livy::client& livy, clock& time, std::string session, std::string name,
                      std::filesystem::path file, statement_seen sent,
                      std::function<void(std::int64_t)> progress) {
  auto from = open_file(file);
  if (from->bytes() > staged_limit) {
    throw failure(
        failure_kind::too_large,
        concat(file.filename().string(), " (",
               human_bytes(static_cast<std::uint64_t>(from->bytes())),
               ") is too big to travel as text through the session; ", human_bytes(staged_limit),
               " is the most. Add \"webhdfs\" to the profile."));
  }
  auto source = source_of(std::move(from));
  std::int64_t at = 0;
  std::string piece(piece_bytes, '\0');
  while (true) {
    std::size_t filled = 0;
    while (filled < piece_bytes) {
      const auto more = co_await source(asio::buffer(piece.data() + filled, piece_bytes - filled));
      if (more == 0) break;
      filled += more;
    }
    if (filled == 0) break;
    piece.resize(filled);
    json request{{"do", "stage"}, {"name", name}, {"at", at}, {"piece", base64_encoded(piece)}};
    const auto answer = co_await ask_modules(livy, time, session, std::move(request), sent);
    at += static_cast<std::int64_t>(piece.size());
    // More is there when an earlier deployment of the same was broken off.
    if (answer.staged < at) {
      throw failure(
          failure_kind::io,
          concat(file.filename().string(), " did not arrive whole in the session. Deploy again."));
    }
    piece.resize(piece_bytes);
    progress(at);
  }
}

}  // namespace livyd
