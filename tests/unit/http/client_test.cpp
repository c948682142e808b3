// The client against servers that behave: what is sent, what comes back, the pool, streaming,
// cancellation at every step.
#include "http/client.hpp"
#include "http/auth/simple.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>

#include "raw_server.hpp"

namespace livyd::http {
namespace {

using test::failure_of;
using test::raw_server;
using test::started;
using test::tcp;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto small_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Client : public testing::Test {
 protected:
  client make(client_settings settings = {},
              std::unique_ptr<authentication> auth = no_authentication()) {
    return client(loop_.io.get_executor(), std::move(settings), std::move(auth));
  }

  static request get(url target) {
    request outgoing;
    outgoing.target = std::move(target);
    return outgoing;
  }

  static request post(url target, std::string body) {
    request outgoing;
    outgoing.verb = method::post;
    outgoing.target = std::move(target);
    outgoing.content_type = "application/json";
    outgoing.body = std::move(body);
    return outgoing;
  }

  /// Answers every request on a connection with `text`; keeps what it heard.
  raw_server::script always(std::string text) {
    return [this, text](tcp::socket& peer, int) -> task<void> {
      while (true) {
        auto request = co_await test::hear(peer);
        if (request.empty()) co_return;
        heard_.push_back(std::move(request));
        co_await test::say(peer, text);
      }
    };
  }

  test::loop loop_;
  std::vector<std::string> heard_;
};

TEST_F(Client, SendsExactlyThis) {
  raw_server server(loop_, always(small_answer));
  auto client = make({.tls = {}, .user_agent = "livyd/1"});
  auto outgoing = post(server.at("/a%20b?x=1"), "{}");
  outgoing.headers = {{"X-Requested-By", "livyd"}, {"Content-Length", "999"}};
  loop_.run(client.send(outgoing));
  EXPECT_THAT(heard_, ElementsAre(concat("POST /a%20b?x=1 HTTP/1.1\r\n"
                                         "Host: ",
                                         server.peer(),
                                         "\r\n"
                                         "User-Agent: livyd/1\r\n"
                                         "Connection: keep-alive\r\n"
                                         "X-Requested-By: livyd\r\n"
                                         "Content-Type: application/json\r\n"
                                         "Content-Length: 2\r\n"
                                         "\r\n{}")));
}

TEST_F(Client, SendsALengthWithAnEmptyPostButNotWithAGet) {
  raw_server server(loop_, always(small_answer));
  auto client = make();
  loop_.run(client.send(post(server.at(), "")));
  loop_.run(client.send(get(server.at())));
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_THAT(heard_[0], HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(heard_[1], Not(HasSubstr("Content-Length")));
}

TEST_F(Client, RefusesAHeaderThatWouldSmuggleAnother) {
  raw_server server(loop_, always(small_answer));
  auto client = make();
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"X", "a\r\nY: b"}, {"X\r\nY", "a"}, {"X Y", "a"}, {"", "a"}, {"X", "a\nb"}}) {
    auto outgoing = get(server.at());
    outgoing.headers.add(name, value);
    const auto reason = failure_of([&] { loop_.run(client.send(outgoing)); });
    EXPECT_EQ(reason.kind(), failure_kind::invalid_input) << name;
  }
  EXPECT_TRUE(heard_.empty());
}

TEST_F(Client, ReturnsEveryStatusAsAValue) {
  raw_server server(loop_, [](tcp::socket& peer, int) -> task<void> {
    while (true) {
      const auto request = co_await test::hear(peer);
      if (request.empty()) co_return;
      co_await test::say(peer, concat("HTTP/1.1 ", request.substr(5, 3), " Some Reason\r\n",
                                      "Location: /elsewhere\r\nContent-Length: 0\r\n\r\n"));
    }
  });
  auto client = make();
  for (const auto* status :
       {"200", "201", "202", "302", "307", "400", "401", "403", "404", "500", "502", "504"}) {
    auto outgoing = get(server.at(concat("/", status)));
    outgoing.follow_redirects = false;
    const auto answer = loop_.run(client.send(outgoing));
    EXPECT_EQ(std::to_string(answer.status), status);
    EXPECT_EQ(answer.reason, "Some Reason");
    EXPECT_EQ(answer.headers.get("Location"), "/elsewhere");
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(Client, ReusesOneConnectionForRequestsThatFollowEachOther) {
  raw_server server(loop_, always(small_answer));
  auto client = make();
  for (int round = 0; round < 5; ++round) loop_.run(client.send(get(server.at())));
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(client.idle_connections(), 1U);
}

TEST_F(Client, UsesOneConnectionEachForRequestsAtOnceAndKeepsAtMostItsLimit) {
  notification release(loop_.io.get_executor());
  int waiting = 0;
  raw_server server(loop_, [&](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    ++waiting;
    co_await release.wait();
    co_await test::say(peer, small_answer);
    co_await test::farewell(peer);
  });
  auto client = make({.tls = {}, .pool_limit = 2});
  started<response> first(loop_, client.send(get(server.at())));
  started<response> second(loop_, client.send(get(server.at())));
  started<response> third(loop_, client.send(get(server.at())));
  loop_.until([&] { return waiting == 3; });
  release.notify_all();
  EXPECT_EQ(first.result().body, "ok");
  EXPECT_EQ(second.result().body, "ok");
  EXPECT_EQ(third.result().body, "ok");
  EXPECT_EQ(client.idle_connections(), 2U);
  loop_.until([&] { return server.open() == 2; });
  client.close_idle_connections();
  EXPECT_EQ(client.idle_connections(), 0U);
  loop_.until([&] { return server.open() == 0; });
}

TEST_F(Client, ClosesAConnectionThatWasIdleTooLong) {
  raw_server server(loop_, always(small_answer));
  auto client = make({.tls = {}, .idle_limit = 0s});
  loop_.run(client.send(get(server.at())));
  EXPECT_EQ(client.idle_connections(), 0U);
  loop_.run(client.send(get(server.at())));
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(Client, DoesNotReuseAConnectionThatTheServerCloses) {
  raw_server server(loop_, always("HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                  "Content-Length: 2\r\n\r\nok"));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server.at()))).body, "ok");
  EXPECT_EQ(client.idle_connections(), 0U);
}

TEST_F(Client, DoesNotReuseAConnectionOnWhichMoreThanTheAnswerCame) {
  raw_server server(loop_, always(concat(small_answer, "HTTP/1.1 200 OK\r\n")));
  auto client = make();
  EXPECT_EQ(loop_.run(client.send(get(server.at()))).body, "ok");
  EXPECT_EQ(client.idle_connections(), 0U);
}

TEST_F(Client, NoticesThatAnIdleConnectionWasClosedMeanwhile) {
  raw_server server(loop_, [](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    co_await test::say(peer, small_answer);
  });
  auto client = make();
  loop_.run(client.send(post(server.at(), "1")));
  loop_.until([&] { return server.open() == 0; });
  EXPECT_EQ(loop_.run(client.send(post(server.at(), "2"))).body, "ok");
  EXPECT_EQ(server.accepted(), 2);
}

/// Answers the first request of its first connection and hangs up on the second.
raw_server::script dies_when_reused(int& requests) {
  return [&requests](tcp::socket& peer, int connection) -> task<void> {
    co_await test::hear(peer);
    ++requests;
    co_await test::say(peer, small_answer);
    const auto again = co_await test::hear(peer);
    if (again.empty()) co_return;
    ++requests;
    if (connection > 0) co_await test::say(peer, small_answer);
  };
}

TEST_F(Client, RepeatsAGetOnceWhenAReusedConnectionDied) {
  int requests = 0;
  raw_server server(loop_, dies_when_reused(requests));
  auto client = make();
  loop_.run(client.send(get(server.at())));
  EXPECT_EQ(loop_.run(client.send(get(server.at()))).body, "ok");
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(Client, NeverRepeatsAnythingElse) {
  for (const auto verb : {method::post, method::put, method::delete_, method::head}) {
    int requests = 0;
    raw_server server(loop_, dies_when_reused(requests));
    auto client = make();
    loop_.run(client.send(get(server.at())));
    auto outgoing = get(server.at());
    outgoing.verb = verb;
    const auto reason = failure_of([&] { loop_.run(client.send(outgoing)); });
    EXPECT_EQ(reason.kind(), failure_kind::connection_lost) << name_of(verb);
    EXPECT_EQ(reason.message(), concat(server.peer(), " closed the connection without an answer."));
    EXPECT_EQ(requests, 2) << name_of(verb);
    EXPECT_EQ(server.accepted(), 1) << name_of(verb);
  }
}

TEST_F(Client, RepeatsAGetOnlyOnce) {
  int requests = 0;
  raw_server server(loop_, [&](tcp::socket& peer, int connection) -> task<void> {
    co_await test::hear(peer);
    ++requests;
    if (connection > 0) co_return;
    co_await test::say(peer, small_answer);
    co_await test::hear(peer);
    ++requests;
  });
  auto client = make();
  loop_.run(client.send(get(server.at())));
  const auto reason = failure_of([&] { loop_.run(client.send(get(server.at()))); });
  EXPECT_EQ(reason.kind(), failure_kind::connection_lost);
  EXPECT_EQ(requests, 3);
}

TEST_F(Client, DoesNotRepeatAGetOnAFreshConnectionOrAfterAByteOfTheAnswer) {
  int requests = 0;
  raw_server server(loop_, [&](tcp::socket& peer, int connection) -> task<void> {
    co_await test::hear(peer);
    ++requests;
    if (connection == 0) co_return;
    co_await test::say(peer, small_answer);
    co_await test::hear(peer);
    ++requests;
    co_await test::say(peer, "H");
  });
  auto client = make();
  failure_of([&] { loop_.run(client.send(get(server.at()))); });
  EXPECT_EQ(requests, 1);
  loop_.run(client.send(get(server.at())));
  const auto reason = failure_of([&] { loop_.run(client.send(get(server.at()))); });
  EXPECT_THAT(reason.message(), EndsWith("in the middle of its answer."));
  EXPECT_EQ(requests, 3);
}

TEST_F(Client, TellsWhatEachExchangeCostWithoutTheQuery) {
  raw_server server(loop_, always(small_answer));
  auto client = make();
  std::vector<exchange> seen;
  client.on_exchange([&](const exchange& what) { seen.push_back(what); });
  loop_.run(client.send(post(server.at("/x?token=secret"), "12345")));
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].verb, "POST");
  EXPECT_EQ(seen[0].origin, concat("http://", server.peer()));
  EXPECT_EQ(seen[0].path, "/x");
  EXPECT_EQ(seen[0].status, 200);
  EXPECT_EQ(seen[0].sent_bytes, heard_[0].size());
  EXPECT_EQ(seen[0].received_bytes, std::string_view(small_answer).size());
}

TEST_F(Client, TellsOfAnExchangeThatFailedToo) {
  auto client = make();
  std::vector<exchange> seen;
  client.on_exchange([&](const exchange& what) { seen.push_back(what); });
  tcp::acceptor gone(loop_.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto target = parse_url(concat("http://127.0.0.1:", gone.local_endpoint().port()));
  gone.close();
  failure_of([&] { loop_.run(client.send(get(target))); });
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].status, 0);
}

// Streaming.

TEST_F(Client, StreamsTheBodyOfA2xxInPiecesOfAtMost64KiB) {
  const std::string body(1'000'000, 'x');
  raw_server server(
      loop_, always(concat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body)));
  auto client = make();
  std::string got;
  std::size_t largest = 0;
  auto outgoing = get(server.at());
  outgoing.body_limit = 10;
  const auto answer = loop_.run(client.send(outgoing, [&](std::string_view piece) -> task<void> {
    got.append(piece);
    largest = std::max(largest, piece.size());
    co_return;
  }));
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(got, body);
  EXPECT_LE(largest, 64_KiB);
  EXPECT_EQ(client.idle_connections(), 1U);
}

TEST_F(Client, StreamsAChunkedBody) {
  raw_server server(loop_, always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
  auto client = make();
  std::string got;
  loop_.run(client.send(get(server.at()), [&](std::string_view piece) -> task<void> {
    got.append(piece);
    co_return;
  }));
  EXPECT_EQ(got, "abcdefg");
  EXPECT_EQ(client.idle_connections(), 1U);
}

TEST_F(Client, ReadsTheBodyOfARefusalIntoMemoryAlsoWhenStreaming) {
  raw_server server(loop_, always("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"));
  auto client = make();
  bool called = false;
  const auto answer = loop_.run(client.send(get(server.at()), [&](std::string_view) -> task<void> {
    called = true;
    co_return;
  }));
  EXPECT_EQ(answer.body, "gone");
  EXPECT_FALSE(called);
}

TEST_F(Client, DoesNotReadFasterThanItsSinkTakes) {
  constexpr std::size_t whole = 64_MiB;
  std::size_t sent = 0;
  bool gone = false;
  raw_server server(loop_, [&](tcp::socket& peer, int) -> task<void> {
    co_await test::hear(peer);
    co_await test::say(peer, concat("HTTP/1.1 200 OK\r\nContent-Length: ", whole, "\r\n\r\n"));
    const std::string part(64_KiB, 'x');
    while (sent < whole) {
      const bool took = co_await test::say(peer, part);
      if (!took) break;
      sent += part.size();
    }
    gone = sent < whole;
  });
  auto client = make();
  notification release(loop_.io.get_executor());
  int pieces = 0;
  started<response> call(loop_, client.send(get(server.at()), [&](std::string_view) -> task<void> {
    ++pieces;
    co_await release.wait();
  }));
  loop_.until([&] { return pieces == 1; });
  loop_.settle();  // the server has written all that fits into the sockets' buffers
  EXPECT_EQ(pieces, 1);
  EXPECT_LT(sent, whole / 2);
  const auto before = sent;
  release.notify_all();
  loop_.until([&] { return pieces == 2; });
  EXPECT_LE(sent, before + 32_MiB);
  call.cancel();
  EXPECT_EQ(failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
  loop_.until([&] { return server.open() == 0; });
  EXPECT_TRUE(gone);
}

TEST_F(Client, EndsWithWhatTheSinkThrowsAndDropsTheConnection) {
  raw_server server(loop_, always(small_answer));
  auto client = make();
  const auto reason = failure_of([&] {
    loop_.run(client.send(get(server.at()), [](std::string_view) -> task<void> {
      throw failure(failure_kind::too_large, "Enough.");
      co_return;
    }));
  });
  EXPECT_EQ(reason.message(), "Enough.");
  EXPECT_EQ(client.idle_connections(), 0U);
  loop_.until([&] { return server.open() == 0; });
}

// Authentication.

class challenge_counter final : public authentication {
 public:
  explicit challenge_counter(int& asked) : asked_(asked) {}
  task<void> prepare(request& outgoing) override {
    outgoing.headers.add("Authorization", concat("Round ", ++rounds_));
    co_return;
  }
  task<verdict> judge(const request& /*sent*/, const response& answer) override {
    ++asked_;
    co_return answer.status == 401 ? verdict::again : verdict::final;
  }

 private:
  int& asked_;
  int rounds_ = 0;
};

TEST_F(Client, PreparesAgainForAFreshChallengeAndAsksAtMostTwice) {
  raw_server server(loop_, always("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));
  int asked = 0;
  auto client = make({}, std::make_unique<challenge_counter>(asked));
  const auto answer = loop_.run(client.send(post(server.at(), "body")));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(asked, 3);
  ASSERT_EQ(heard_.size(), 3U);
  EXPECT_THAT(heard_[2], HasSubstr("Authorization: Round 3\r\n"));
  EXPECT_THAT(heard_[2], Not(HasSubstr("Round 1")));
  EXPECT_THAT(heard_[2], EndsWith("\r\n\r\nbody"));
}

TEST_F(Client, SendsTheBearerToken) {
  raw_server server(loop_, always(small_answer));
  auto client = make({}, bearer_authentication(fixed_secret("s3cret"), false));
  loop_.run(client.send(get(server.at())));
  EXPECT_THAT(heard_[0], HasSubstr("Authorization: Bearer s3cret\r\n"));
}

TEST_F(Client, SendsNothingWhenTheTokenMayNotTravel) {
  auto client = make({}, bearer_authentication(fixed_secret("s3cret"), false));
  const auto reason =
      failure_of([&] { loop_.run(client.send(get(parse_url("http://gw.invalid")))); });
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
}

// Cancellation.

TEST_F(Client, IsCancelledAfterAnyNumberOfSteps) {
  raw_server server(loop_, always(small_answer));
  auto target = server.at();
  target.host = "localhost";  // so that a look-up on another thread is among the steps
  int cancelled = 0;
  for (int steps = 0; steps < 40; ++steps) {
    auto client = make();
    started<response> call(loop_, client.send(get(target)));
    loop_.io.restart();
    for (int at = 0; at < steps; ++at) loop_.io.poll_one();
    call.cancel();
    try {
      EXPECT_EQ(call.result().body, "ok");
    } catch (...) {
      EXPECT_TRUE(is_cancellation(std::current_exception())) << steps;
      EXPECT_EQ(client.idle_connections(), 0U);
      ++cancelled;
    }
  }
  EXPECT_GT(cancelled, 1);
  loop_.until([&] { return server.open() == 0; });
}

/// A listener that accepts nothing and whose queue is full: connecting to it never ends.
class black_hole {
 public:
  explicit black_hole(asio::io_context& io) : acceptor_(io) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    for (int at = 0; at < 3; ++at) {
      fillers_.emplace_back(io);
      fillers_.back().open(tcp::v4());
      fillers_.back().non_blocking(true);
      const auto peer = acceptor_.local_endpoint();
      ::connect(fillers_.back().native_handle(), peer.data(),
                static_cast<socklen_t>(peer.size()));  // asio's own would wait for the end
    }
  }
  url at() const {
    return parse_url(concat("http://127.0.0.1:", acceptor_.local_endpoint().port()));
  }

 private:
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> fillers_;
};

TEST_F(Client, IsCancelledWhileConnecting) {
  black_hole hole(loop_.io);
  auto client = make();
  started<response> call(loop_, client.send(get(hole.at())));
  loop_.settle();
  ASSERT_FALSE(call.finished());
  call.cancel();
  EXPECT_EQ(failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
  loop_.drain();
}

TEST_F(Client, SaysWhenNoConnectionComesAbout) {
  black_hole hole(loop_.io);
  auto client = make({.tls = {}, .connect_deadline = 50ms});
  const auto reason = failure_of([&] { loop_.run(client.send(get(hole.at()))); });
  EXPECT_EQ(reason.kind(), failure_kind::timeout);
  EXPECT_EQ(reason.message(),
            concat(hole.at().host_and_port(), " does not answer: no connection within 50 ms."));
  loop_.drain();
}

struct step {
  std::string name;
  bool secure;
  std::string before;  ///< what the server says once it has heard the request
  bool hears;
  std::size_t body;
};

TEST_F(Client, LeavesNoConnectionBehindWhenCancelledAtAnyStep) {
  const std::vector<step> steps{
      {"handshake", true, "", false, 0},
      {"write", false, "", false, 64_MiB},
      {"wait for the head", false, "", true, 0},
      {"half of the head", false, "HTTP/1.1 200 OK\r\nContent-", true, 0},
      {"half of the body", false, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", true, 0},
      {"after an interim answer", false, "HTTP/1.1 100 Continue\r\n\r\n", true, 0},
      {"a body without an end", false, "HTTP/1.1 200 OK\r\n\r\nabc", true, 0},
  };
  for (const auto& step : steps) {
    SCOPED_TRACE(step.name);
    bool reached = false;
    raw_server server(loop_, [&](tcp::socket& peer, int) -> task<void> {
      if (step.hears) {
        co_await test::hear(peer);
      } else {
        co_await peer.async_wait(tcp::socket::wait_read, asio::use_awaitable);
      }
      co_await test::say(peer, step.before);
      reached = true;
      co_await test::farewell(peer);
    });
    auto client = make();
    auto outgoing =
        post(server.at("/", step.secure ? "https" : "http"), std::string(step.body, 'x'));
    started<response> call(loop_, client.send(outgoing));
    loop_.until([&] { return reached; });
    ASSERT_FALSE(call.finished());
    call.cancel();
    EXPECT_EQ(failure_of([&] { call.result(); }).kind(), failure_kind::cancelled);
    EXPECT_EQ(client.idle_connections(), 0U);
    loop_.until([&] { return server.open() == 0; });
    EXPECT_EQ(server.accepted(), 1);
  }
}

}  // namespace
}  // namespace livyd::http
