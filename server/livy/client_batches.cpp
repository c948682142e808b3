// The client's requests about batches.
#include <set>
#include <utility>

#include "base/text.hpp"
#include "livy/client.hpp"
#include "livy/client_parts.hpp"

namespace livyd::livy {
namespace {

std::string batch_path(const std::string& batch, std::string_view rest = {}) {
  return concat("batches/", percent_encoded(batch), rest);
}

/// Livy calls them sessions in its own words, too.
bool batch_is_unknown(const http::response& answer, const http::url& target) {
  if (answer.status != 404) return false;
  const auto kind = session_failure_from(answer, target, "find the batch").kind();
  return kind == failure_kind::session_lost || kind == failure_kind::not_found;
}

}  // namespace

failure unknown_batch(const std::string& batch) {
  return {failure_kind::not_found,
          concat("There is no batch ", batch,
                 " on this server (any more). livyd batch list shows those that there are.")};
}

task<batch_view> client::create_batch(batch_request wanted) {
  auto body = text_of(batch_body(wanted), "The arguments or the profile hold");
  auto outgoing = request(http::method::post, "batches", {}, std::move(body), create_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  co_return understood(read_batch, answer, target, "start the batch");
}

task<std::optional<batch_view>> client::find_batch(std::string id_or_name) {
  auto outgoing = request(http::method::get, batch_path(id_or_name), {}, {}, small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (batch_is_unknown(answer, target)) co_return std::nullopt;
  co_return understood(read_batch, answer, target, "show the batch");
}

task<std::vector<batch_view>> client::list_batches() {
  std::vector<batch_view> all;
  std::set<std::string> seen;  // a batch created meanwhile moves the others to the next page
  std::int64_t from = 0;
  while (all.size() < most_listed) {
    auto outgoing = request(http::method::get, "batches",
                            concat("from=", from, "&size=", listed_per_page), {}, small_deadline);
    const auto target = outgoing.target;
    const auto answer = co_await transport_.send(std::move(outgoing));
    auto page = understood(read_batch_page, answer, target, "list the batches");
    const auto count = static_cast<std::int64_t>(page.batches.size());
    for (auto& batch : page.batches) {
      if (seen.insert(batch.id).second) all.push_back(std::move(batch));
    }
    from += count;
    if (count == 0 || from >= page.total) break;
  }
  co_return all;
}

task<log_page> client::read_batch_log(std::string batch, std::int64_t from, std::int64_t size) {
  auto query = concat("size=", size);
  if (from >= 0) query = concat("from=", from, "&", query);
  auto outgoing = request(http::method::get, batch_path(batch, "/log"), query, {}, small_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (batch_is_unknown(answer, target)) throw unknown_batch(batch);
  co_return understood(read_log_page, answer, target, "show the batch's log");
}

task<void> client::delete_batch(std::string batch) {
  auto outgoing = request(http::method::delete_, batch_path(batch), {}, {}, create_deadline);
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (batch_is_unknown(answer, target)) co_return;
  if (!answer.ok()) throw failure_from(answer, target, "end the batch");
  if (!answer.body.empty()) json_body(answer, target, "end the batch");
}

}  // namespace livyd::livy
