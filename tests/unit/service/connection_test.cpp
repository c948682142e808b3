// What a profile's connection sends to HDFS, and to whom.
#include "service/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "http/raw_server.hpp"

namespace livyd {
namespace {

using test::failure_of;
using test::raw_server;
using test::tcp;
using testing::HasSubstr;
using testing::Not;

class HdfsOfAProfile : public testing::Test {
 protected:
  HdfsOfAProfile() { ::unsetenv("HADOOP_USER_NAME"); }
  ~HdfsOfAProfile() override { ::unsetenv("HADOOP_USER_NAME"); }

  raw_server::script answering(std::string text) {
    return [this, text](tcp::socket& peer, int) -> task<void> {
      auto request = co_await test::hear(peer);
      if (request.empty()) co_return;
      heard_.push_back(std::move(request));
      co_await test::say(peer, text);
    };
  }

  std::unique_ptr<connection> to(nlohmann::json written) {
    written["url"] = "http://127.0.0.1:1";
    connection_settings settings;
    settings.kept = &kept_;
    return std::make_unique<connection>(loop_.io.get_executor(), read_profile("p", written),
                                        settings);
  }

  static std::string status() {
    const std::string body = R"({"FileStatus":{"type":"FILE","length":1}})";
    return concat("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ", body.size(),
                  "\r\n\r\n", body);
  }

  std::string first_request(const nlohmann::json& written) {
    raw_server server(loop_, answering(status()));
    auto profile = written;
    profile["webhdfs"] = concat("http://", server.peer(), "/webhdfs/v1");
    const auto way = to(profile);
    const auto files = loop_.run(way->hdfs());
    loop_.run(files->status("/f"));
    return heard_.back();
  }

  test::loop loop_;
  secrets kept_{nullptr};
  std::vector<std::string> heard_;
};

TEST_F(HdfsOfAProfile, WithoutWebHdfsItSaysWhatToAdd) {
  const auto way = to(nlohmann::json::object());
  const auto said = failure_of([&] { loop_.run(way->hdfs()); });
  EXPECT_EQ(said.kind(), failure_kind::unsupported);
  EXPECT_THAT(said.message(), HasSubstr("\"webhdfs\""));
}

TEST_F(HdfsOfAProfile, WithoutAuthenticationTheUserIsNamed) {
  EXPECT_THAT(first_request(nlohmann::json::object()), HasSubstr("user.name="));
  ::setenv("HADOOP_USER_NAME", "hue & co", 1);
  EXPECT_THAT(first_request(nlohmann::json::object()), HasSubstr("user.name=hue%20%26%20co "));
}

TEST_F(HdfsOfAProfile, WithAuthenticationNobodyElseIsNamed) {
  const auto asked = first_request(
      {{"auth", {{"type", "bearer"}, {"tokenCommand", "echo t"}}}, {"headers", {{"X-Key", "k"}}}});
  EXPECT_THAT(asked, HasSubstr("Authorization: Bearer t\r\n"));
  EXPECT_THAT(asked, HasSubstr("X-Key: k\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("user.name")));
}

TEST_F(HdfsOfAProfile, ADataNodeElsewhereLearnsNothing) {
  raw_server data(loop_, answering("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"));
  raw_server name(loop_,
                  answering(concat("HTTP/1.1 307 T\r\nContent-Length: 0\r\nLocation: http://",
                                   data.peer(), "/d\r\n\r\n")));
  const auto way = to({{"webhdfs", concat("http://", name.peer(), "/webhdfs/v1")},
                       {"auth", {{"type", "bearer"}, {"tokenCommand", "echo t"}}},
                       {"headers", {{"X-Key", "k"}}}});
  const auto files = loop_.run(way->hdfs());
  http::byte_source none = [](asio::mutable_buffer) -> task<std::size_t> { co_return 0; };
  loop_.run(files->create("/f", none, 0, true));
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_THAT(heard_[0], HasSubstr("Bearer t"));
  EXPECT_THAT(heard_[1], Not(HasSubstr("Authorization")));
  EXPECT_THAT(heard_[1], Not(HasSubstr("X-Key")));
}

TEST_F(HdfsOfAProfile, AClientInUseOutlivesAChangeOfCredentials) {
  raw_server server(loop_, answering(status()));
  const auto way = to({{"webhdfs", concat("http://", server.peer(), "/webhdfs/v1")}});
  const auto before = loop_.run(way->hdfs());
  way->credentials_changed();
  const auto after = loop_.run(way->hdfs());
  EXPECT_NE(before, after);
  EXPECT_TRUE(loop_.run(before->status("/f")));
}

}  // namespace
}  // namespace livyd
