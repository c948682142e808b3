// The client against servers that are slow, odd or plainly wrong: each yields its answer or one
// sentence, and nothing hangs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "raw_server.hpp"

namespace livyd::http {
namespace {

using test::failure_of;
using test::raw_server;
using test::started;
using test::tcp;
using testing::ElementsAre;
using testing::HasSubstr;

enum class ending { closes, stays, resets };

/// Hears one request, says the pieces one by one, then does `last`.
raw_server::script says(std::vector<std::string> pieces, ending last = ending::closes) {
  return [pieces, last](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    auto executor = co_await asio::this_coro::executor;
    for (const auto& piece : pieces) {
      co_await test::say(peer, piece);
      // Lets the client see each piece by itself.
      co_await asio::post(executor, asio::use_awaitable);
    }
    if (last == ending::stays) co_await test::farewell(peer);
    if (last == ending::resets) peer.set_option(tcp::socket::linger(true, 0));
  };
}

std::vector<std::string> bytes_of(std::string_view text) {
  std::vector<std::string> list;
  for (const char c : text) list.emplace_back(1, c);
  return list;
}

class BadServer : public testing::Test {
 protected:
  response ask(const raw_server& server, std::size_t body_limit = 8_MiB,
               method verb = method::get) {
    client asker(loop_.io.get_executor(), settings_, no_authentication());
    request outgoing;
    outgoing.verb = verb;
    outgoing.target = server.at("/x?token=secret");
    outgoing.body_limit = body_limit;
    outgoing.deadline = deadline_;
    auto answer = loop_.run(asker.send(outgoing));
    idle_ = asker.idle_connections();
    return answer;
  }

  /// The failure; {peer} in the sentences below stands for the server's address.
  failure refusal(const raw_server& server, std::size_t body_limit = 8_MiB) {
    const auto reason = failure_of([&] { ask(server, body_limit); });
    auto sentence = reason.message();
    const auto at = sentence.find(server.peer());
    if (at != std::string::npos) sentence.replace(at, server.peer().size(), "{peer}");
    loop_.until([&] { return server.open() == 0; });
    return failure(reason.kind(), sentence, reason.detail());
  }

  test::loop loop_;
  client_settings settings_;
  duration deadline_ = 20s;
  std::size_t idle_ = 0;
};

TEST_F(BadServer, OddAnswersAreRead) {
  struct row {
    std::string name;
    std::vector<std::string> pieces;
    ending last;
    int status;
    std::string body;
    std::size_t idle;
  };
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello";
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: t\r\n\r\n";
  const std::vector<row> rows{
      {"halves of the head",
       {whole.substr(0, 25), whole.substr(25)},
       ending::stays,
       200,
       "hello",
       1},
      {"a byte at a time", bytes_of(whole), ending::stays, 200, "hello", 1},
      {"chunked", {chunked}, ending::stays, 200, "hello", 1},
      {"chunked, a byte at a time", bytes_of(chunked), ending::stays, 200, "hello", 1},
      {"ends with the connection",
       {"HTTP/1.1 200 OK\r\n\r\nhel", "lo"},
       ending::closes,
       200,
       "hello",
       0},
      {"no body at all, ends with the connection",
       {"HTTP/1.1 200 OK\r\n\r\n"},
       ending::closes,
       200,
       "",
       0},
      {"no length and a farewell, as Knox ends an upload",
       {"HTTP/1.1 201 Created\r\nDate: a\r\nDate: b\r\nConnection: close\r\n\r\n"},
       ending::closes,
       201,
       "",
       0},
      {"a length and a farewell",
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
       ending::stays,
       200,
       "hello",
       0},
      {"HTTP/1.0", {"HTTP/1.0 200 OK\r\n\r\nhello"}, ending::closes, 200, "hello", 0},
      {"unasked 100 Continue",
       {"HTTP/1.1 100 Continue\r\n\r\n", whole},
       ending::stays,
       200,
       "hello",
       1},
      {"two interim answers in one piece",
       {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + whole},
       ending::stays,
       200,
       "hello",
       1},
      {"no reason", {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"}, ending::stays, 200, "", 1},
      {"204", {"HTTP/1.1 204 No Content\r\n\r\n"}, ending::stays, 204, "", 1},
      {"304 with a length",
       {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"},
       ending::stays,
       304,
       "",
       1},
      {"equal lengths twice",
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
       ending::stays,
       200,
       "hello",
       1},
      {"a folded header",
       {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 5\r\n\r\nhello"},
       ending::stays,
       200,
       "hello",
       1},
      {"an odd status",
       {"HTTP/1.1 299 Fine\r\nContent-Length: 5\r\n\r\nhello"},
       ending::stays,
       299,
       "hello",
       1},
      {"50 KB of headers",
       {"HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate " + std::string(50'000, 'T') +
        "\r\nContent-Length: 5\r\n\r\nhello"},
       ending::stays,
       200,
       "hello",
       1},
      {"a protocol that nobody asked for",
       {"HTTP/1.1 101 Switching Protocols\r\n\r\n"},
       ending::stays,
       101,
       "",
       0},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    raw_server server(loop_, says(row.pieces, row.last));
    const auto answer = ask(server);
    EXPECT_EQ(answer.status, row.status);
    EXPECT_EQ(answer.body, row.body);
    EXPECT_EQ(idle_, row.idle);
  }
}

TEST_F(BadServer, SendsTheSameHeaderManyTimes) {
  raw_server server(loop_, says({"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
                                 "Server: x\r\nServer: x\r\nDate: a\r\nDate: b\r\n"
                                 "Content-Length: 0\r\n\r\n"}));
  const auto answer = ask(server);
  EXPECT_THAT(answer.headers.all("set-cookie"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(answer.headers.all("Date"), ElementsAre("a", "b"));
}

TEST_F(BadServer, AnswersHeadWithALength) {
  raw_server server(loop_, says({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}, ending::stays));
  EXPECT_EQ(ask(server, 8_MiB, method::head).body, "");
}

TEST_F(BadServer, WrongAnswersEndInASentence) {
  struct row {
    std::string name;
    std::vector<std::string> pieces;
    ending last;
    failure_kind kind;
    std::string sentence;
  };
  const auto not_http = failure_kind::not_http;
  const auto lost = failure_kind::connection_lost;
  const std::string alert("\x15\x03\x03\x00\x02\x02\x46", 7);
  const std::string not_valid = "{peer} sent an answer that is not HTTP.";
  const std::string middle = "{peer} closed the connection in the middle of its answer.";
  const std::string silent =
      "{peer} closed the connection without an answer; it may expect https://.";
  const std::vector<row> rows{
      {"a TLS alert, then the end",
       {alert},
       ending::closes,
       not_http,
       "{peer} does not answer in HTTP; it may expect https://."},
      {"a TLS alert on an open connection",
       {alert},
       ending::stays,
       not_http,
       "{peer} does not answer in HTTP; it may expect https://."},
      {"an SSH server",
       {"SSH-2.0-OpenSSH_9.2\r\n"},
       ending::stays,
       not_http,
       "{peer} does not answer in HTTP. Check the port."},
      {"one wrong byte on an open connection",
       {"x"},
       ending::stays,
       not_http,
       "{peer} does not answer in HTTP. Check the port."},
      {"HTTP/2", {"HTTP/2.0 200 OK\r\n\r\n"}, ending::stays, not_http, not_valid},
      {"no status", {"HTTP/1.1 abc OK\r\n\r\n"}, ending::stays, not_http, not_valid},
      {"a header without a colon",
       {"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"},
       ending::stays,
       not_http,
       not_valid},
      {"a bad chunk",
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
       ending::stays,
       not_http,
       not_valid},
      {"different lengths",
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"},
       ending::stays,
       not_http,
       not_valid},
      {"closes at once", {}, ending::closes, lost, silent},
      {"resets at once", {}, ending::resets, lost, silent},
      {"closes in the head", {"HTTP/1.1 200 OK\r\nConte"}, ending::closes, lost, middle},
      {"closes in the body",
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"},
       ending::closes,
       lost,
       middle},
      {"resets in the body",
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"},
       ending::resets,
       lost,
       middle},
      {"resets a body that ends with the connection",
       {"HTTP/1.1 200 OK\r\n\r\nabc"},
       ending::resets,
       lost,
       middle},
      {"closes in a chunk",
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"},
       ending::closes,
       lost,
       middle},
      {"closes after an interim answer",
       {"HTTP/1.1 100 Continue\r\n\r\n"},
       ending::closes,
       lost,
       middle},
      {"headers without an end",
       {"HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'x')},
       ending::stays,
       failure_kind::too_large,
       "The headers of the answer of {peer} are larger than 65.5 kB."},
      {"a chunk size without an end",
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(200'000, '0')},
       ending::stays,
       not_http,
       not_valid},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    raw_server server(loop_, says(row.pieces, row.last));
    const auto reason = refusal(server);
    EXPECT_EQ(reason.kind(), row.kind);
    EXPECT_EQ(reason.message(), row.sentence);
  }
}

TEST_F(BadServer, SendsMoreThanTheBodyLimit) {
  for (const std::string text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n",
        "HTTP/1.1 200 OK\r\n\r\n01234567890"}) {
    SCOPED_TRACE(text);
    raw_server server(loop_, says({text}, ending::stays));
    const auto reason = refusal(server, 10);
    EXPECT_EQ(reason.kind(), failure_kind::too_large);
    EXPECT_EQ(reason.message(), "The answer of {peer} is larger than 10 B.");
  }
}

TEST_F(BadServer, MaySendExactlyTheBodyLimit) {
  for (const std::string text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n0123456789"}) {
    raw_server server(loop_, says({text}));
    EXPECT_EQ(ask(server, 10).body, "0123456789") << text;
  }
}

TEST_F(BadServer, NeverAnswers) {
  settings_.read_deadline = 50ms;
  raw_server server(loop_, says({}, ending::stays));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(), "{peer} did not answer for 50 ms.");
}

TEST_F(BadServer, StopsInTheMiddle) {
  settings_.read_deadline = 250ms;
  raw_server server(loop_,
                    says({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}, ending::stays));
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(), "{peer} sent nothing more of its answer for 250 ms.");
}

TEST_F(BadServer, TakesNoMoreOfTheRequest) {
  settings_.read_deadline = 50ms;
  raw_server server(loop_, [](tcp::socket& peer, int) -> task<void> {
    co_await peer.async_wait(tcp::socket::wait_error, asio::use_awaitable);
  });
  client asker(loop_.io.get_executor(), settings_, no_authentication());
  request outgoing;
  outgoing.verb = method::post;
  outgoing.target = server.at();
  outgoing.body.assign(64_MiB, 'x');
  const auto reason = failure_of([&] { loop_.run(asker.send(outgoing)); });
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(),
            concat(server.peer(), " took nothing more of the request for 50 ms."));
}

TEST_F(BadServer, DripsForeverAndMeetsTheDeadlineOfTheWhole) {
  deadline_ = 100ms;
  raw_server server(loop_, [](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    bool there = co_await test::say(peer, "HTTP/1.1 200 OK\r\n\r\n");
    asio::steady_timer pause(peer.get_executor());
    while (there) {
      pause.expires_after(5ms);
      co_await pause.async_wait(asio::use_awaitable);
      there = co_await test::say(peer, "x");
    }
  });
  const auto reason = refusal(server);
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(), "{peer} did not answer within 100 ms.");
}

TEST_F(BadServer, IsNotThere) {
  tcp::acceptor gone(loop_.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto port = gone.local_endpoint().port();
  gone.close();
  client asker(loop_.io.get_executor(), settings_, no_authentication());
  request outgoing;
  outgoing.target = parse_url(concat("http://127.0.0.1:", port));
  const auto reason = failure_of([&] { loop_.run(asker.send(outgoing)); });
  EXPECT_EQ(reason.kind(), failure_kind::connection_refused);
  EXPECT_EQ(reason.message(), concat("127.0.0.1:", port,
                                     " does not answer (connection refused). Check the address, "
                                     "and that the server is running."));
}

TEST_F(BadServer, HasANameThatDoesNotExist) {
  // Longer than a name may be: the look-up fails without asking anybody.
  const std::string host(70, 'x');
  client asker(loop_.io.get_executor(), settings_, no_authentication());
  request outgoing;
  outgoing.target = parse_url(concat("http://", host, ":8998"));
  const auto reason = failure_of([&] { loop_.run(asker.send(outgoing)); });
  EXPECT_EQ(reason.kind(), failure_kind::name_not_found);
  EXPECT_EQ(reason.message(),
            concat("The name ", host, " cannot be resolved. Are you on the VPN?"));
}

TEST_F(BadServer, HasOneAddressThatIsDeadAndOneThatAnswers) {
  // "localhost" is ::1 and 127.0.0.1 here or 127.0.0.1 alone; the server listens on the latter.
  raw_server server(loop_, says({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}));
  client asker(loop_.io.get_executor(), settings_, no_authentication());
  request outgoing;
  outgoing.target = server.at();
  outgoing.target.host = "localhost";
  EXPECT_EQ(loop_.run(asker.send(outgoing)).body, "ok");
}

TEST_F(BadServer, AnswersEarlyAndClosesWhileTheBodyIsSent) {
  raw_server server(loop_, [](tcp::socket& peer, int) -> task<void> {
    co_await peer.async_wait(tcp::socket::wait_read, asio::use_awaitable);
    co_await test::say(peer, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    peer.shutdown(tcp::socket::shutdown_send);
    co_await test::farewell(peer);
  });
  client asker(loop_.io.get_executor(), settings_, no_authentication());
  request outgoing;
  outgoing.verb = method::post;
  outgoing.target = server.at();
  outgoing.body.assign(8_MiB, 'x');
  const auto answer = loop_.run(asker.send(outgoing));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "big");
}

TEST_F(BadServer, HintsAtTlsOnlyUntilItHasAnsweredOnce) {
  raw_server server(loop_, [](tcp::socket& peer, int connection) -> task<void> {
    co_await test::hear(peer);
    if (connection == 0) {
      co_await test::say(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
  });
  client asker(loop_.io.get_executor(), settings_, no_authentication());
  request outgoing;
  outgoing.target = server.at();
  loop_.run(asker.send(outgoing));
  const auto reason = failure_of([&] { loop_.run(asker.send(outgoing)); });
  EXPECT_EQ(reason.message(), concat(server.peer(), " closed the connection without an answer."));
}

}  // namespace
}  // namespace livyd::http
