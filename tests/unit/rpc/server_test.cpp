// The server's promises: exactly one reply to each request, whatever arrives and whatever handlers
// do.
#include "rpc/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "base/text.hpp"
#include "loop.hpp"
#include "memory_transport.hpp"
#include "protocol/protocol.hpp"

namespace livyd::rpc {
namespace {

using nlohmann::json;
using test::run_until;
using testing::HasSubstr;

/// A message of the tests' own; its parameters pass through unread.
template <char Name>
struct message {
  static constexpr char letters[] = {Name};
  static constexpr std::string_view method{letters, 1};
  using params = json;
  using result = json;
};
using echo = message<'e'>;
using slow = message<'s'>;
using stubborn = message<'b'>;
using thrower = message<'t'>;

json call(const json& id, std::string_view method, json params = json::object()) {
  json request{{"jsonrpc", "2.0"}, {"method", method}};
  request["id"] = id;
  request["params"] = std::move(params);
  return request;
}

json cancel(const json& id) {
  json params = json::object();
  params["id"] = id;
  json request{{"jsonrpc", "2.0"}, {"method", "$/cancelRequest"}};
  request["params"] = params;
  return request;
}

class Server : public testing::Test {
 protected:
  Server() : peer_(std::make_shared<test::memory_peer>(loop_.get_executor())) {
    server_ = std::make_unique<server>(std::make_unique<test::memory_transport>(peer_));
    server_->on<echo>([](json params) -> task<json> { co_return params; });
    server_->on<slow>([this](json) -> task<json> {
      ++started_;
      asio::steady_timer timer(loop_, 1h);
      co_await timer.async_wait(asio::use_awaitable);
      co_return "too late";
    });
    server_->on<stubborn>([this](json) -> task<json> {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      ++started_;
      while (!released_) co_await release_.wait();
      co_return "done";
    });
  }
  ~Server() override {
    // What is left unwinds while everything it refers to is still there.
    released_ = true;
    release_.notify_all();
    if (served_ && !served_->ended) finish();
    server_.reset();
    loop_.restart();
    loop_.poll();
  }

  void serve(duration drain = 2s) { served_ = test::start(loop_, server_->serve(drain)); }
  bool finish() {
    peer_->hangs_up();
    return run_until(loop_, [&] { return served_->ended; });
  }
  /// Waits for `count` messages in all.
  const std::vector<json>& heard(std::size_t count) {
    EXPECT_TRUE(run_until(loop_, [&] { return peer_->heard.size() >= count; }))
        << "only " << peer_->heard.size() << " of " << count << " messages";
    return peer_->heard;
  }
  /// The reply to one request or to any other text.
  json reply_to(const std::string& text) {
    peer_->says(text);
    const auto& all = heard(peer_->heard.size() + 1);
    return all.empty() ? json() : all.back();
  }
  bool started(int count) {
    return run_until(loop_, [&] { return started_ >= count; });
  }

  asio::io_context loop_;
  std::shared_ptr<test::memory_peer> peer_;
  notification release_{loop_.get_executor()};
  bool released_ = false;
  int started_ = 0;
  std::unique_ptr<server> server_;
  std::shared_ptr<test::outcome> served_;
};

TEST_F(Server, AnswersARequest) {
  serve();
  const auto reply = reply_to(call(7, "e", {{"x", 1}}).dump());
  EXPECT_EQ(reply, json::parse(R"({"jsonrpc": "2.0", "id": 7, "result": {"x": 1}})"));
  EXPECT_EQ(server_->in_flight(), 0U);
}

TEST_F(Server, GivesAnEmptyObjectWhenThereAreNoParameters) {
  serve();
  EXPECT_EQ(reply_to(R"({"jsonrpc": "2.0", "id": "a", "method": "e"})")["result"], json::object());
}

TEST_F(Server, RefusesWhatIsNotARequestAndGoesOn) {
  serve();
  struct row {
    std::string text;
    json id;
    int code;
  };
  const std::vector<row> table{
      {"{", nullptr, code::parse_error},
      {"", nullptr, code::parse_error},
      {"\xff\xfe", nullptr, code::parse_error},
      {"{\"jsonrpc\": \"2.0\", \"method\": \"\xff\", \"id\": 1}", nullptr, code::parse_error},
      {std::string(300, '[') + std::string(300, ']'), nullptr, code::parse_error},
      {std::string(100'000, '['), nullptr, code::parse_error},
      {"[]", nullptr, code::invalid_request},
      {"3", nullptr, code::invalid_request},
      {"[" + call(1, "e").dump() + "]", nullptr, code::invalid_request},
      {"{}", nullptr, code::invalid_request},
      {R"({"id": 1, "method": "e"})", 1, code::invalid_request},
      {R"({"jsonrpc": "1.0", "id": 1, "method": "e"})", 1, code::invalid_request},
      {R"({"jsonrpc": "2.0", "id": 1, "method": 3})", 1, code::invalid_request},
      {R"({"jsonrpc": "2.0", "id": 1})", 1, code::invalid_request},
      {R"({"jsonrpc": "2.0", "id": null, "method": "e"})", nullptr, code::invalid_request},
      {R"({"jsonrpc": "2.0", "id": 1.5, "method": "e"})", nullptr, code::invalid_request},
      {R"({"jsonrpc": "2.0", "id": [1], "method": "e"})", nullptr, code::invalid_request},
      {call("x", "nobody").dump(), "x", code::method_not_found},
  };
  for (const auto& [text, id, expected] : table) {
    const auto reply = reply_to(text);
    EXPECT_EQ(reply["error"]["code"], expected) << text.substr(0, 80);
    EXPECT_EQ(reply["id"], id) << text.substr(0, 80);
    EXPECT_EQ(reply["error"]["data"]["kind"], "invalidInput");
  }
  EXPECT_EQ(reply_to(call(2, "e").dump())["result"], json::object());
  EXPECT_EQ(peer_->heard.size(), table.size() + 1);
}

TEST_F(Server, BracketsInsideStringsAreNotNesting) {
  serve();
  const std::string brackets = std::string(1000, '[') + "\\\"" + std::string(1000, '{');
  EXPECT_EQ(reply_to(call(1, "e", {{"x", brackets}}).dump())["result"]["x"], brackets);
}

TEST_F(Server, IgnoresNotificationsAndRepliesThatNobodyAsksFor) {
  serve();
  peer_->says(R"({"jsonrpc": "2.0", "method": "exit"})");
  peer_->says(R"({"jsonrpc": "2.0", "method": "e", "params": {}})");
  peer_->says(R"({"jsonrpc": "2.0", "id": 1, "result": 3})");
  peer_->says(R"({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}})");
  peer_->says(R"({"jsonrpc": "2.0", "method": "$/cancelRequest"})");
  peer_->says(R"({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": {}}})");
  peer_->sends(cancel("nobody"));
  peer_->sends(call(1, "e"));
  EXPECT_EQ(heard(1).at(0)["id"], 1);
  EXPECT_TRUE(finish());
  EXPECT_EQ(peer_->heard.size(), 1U);
}

TEST_F(Server, NamesThePathOfBadParameters) {
  server_->on<protocol::run_start>(
      [](protocol::RunStartParams) -> task<protocol::RunInfo> { co_return protocol::RunInfo{}; });
  serve();
  const auto request = call(1, "run/start",
                            {{"run", "r"},
                             {"profile", "p"},
                             {"language", "python"},
                             {"code", ""},
                             {"source", {{"file", "f"}}}});
  const auto reply = reply_to(request.dump());
  EXPECT_EQ(reply["error"]["code"], code::invalid_params);
  EXPECT_EQ(reply["error"]["message"], "run/start: \"source.firstLine\" is missing");
  const auto list = reply_to(call(2, "run/start", json::array({1})).dump());
  EXPECT_EQ(list["error"]["message"], "run/start: the message must be an object");
}

TEST_F(Server, MapsWhateverAHandlerThrows) {
  struct row {
    std::function<void()> act;
    int code;
    std::string kind;
    std::string message;
    json detail;
  };
  const std::vector<row> table{
      {[] { throw failure(failure_kind::tls, "No. Do this.", "more"); }, code::failed, "tls",
       "No. Do this.", "more"},
      {[] { throw failure(failure_kind::io, "Gone."); }, code::failed, "io", "Gone.", nullptr},
      {[] { throw failure(failure_kind::io, "a\xff z"); }, code::failed, "io", "a\xEF\xBF\xBD z",
       nullptr},
      {[] { throw_cancelled(); }, code::request_cancelled, "cancelled", "cancelled", nullptr},
      {[] { throw std::out_of_range("map::at"); }, code::internal_error, "internal",
       "livyd has a bug", "map::at"},
      {[] { throw boost::system::system_error(asio::error::eof); }, code::internal_error,
       "internal", "livyd has a bug", "End of file"},
      {[] { throw 3; }, code::internal_error, "internal", "livyd has a bug",
       "an unknown exception"},
  };
  std::function<void()> act;
  server_->on<thrower>([&act](json) -> task<json> {
    act();
    co_return json();
  });
  serve();
  for (const auto& row : table) {
    act = row.act;
    const auto error = reply_to(call(1, "t").dump())["error"];
    EXPECT_EQ(error["code"], row.code);
    EXPECT_THAT(error["message"].get<std::string>(), HasSubstr(row.message));
    EXPECT_EQ(error["data"]["kind"], row.kind);
    EXPECT_EQ(error["data"].value("detail", json()), row.detail);
  }
}

TEST_F(Server, MapsAHandlerThatThrowsBeforeItsFirstSuspension) {
  server_->on<thrower>([](json) -> task<json> { throw std::runtime_error("no coroutine"); });
  serve();
  EXPECT_EQ(reply_to(call(1, "t").dump())["error"]["code"], code::internal_error);
}

TEST_F(Server, CancelsARequestWhileItRuns) {
  serve();
  peer_->sends(call(1, "s"));
  peer_->sends(call("1", "s"));
  ASSERT_TRUE(started(2));
  peer_->sends(cancel("1"));
  EXPECT_EQ(heard(1).at(0)["id"], "1");
  EXPECT_EQ(peer_->heard.at(0)["error"]["code"], code::request_cancelled);
  EXPECT_EQ(server_->in_flight(), 1U);
  peer_->sends(cancel(1));
  EXPECT_EQ(heard(2).at(1)["id"], 1);
}

TEST_F(Server, CancelsARequestBeforeItBegan) {
  peer_->sends(call(1, "s"));
  peer_->sends(cancel(1));
  serve();
  EXPECT_EQ(heard(1).at(0)["error"]["code"], code::request_cancelled);
}

TEST_F(Server, ACancelAfterTheReplyChangesNothing) {
  serve();
  reply_to(call(1, "e").dump());
  peer_->sends(cancel(1));
  peer_->sends(cancel(1));
  EXPECT_EQ(reply_to(call(1, "e").dump())["result"], json::object());
  EXPECT_EQ(peer_->heard.size(), 2U);
}

TEST_F(Server, AHandlerMayFinishInSpiteOfACancel) {
  serve();
  peer_->sends(call(1, "b"));
  ASSERT_TRUE(started(1));
  peer_->sends(cancel(1));
  peer_->sends(call(2, "e"));
  EXPECT_EQ(heard(1).at(0)["id"], 2);
  released_ = true;
  release_.notify_all();
  EXPECT_EQ(heard(2).at(1)["result"], "done");
}

TEST_F(Server, RefusesAnIdThatIsInFlight) {
  serve();
  peer_->sends(call(1, "s"));
  const auto reply = reply_to(call(1, "e").dump());
  EXPECT_EQ(reply["error"]["code"], code::invalid_request);
  EXPECT_EQ(server_->in_flight(), 1U);
}

TEST_F(Server, CancelsWhatRunsAtTheEndOfTheInput) {
  serve();
  peer_->sends(call(1, "s"));
  peer_->sends(call(2, "s"));
  ASSERT_TRUE(started(2));
  ASSERT_TRUE(finish());
  EXPECT_EQ(served_->message(), "");
  ASSERT_EQ(peer_->heard.size(), 2U);
  for (const auto& reply : peer_->heard) {
    EXPECT_EQ(reply["error"]["code"], code::request_cancelled);
  }
}

TEST_F(Server, AnswersForARequestThatDoesNotEnd) {
  serve(20ms);
  peer_->sends(call(1, "b"));
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(finish());
  ASSERT_EQ(peer_->heard.size(), 1U);
  EXPECT_EQ(peer_->heard[0]["error"]["code"], code::request_cancelled);
  // When it ends after all, there is no second reply.
  released_ = true;
  release_.notify_all();
  loop_.restart();
  loop_.poll();
  EXPECT_EQ(peer_->heard.size(), 1U);
}

TEST_F(Server, AnswersWhatIsInFlightWhenItIsDestroyed) {
  serve();
  peer_->sends(call(1, "s"));
  ASSERT_TRUE(started(1));
  served_.reset();
  server_.reset();
  ASSERT_EQ(peer_->heard.size(), 1U);
  EXPECT_EQ(peer_->heard[0]["error"]["code"], code::request_cancelled);
}

TEST_F(Server, EndsWhenItsCoroutineIsCancelled) {
  background work;
  bool ended = false;
  work.start(loop_.get_executor(), "test", [&]() -> task<void> {
    try {
      co_await server_->serve(1s);
    } catch (const failure& reason) {
      ended = reason.kind() == failure_kind::cancelled;
    }
  });
  peer_->sends(call(1, "s"));
  ASSERT_TRUE(started(1));
  work.cancel();
  EXPECT_TRUE(run_until(loop_, [&] { return ended; }));
  EXPECT_EQ(heard(1).at(0)["error"]["code"], code::request_cancelled);
}

TEST_F(Server, GivesEachOfAThousandRequestsExactlyOneReply) {
  constexpr int count = 1000;
  server_->on<thrower>([this](json params) -> task<json> {
    const auto number = params["n"].get<int>();
    asio::steady_timer timer(loop_, std::chrono::microseconds((number * 7919) % 1000));
    co_await timer.async_wait(asio::use_awaitable);
    if (number % 5 == 0) throw failure(failure_kind::rejected, "five");
    if (number % 7 == 0) throw std::runtime_error("seven");
    co_return params;
  });
  serve();
  for (int i = 0; i < count; ++i) {
    peer_->sends(i % 3 == 0 ? call(i, "s") : call(i, "t", {{"n", i}}));
    if (i % 3 == 0) peer_->sends(cancel(i));
    if (i % 11 == 0) peer_->sends(cancel(i / 2));
  }
  heard(count);
  ASSERT_TRUE(finish());
  std::map<int, int> replies;
  for (const auto& reply : peer_->heard) ++replies[reply["id"].get<int>()];
  EXPECT_EQ(peer_->heard.size(), std::size_t{count});
  EXPECT_EQ(replies.size(), std::size_t{count});
  EXPECT_EQ(server_->in_flight(), 0U);
}

TEST_F(Server, SendsNotificationsInOrder) {
  auto sent = test::start(loop_, [](server& speaker) -> task<void> {
    for (int i = 0; i < 100; ++i) {
      protocol::RunOutput piece{.run = "r", .offset = i, .text = "\xff"};
      co_await speaker.notify<protocol::run_output>(std::move(piece));
    }
  }(*server_));
  const auto& all = heard(100);
  EXPECT_EQ(sent->message(), "");
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i]["params"]["offset"], i);
    EXPECT_EQ(all[i]["params"]["text"], "\xEF\xBF\xBD");
    EXPECT_FALSE(all[i].contains("id"));
  }
}

}  // namespace
}  // namespace livyd::rpc
