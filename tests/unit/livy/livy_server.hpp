// A Livy that says what a test tells it to, on the loopback interface, and a clock that is turned
// by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "http/auth/simple.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "livy/client.hpp"
#include "loop.hpp"

namespace livyd::test {

/// Sleeping takes no time; it only moves the clock.
class turned_clock final : public clock {
 public:
  time_point now() const override { return now_; }
  std::int64_t wall_milliseconds() const override { return 0; }
  task<void> sleep_for(duration span) override {
    now_ += span;
    slept.push_back(span);
    if (on_sleep) on_sleep();
    auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
  }
  duration passed() const { return now_ - time_point(); }

  std::vector<duration> slept;
  std::function<void()> on_sleep;

 private:
  time_point now_{};
};

inline http::server_response says(int status, std::string body,
                                  std::string content_type = "application/json;charset=utf-8") {
  http::server_response made;
  made.status = status;
  made.content_type = std::move(content_type);
  made.body = std::move(body);
  return made;
}

inline http::server_response shows_page(int status, std::string body) {
  return says(status, std::move(body), "text/html");
}

/// A server that can be taken away and put back at the same port, and a client for it.
class livy_server {
 public:
  using handler = std::function<http::server_response(const http::server_request&)>;

  explicit livy_server(std::string base_path = "/")
      : transport_(loop.io.get_executor(), {}, http::no_authentication()) {
    start(0);
    livy.emplace(transport_,
                 http::parse_url(concat("http://127.0.0.1:", server_->port(), base_path)));
  }

  void stop() {
    port_ = server_->port();
    server_->stop();
    server_.reset();
    transport_.close_idle_connections();
  }
  void start_again() { start(port_); }

  loop loop;
  std::vector<http::server_request> asked;
  bool silent = false;  ///< hears, but never answers
  handler answer = [](const auto&) { return shows_page(404, ""); };
  std::optional<livy::client> livy;

 private:
  void start(std::uint16_t port) {
    http::server::settings options;
    options.port = port;
    server_.emplace(loop.io.get_executor(), options,
                    [this](http::server_request request) -> task<http::server_response> {
                      asked.push_back(request);
                      if (silent) co_await never_.wait();
                      co_return answer(request);
                    });
    asio::co_spawn(loop.io, server_->serve(), asio::detached);
  }

  http::client transport_;
  notification never_{loop.io.get_executor()};
  std::optional<http::server> server_;
  std::uint16_t port_ = 0;
};

/// Answers one after the other, the last one for ever; `given` counts them.
inline livy_server::handler in_turn(std::vector<http::server_response> answers,
                                    std::size_t& given) {
  given = 0;
  return [answers = std::move(answers), &given](const auto&) {
    return answers[std::min(given++, answers.size() - 1)];
  };
}

/// Keeps what is written to it, part by part.
class kept_output final : public livy::output_sink {
 public:
  task<void> restart() override {
    ++restarts;
    texts.clear();
    co_return;
  }
  task<void> write(std::size_t part, std::string_view mime, std::string_view text) override {
    if (texts.size() <= part) texts.resize(part + 1);
    texts[part].append(text);
    mimes.emplace_back(mime);
    co_return;
  }

  std::vector<std::string> texts;
  std::vector<std::string> mimes;
  int restarts = 0;
};

}  // namespace livyd::test

namespace livyd::livy {

// The words of the tests of this folder.
using test::failure_of;
using test::livy_server;
using test::says;
using test::shows_page;
using testing::HasSubstr;

}  // namespace livyd::livy
