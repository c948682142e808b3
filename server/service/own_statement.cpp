#include "service/own_statement.hpp"

#include <utility>

#include "base/text.hpp"
#include "livy/statement.hpp"

namespace livyd {
namespace {

class collected_text final : public livy::output_sink {
 public:
  explicit collected_text(std::size_t limit) : limit_(limit) {}
  task<void> restart() override {
    text.clear();
    co_return;
  }
  task<void> write(std::size_t, std::string_view mime, std::string_view piece) override {
    const bool wanted = mime == "text/plain" && text.size() < limit_;
    if (wanted) text.append(piece.substr(0, limit_ - text.size()));
    co_return;
  }
  std::string text;

 private:
  std::size_t limit_;
};

}  // namespace

task<std::string> text_of_statement(livy::client& livy, clock& time, std::string session,
                                    std::string code, std::size_t limit,
                                    std::function<void(std::int64_t)> sent) {
  const auto id = co_await livy.submit(session, std::move(code), "pyspark");
  sent(id);
  collected_text answer(limit);
  auto observe = [](const livy::statement_progress&) -> task<void> { co_return; };
  const auto seen = co_await livy::follow_statement(livy, time, session, id, answer, observe);
  if (seen.status != "ok") {
    throw failure(failure_kind::unsupported, "A statement of livyd's own failed in the session.",
                  concat(seen.error_name, ": ", seen.error_value));
  }
  co_return std::move(answer.text);
}

}  // namespace livyd
