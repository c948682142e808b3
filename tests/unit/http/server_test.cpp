// Our server, asked by our client and by raw sockets.
#include "http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "raw_server.hpp"

namespace livyd::http {
namespace {

using test::started;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Server : public testing::Test {
 protected:
  void serve(server::handler handle, server::settings options = {}) {
    server_.emplace(loop_.io.get_executor(), options, std::move(handle));
    asio::co_spawn(loop_.io, server_->serve(), asio::detached);
    client_.emplace(loop_.io.get_executor(), client_settings{}, no_authentication());
  }

  request ask(std::string_view target, method verb = method::get, std::string body = {}) {
    request outgoing;
    outgoing.verb = verb;
    outgoing.target = parse_url(concat("http://127.0.0.1:", server_->port(), target));
    outgoing.body = std::move(body);
    outgoing.content_type = "application/json";
    return outgoing;
  }

  response send(request outgoing) { return loop_.run(client_->send(std::move(outgoing))); }

  test::tcp::socket dial() {
    test::tcp::socket socket(loop_.io);
    socket.connect({asio::ip::address_v4::loopback(), server_->port()});
    return socket;
  }

  /// Everything the server says to these bytes until it closes.
  std::string talk(std::string text) {
    auto socket = dial();
    return loop_.run(conversation(socket, std::move(text)));
  }

  static task<std::string> conversation(test::tcp::socket& socket, std::string text) {
    co_await test::say(socket, std::move(text));
    std::string heard;
    while (true) {
      std::array<char, 4096> piece{};
      auto [error, bytes] =
          co_await socket.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
      heard.append(piece.data(), bytes);
      if (error) co_return heard;
    }
  }

  test::loop loop_;
  std::optional<server> server_;
  std::optional<client> client_;
};

task<server_response> echo(server_request request) {
  server_response answer;
  nlohmann::json query = nlohmann::json::array();
  for (const auto& [name, value] : request.query) query.push_back({name, value});
  answer.body = nlohmann::json{
      {"verb", request.verb},
      {"path", request.path},
      {"target", request.target},
      {"body", request.body},
      {"query",
       query}}.dump();
  co_return answer;
}

TEST_F(Server, ShowsItsHandlerTheRequest) {
  serve(echo);
  const auto answer = send(ask("/a%20b/c?x=1%2B1&y=p+q&flag&x=2", method::post, "{\"k\":1}"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.reason, "OK");
  EXPECT_EQ(answer.content_type(), "application/json");
  const auto seen = nlohmann::json::parse(answer.body);
  EXPECT_EQ(seen["verb"], "POST");
  EXPECT_EQ(seen["path"], "/a b/c");
  EXPECT_EQ(seen["target"], "/a%20b/c?x=1%2B1&y=p+q&flag&x=2");
  EXPECT_EQ(seen["body"], "{\"k\":1}");
  const auto query = R"([["x","1+1"],["y","p q"],["flag",""],["x","2"]])";
  EXPECT_EQ(seen["query"], nlohmann::json::parse(query));
}

TEST(ServerRequest, GivesTheFirstValueOfAParameter) {
  server_request request;
  request.query = {{"x", "1"}, {"x", "2"}};
  EXPECT_EQ(request.parameter("x"), "1");
  EXPECT_EQ(request.parameter("y"), std::nullopt);
}

TEST_F(Server, KeepsTheConnectionForTheNextRequest) {
  serve(echo);
  for (int round = 0; round < 3; ++round) EXPECT_EQ(send(ask("/")).status, 200);
  EXPECT_EQ(client_->idle_connections(), 1U);
}

TEST_F(Server, SendsStatusHeadersAndBodyOfItsHandler) {
  serve([](server_request) -> task<server_response> {
    server_response answer;
    answer.status = 201;
    answer.headers.add("Location", "/sessions/7");
    answer.content_type = "text/plain";
    answer.body = "made";
    co_return answer;
  });
  const auto answer = send(ask("/", method::put));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.headers.get("location"), "/sessions/7");
  EXPECT_EQ(answer.content_type(), "text/plain");
  EXPECT_EQ(answer.body, "made");
}

TEST_F(Server, AnswersHeadWithoutABody) {
  serve(echo);
  const auto answer = send(ask("/", method::head));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_NE(answer.headers.get("Content-Length"), "0");
  EXPECT_EQ(send(ask("/")).status, 200);
  EXPECT_EQ(client_->idle_connections(), 1U);
}

TEST_F(Server, SendsNoBodyAndNoLengthWith204) {
  serve([](server_request) -> task<server_response> {
    co_return server_response{.status = 204, .headers = {}, .content_type = "", .body = "lost"};
  });
  const auto said = talk("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(said, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(said, EndsWith("\r\n\r\n"));
  EXPECT_THAT(said, testing::Not(HasSubstr("Content-Length")));
}

TEST_F(Server, TurnsAFailureInto500WithItsMessageAsJson) {
  serve([](server_request) -> task<server_response> {
    throw failure(failure_kind::io, "The disk is \"full\".");
    co_return server_response{};
  });
  const auto answer = send(ask("/"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(nlohmann::json::parse(answer.body), "The disk is \"full\".");
}

TEST_F(Server, TurnsAnyOtherExceptionInto500WithoutItsWords) {
  serve([](server_request) -> task<server_response> {
    throw std::runtime_error("/home/me/secret.cpp");
    co_return server_response{};
  });
  const auto answer = send(ask("/"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, testing::Not(HasSubstr("secret")));
}

TEST_F(Server, DoesNotLetAHandlersHeaderBreakTheFraming) {
  serve([](server_request) -> task<server_response> {
    server_response answer;
    answer.headers.add("X", "a\r\nSet-Cookie: stolen=1");
    co_return answer;
  });
  const auto answer = send(ask("/"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(answer.headers.has("Set-Cookie"));
}

TEST_F(Server, AnswersMalformedRequestsWith400AndCloses) {
  serve(echo);
  for (const std::string text :
       {"nonsense\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_THAT(talk(text), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << text;
  }
}

TEST_F(Server, RefusesLargeHeadersWith431) {
  serve(echo, {.header_limit = 1024});
  const auto said = talk(concat("GET / HTTP/1.1\r\nX: ", std::string(5000, 'x'), "\r\n\r\n"));
  EXPECT_THAT(said, StartsWith("HTTP/1.1 431 "));
}

TEST_F(Server, RefusesALargeBodyWith413WhichTheClientCanRead) {
  serve(echo, {.body_limit = 1000});
  EXPECT_EQ(send(ask("/", method::post, std::string(1000, 'x'))).status, 200);
  EXPECT_EQ(send(ask("/", method::post, std::string(1001, 'x'))).status, 413);
  EXPECT_EQ(send(ask("/", method::post, std::string(5'000'000, 'x'))).status, 413);
}

TEST_F(Server, RefusesALargeChunkedBodyWith413) {
  serve(echo, {.body_limit = 10});
  const auto said = talk(
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n");
  EXPECT_THAT(said, StartsWith("HTTP/1.1 413 "));
}

TEST_F(Server, ReadsAChunkedBodyAByteAtATime) {
  serve(echo);
  auto socket = dial();
  const std::string text =
      "POST /x HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";
  for (const char c : text) loop_.run(test::say(socket, std::string(1, c)));
  EXPECT_THAT(loop_.run(conversation(socket, "")), HasSubstr("\"body\":\"abcde\""));
}

TEST_F(Server, PermitsABodyThatWaitsFor100Continue) {
  serve(echo);
  auto socket = dial();
  loop_.run(test::say(socket,
                      "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                      "Connection: close\r\n\r\n"));
  std::array<char, 25> permission{};
  loop_.run([&]() -> task<void> {
    co_await asio::async_read(socket, asio::buffer(permission), asio::use_awaitable);
  }());
  EXPECT_EQ(std::string(permission.data(), permission.size()), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(loop_.run(conversation(socket, "hi")), HasSubstr("\"body\":\"hi\""));
}

TEST_F(Server, ServesRequestsThatWereSentAheadInOrder) {
  serve(echo);
  const auto said = talk(
      "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"
      "GET http://x/3 HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto first = said.find("\"path\":\"/1\"");
  const auto second = said.find("\"path\":\"/2\"");
  const auto third = said.find("\"path\":\"/3\"");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

TEST_F(Server, ClosesAfterAnHttp10Request) {
  serve(echo);
  EXPECT_THAT(talk("GET /old HTTP/1.0\r\n\r\n"), HasSubstr("\"path\":\"/old\""));
}

TEST_F(Server, ServesOneConnectionWhileAnotherWaits) {
  notification release(loop_.io.get_executor());
  bool waits = false;
  serve([&](server_request request) -> task<server_response> {
    if (request.path == "/slow") {
      waits = true;
      co_await release.wait();
    }
    server_response answer;
    answer.body = "done";
    co_return answer;
  });
  started<response> slow(loop_, client_->send(ask("/slow")));
  loop_.until([&] { return waits; });
  EXPECT_EQ(send(ask("/fast")).body, "done");
  EXPECT_FALSE(slow.finished());
  release.notify_all();
  EXPECT_EQ(slow.result().body, "done");
}

TEST_F(Server, CancelsTheHandlerWhenThePeerCloses) {
  bool waits = false;
  bool cancelled = false;
  bool cleaned = false;
  serve([&](server_request) -> task<server_response> {
    notification never(loop_.io.get_executor());
    waits = true;
    try {
      co_await never.wait();
    } catch (const failure& reason) {
      cancelled = reason.kind() == failure_kind::cancelled;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await shielded(
        [&]() -> task<void> {
          asio::steady_timer work(loop_.io, 1ms);
          co_await work.async_wait(asio::use_awaitable);
          cleaned = true;
        },
        1s);
    throw_cancelled();
  });
  started<response> call(loop_, client_->send(ask("/")));
  loop_.until([&] { return waits; });
  call.cancel();
  EXPECT_EQ(test::failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
  loop_.until([&] { return cleaned; });
  EXPECT_TRUE(cancelled);
}

TEST_F(Server, GoesOnServingAfterAPeerLeftInTheMiddleOfARequest) {
  serve(echo);
  {
    auto socket = dial();
    loop_.run(test::say(socket, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"));
  }
  EXPECT_EQ(send(ask("/")).status, 200);
}

TEST_F(Server, ClosesEverythingWhenStopped) {
  bool waits = false;
  serve([&](server_request) -> task<server_response> {
    notification never(loop_.io.get_executor());
    waits = true;
    co_await never.wait();
    co_return server_response{};
  });
  auto outgoing = ask("/");
  started<response> call(loop_, client_->send(outgoing));
  loop_.until([&] { return waits; });
  server_->stop();
  EXPECT_EQ(test::failure_of([&] { call.result(); }).kind(), failure_kind::connection_lost);
  EXPECT_EQ(test::failure_of([&] { send(outgoing); }).kind(), failure_kind::connection_refused);
  loop_.drain();
}

TEST_F(Server, MayBeDestroyedByItsOwnHandler) {
  serve([&](server_request) -> task<server_response> {
    server_.reset();
    notification never(loop_.io.get_executor());
    co_await never.wait();
    co_return server_response{};
  });
  auto outgoing = ask("/");
  EXPECT_EQ(test::failure_of([&] { send(outgoing); }).kind(), failure_kind::connection_lost);
  loop_.drain();
}

TEST_F(Server, EndsServingWhenCancelled) {
  server_.emplace(loop_.io.get_executor(), server::settings{}, echo);
  started<void> serving(loop_, server_->serve());
  loop_.settle();
  serving.cancel();
  EXPECT_EQ(test::failure_of([&] { serving.result(); }).kind(), failure_kind::cancelled);
}

TEST_F(Server, SaysWhenThePortIsTaken) {
  serve(echo);
  const auto port = server_->port();
  const auto reason = test::failure_of(
      [&] { server second(loop_.io.get_executor(), server::settings{.port = port}, echo); });
  EXPECT_EQ(reason.kind(), failure_kind::io);
  EXPECT_EQ(reason.message(),
            concat("Port ", port, " of 127.0.0.1 cannot be used: address already in use."));
}

}  // namespace
}  // namespace livyd::http
