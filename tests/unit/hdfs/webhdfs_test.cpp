// The client against servers that say byte for byte what name nodes, data nodes and gateways say.
#include "hdfs/webhdfs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "http/auth/secret.hpp"
#include "http/auth/simple.hpp"
#include "http/raw_server.hpp"

namespace livyd::hdfs {
namespace {

using test::failure_of;
using test::raw_server;
using test::started;
using test::tcp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// Sleeping turns it forward.
class turned_clock final : public clock {
 public:
  time_point now() const override { return at_; }
  std::int64_t wall_milliseconds() const override { return 0; }
  task<void> sleep_for(duration span) override {
    at_ += span;
    ++sleeps;
    co_return;
  }
  int sleeps = 0;

 private:
  time_point at_{};
};

std::string with_body(std::string_view status, const std::string& body,
                      std::string_view type = "application/json") {
  return concat("HTTP/1.1 ", status, "\r\nContent-Type: ", type,
                "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

std::string ok(const std::string& body) {
  return with_body("200 OK", body);
}

std::string exception(std::string_view status, std::string_view name, std::string_view message) {
  return with_body(status, concat(R"({"RemoteException":{"exception":")", name,
                                  R"(","javaClassName":"x","message":")", message, "\"}}"));
}

std::string sent_on_to(const std::string& address) {
  return concat("HTTP/1.1 307 Temporary Redirect\r\nLocation: ", address,
                "\r\nContent-Length: 0\r\n\r\n");
}

const std::string created = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
const std::string done = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const std::string standby = exception("403 Forbidden", "StandbyException",
                                      "Operation category READ is not supported in state standby");

std::string file_of(std::size_t bytes) {
  return ok(concat(R"({"FileStatus":{"type":"FILE","pathSuffix":"","length":)", bytes, "}}"));
}
const std::string nothing_there =
    exception("404 Not Found", "FileNotFoundException", "File does not exist: /f");

std::string line_of(const std::string& request) {
  return request.substr(0, request.find(" HTTP/1.1"));
}

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

http::byte_source source_of(std::string text) {
  auto rest = std::make_shared<std::string>(std::move(text));
  return [rest](asio::mutable_buffer into) -> task<std::size_t> {
    const auto count = std::min(into.size(), rest->size());
    std::memcpy(into.data(), rest->data(), count);
    rest->erase(0, count);
    co_return count;
  };
}

class WebHdfs : public testing::Test {
 protected:
  /// What a server answers; "" closes the connection.
  using answers = std::function<std::string(const std::string& request)>;

  raw_server& serve(answers what) {
    auto script = [this, what](tcp::socket& peer, int) -> task<void> {
      while (true) {
        auto request = co_await test::hear(peer);
        if (request.empty()) co_return;
        heard_.push_back(request);
        const auto answer = what(request);
        if (answer.empty()) co_return;
        co_await test::say(peer, answer);
        if (answer.find("Connection: close") != std::string::npos) co_return;
      }
    };
    servers_.push_back(std::make_unique<raw_server>(loop_, script));
    return *servers_.back();
  }

  client& at(std::vector<const raw_server*> roots, std::string user = "alice") {
    client_options options;
    options.user = std::move(user);
    for (const auto* root : roots) options.roots.push_back(root->at("/webhdfs/v1"));
    return made(std::move(options));
  }

  client& made(client_options options) {
    client_ = std::make_unique<client>(transport_, plain_, time_, std::move(options));
    return *client_;
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& one : heard_) out.push_back(line_of(one));
    return out;
  }

  test::loop loop_;
  turned_clock time_;
  http::client transport_{loop_.io.get_executor(),
                          {},
                          http::basic_authentication("alice", http::fixed_secret("pw"), true)};
  http::client plain_{loop_.io.get_executor(), {}, http::no_authentication()};
  std::vector<std::unique_ptr<raw_server>> servers_;
  std::vector<std::string> heard_;
  std::unique_ptr<client> client_;
};

TEST_F(WebHdfs, NamesAreEncodedByteForByte) {
  auto& files = at({&serve([](auto&) { return file_of(1); })});
  loop_.run(files.status("/a b/c%d+#?&ä😀"));
  EXPECT_EQ(lines()[0],
            "GET /webhdfs/v1/a%20b/c%25d%2B%23%3F%26%C3%A4%F0%9F%98%80?op=GETFILESTATUS"
            "&user.name=alice");
}

TEST_F(WebHdfs, APathThatIsNotAbsoluteIsNotSent) {
  auto& files = at({&serve([](auto&) { return file_of(1); })});
  for (const auto* path : {"", "a", "\xff"}) {
    const auto said = failure_of([&] { loop_.run(files.status(path)); });
    EXPECT_EQ(said.kind(), failure_kind::invalid_input) << path;
  }
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(WebHdfs, TheStatusOfWhatIsNotThereIsNothing) {
  auto& files = at({&serve([](auto&) { return nothing_there; })});
  EXPECT_FALSE(loop_.run(files.status("/f")));
}

TEST_F(WebHdfs, AnAddressThatIsNoWebHdfsIsNotMistakenForAMissingFile) {
  auto& files =
      at({&serve([](auto&) { return with_body("404 Not Found", "<html>", "text/html"); })});
  EXPECT_THAT(failure_of([&] { loop_.run(files.status("/f")); }).message(), HasSubstr("webhdfs"));
}

TEST_F(WebHdfs, WritesInTwoStepsAndIgnoresAnUnasked100) {
  auto& data = serve([](auto&) { return concat("HTTP/1.1 100 Continue\r\n\r\n", created); });
  auto& files =
      at({&serve([&](auto&) { return sent_on_to(concat("http://", data.peer(), "/d?t=T")); })});
  loop_.run(files.create("/f", source_of("hello"), 5, true, "640"));
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_EQ(line_of(heard_[0]),
            "PUT /webhdfs/v1/f?op=CREATE&overwrite=true&permission=640&user.name=alice");
  EXPECT_EQ(body_of(heard_[0]), "");
  EXPECT_THAT(heard_[0], HasSubstr("X-XSRF-HEADER"));
  EXPECT_EQ(line_of(heard_[1]), "PUT /d?t=T");
  EXPECT_EQ(body_of(heard_[1]), "hello");
  EXPECT_THAT(heard_[1], HasSubstr("Content-Type: application/octet-stream"));
}

TEST_F(WebHdfs, CredentialsGoToTheRootsOnly) {
  auto& data = serve([](auto&) { return created; });
  auto& files =
      at({&serve([&](auto&) { return sent_on_to(concat("http://", data.peer(), "/d")); })});
  loop_.run(files.create("/f", source_of("x"), 1, true));
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_THAT(heard_[0], HasSubstr("Authorization: Basic"));
  EXPECT_THAT(heard_[1], Not(HasSubstr("Authorization")));
}

TEST_F(WebHdfs, AGatewaysDataAddressIsOpaqueAndItsAnswerEndsWithTheConnection) {
  raw_server* gateway = nullptr;
  gateway = &serve([&](const std::string& request) {
    if (request.starts_with("PUT /webhdfs/v1/")) {
      return sent_on_to(concat("http://", gateway->peer(), "/data/v1/a%2Fb?_=AAAA%2f==+&x"));
    }
    return std::string("HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n");
  });
  loop_.run(at({gateway}, "").create("/a/b", source_of("x"), 1, false));
  ASSERT_EQ(heard_.size(), 2U);
  EXPECT_EQ(line_of(heard_[0]), "PUT /webhdfs/v1/a/b?op=CREATE&overwrite=false");
  EXPECT_EQ(line_of(heard_[1]), "PUT /data/v1/a%2Fb?_=AAAA%2f==+&x");
  EXPECT_THAT(heard_[1], HasSubstr("Authorization: Basic"));
}

TEST_F(WebHdfs, TheAddressMayComeAsJson) {
  auto& data = serve([](auto&) { return done; });
  auto& files = at(
      {&serve([&](auto&) { return ok(concat("{\"Location\":\"http://", data.peer(), "/é\"}")); })});
  loop_.run(files.append("/f", source_of("x"), 1));
  EXPECT_THAT(lines(), ElementsAre("POST /webhdfs/v1/f?op=APPEND&user.name=alice", "POST /%C3%A9"));
}

TEST_F(WebHdfs, NoBytesAtAllAreAFile) {
  auto& data = serve([](auto&) { return created; });
  auto& files =
      at({&serve([&](auto&) { return sent_on_to(concat("http://", data.peer(), "/d")); })});
  loop_.run(files.create("/f", source_of(""), 0, true));
  EXPECT_THAT(heard_.back(), HasSubstr("Content-Length: 0"));
}

TEST_F(WebHdfs, ASourceThatEndsEarlyIsAFailure) {
  auto& data = serve([](auto&) { return created; });
  auto& files =
      at({&serve([&](auto&) { return sent_on_to(concat("http://", data.peer(), "/d")); })});
  EXPECT_EQ(failure_of([&] { loop_.run(files.create("/f", source_of("abc"), 5, true)); }).kind(),
            failure_kind::io);
}

TEST_F(WebHdfs, ReadsARangeThroughTheRedirect) {
  auto& data = serve([](auto&) { return with_body("200 OK", "llo", "application/octet-stream"); });
  auto& files =
      at({&serve([&](auto&) { return sent_on_to(concat("http://", data.peer(), "/d")); })});
  std::string got;
  loop_.run(files.read("/f", 2, 3, [&](std::string_view piece) -> task<void> {
    got += piece;
    co_return;
  }));
  EXPECT_EQ(got, "llo");
  EXPECT_EQ(lines()[0], "GET /webhdfs/v1/f?op=OPEN&offset=2&length=3&user.name=alice");
}

TEST_F(WebHdfs, ADownloadThatEndsEarlyIsAFailure) {
  auto& files = at({&serve([&](const std::string& request) {
    if (request.find("GETFILESTATUS") != std::string::npos) return file_of(9);
    return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
  })});
  const auto sink = [](std::string_view) -> task<void> { co_return; };
  EXPECT_EQ(failure_of([&] { loop_.run(download(files, "/f", sink, nullptr)); }).kind(),
            failure_kind::io);
}

TEST_F(WebHdfs, AStandbyNameNodeSendsUsToTheNextOneAndItIsKept) {
  auto& passive = serve([](auto&) { return standby; });
  auto& active = serve([](auto&) { return file_of(1); });
  auto& files = at({&passive, &active});
  EXPECT_TRUE(loop_.run(files.status("/f")));
  EXPECT_TRUE(loop_.run(files.status("/f")));
  EXPECT_EQ(heard_.size(), 3U);
  EXPECT_EQ(time_.sleeps, 0);
}

TEST_F(WebHdfs, TwoWhoMeetAStandbyNameNodeAtOnceGoToTheSameNextOne) {
  auto& passive = serve([](auto&) { return standby; });
  auto& active = serve([](auto&) { return file_of(1); });
  auto& files = at({&passive, &active});
  started<std::optional<file_status>> first(loop_, files.status("/f"));
  started<std::optional<file_status>> second(loop_, files.status("/g"));
  loop_.until([&] { return heard_.size() == 4; });
  EXPECT_TRUE(first.result());
  EXPECT_TRUE(second.result());
  EXPECT_EQ(time_.sleeps, 0);
}

TEST_F(WebHdfs, ANameNodeThatIsGoneIsPassedOver) {
  auto& gone = serve([](auto&) { return done; });
  auto& active = serve([](auto&) { return file_of(1); });
  auto& files = at({&gone, &active});
  servers_.erase(servers_.begin());
  loop_.settle();
  EXPECT_TRUE(loop_.run(files.status("/f")));
}

TEST_F(WebHdfs, WithoutAnActiveNameNodeItWaitsAndThenSaysSo) {
  auto& files = at({&serve([](auto&) { return standby; })});
  const auto said = failure_of([&] { loop_.run(files.status("/f")); });
  EXPECT_THAT(said.message(), HasSubstr("standby"));
  EXPECT_EQ(time_.sleeps, 60);
}

TEST_F(WebHdfs, SafeModeIsWaitedFor) {
  int asked = 0;
  auto& files = at({&serve([&](auto&) {
    return ++asked < 4 ? exception("403 Forbidden", "SafeModeException", "in safe mode")
                       : ok(R"({"boolean":true})");
  })});
  loop_.run(files.make_folders("/a"));
  EXPECT_EQ(time_.sleeps, 3);
}

TEST_F(WebHdfs, FalseIsAFailureButNotForARemoval) {
  auto& files = at({&serve([](auto&) { return ok(R"({"boolean":false})"); })});
  EXPECT_EQ(failure_of([&] { loop_.run(files.make_folders("/a")); }).kind(),
            failure_kind::rejected);
  EXPECT_EQ(failure_of([&] { loop_.run(files.rename("/a", "/b", false)); }).kind(),
            failure_kind::rejected);
  EXPECT_NO_THROW(loop_.run(files.remove("/a", false)));
}

TEST_F(WebHdfs, TheRootIsNeverRemoved) {
  auto& files = at({&serve([](auto&) { return done; })});
  EXPECT_EQ(failure_of([&] { loop_.run(files.remove("//", true)); }).kind(),
            failure_kind::invalid_input);
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(WebHdfs, APermissionIsForTheLastFolderOnly) {
  auto& files = at({&serve([](auto&) { return ok(R"({"boolean":true})"); })}, "");
  loop_.run(files.make_folders("/a/b", "700"));
  EXPECT_THAT(lines(), ElementsAre("PUT /webhdfs/v1/a?op=MKDIRS",
                                   "PUT /webhdfs/v1/a/b?op=MKDIRS&permission=700"));
}

TEST_F(WebHdfs, ListsInBatches) {
  auto& files = at(
      {&serve([](const std::string& request) {
        const bool first = request.find("startAfter") == std::string::npos;
        return ok(concat(R"({"DirectoryListing":{"partialListing":{"FileStatuses":{"FileStatus":[)",
                         R"({"type":"FILE","pathSuffix":")", first ? "a b" : "c", R"("}]}},)",
                         R"("remainingEntries":)", first ? 1 : 0, "}}"));
      })},
      "");
  std::vector<std::string> names;
  loop_.run(files.list("/", [&](std::vector<file_status> batch) -> task<void> {
    for (const auto& one : batch) names.push_back(one.name);
    co_return;
  }));
  EXPECT_THAT(names, ElementsAre("a b", "c"));
  EXPECT_THAT(lines(), ElementsAre("GET /webhdfs/v1/?op=LISTSTATUS_BATCH",
                                   "GET /webhdfs/v1/?op=LISTSTATUS_BATCH&startAfter=a%20b"));
}

TEST_F(WebHdfs, AnOldServerListsAtOnce) {
  auto& files = at({&serve([](const std::string& request) {
    if (request.find("BATCH") != std::string::npos) {
      return exception("400 Bad Request", "IllegalArgumentException", "Invalid value for op");
    }
    return ok(R"({"FileStatuses":{"FileStatus":[{"type":"FILE","pathSuffix":"a"}]}})");
  })});
  int entries = 0;
  loop_.run(files.list("/", [&](std::vector<file_status> batch) -> task<void> {
    entries += static_cast<int>(batch.size());
    co_return;
  }));
  EXPECT_EQ(entries, 1);
}

/// A name node and data node in one, with one file under way and one in place.
class Upload : public WebHdfs {
 protected:
  std::string act(const std::string& request) {
    const auto line = line_of(request);
    const bool part = line.find(".part-") != std::string::npos;
    if (line.starts_with("PUT /data")) {
      if (!takes_data) return "";
      part_ = body_of(request).size();
      if (loses) part_ = *part_ - 1;
      return created;
    }
    if (line.find("op=GETFILESTATUS") != std::string::npos) {
      const auto& found = part ? part_ : whole_;
      return found ? file_of(*found) : nothing_there;
    }
    if (line.find("op=CREATE") != std::string::npos) {
      return refuses ? exception("403 Forbidden", "AccessControlException", "no")
                     : sent_on_to(concat("http://", servers_[0]->peer(), "/data"));
    }
    if (line.find("op=RENAME") != std::string::npos) {
      whole_ = part_;
      part_.reset();
      return drops_rename ? "" : done;
    }
    part_.reset();
    ++removals;
    return ok(R"({"boolean":true})");
  }

  client& node() {
    return at({&serve([this](const std::string& request) { return act(request); })}, "");
  }

  std::optional<std::size_t> part_;
  std::optional<std::size_t> whole_;
  bool takes_data = true;
  bool loses = false;
  bool refuses = false;
  bool drops_rename = false;
  int removals = 0;
};

TEST_F(Upload, GoesToATemporaryNameIsMeasuredAndRenamed) {
  auto& files = node();
  std::int64_t told = 0;
  loop_.run(
      upload(files, "/x/f", source_of("hello"), 5, false, [&](std::int64_t sent) { told = sent; }));
  EXPECT_EQ(whole_, 5U);
  EXPECT_EQ(told, 5);
  EXPECT_THAT(lines(), testing::Contains(StartsWith("PUT /webhdfs/v1/x/.f.part-")));
  EXPECT_THAT(lines().back(), HasSubstr("destination=/x/f&renameoptions=NONE"));
  EXPECT_EQ(removals, 0);
}

TEST_F(Upload, AnExistingFileStaysUnlessItMayBeReplaced) {
  whole_ = 1;
  auto& files = node();
  const auto said =
      failure_of([&] { loop_.run(upload(files, "/f", source_of("ab"), 2, false, nullptr)); });
  EXPECT_EQ(said.kind(), failure_kind::rejected);
  EXPECT_EQ(heard_.size(), 1U);
  loop_.run(upload(files, "/f", source_of("ab"), 2, true, nullptr));
  EXPECT_EQ(whole_, 2U);
}

TEST_F(Upload, WhatArrivedShortIsRemoved) {
  loses = true;
  const auto said =
      failure_of([&] { loop_.run(upload(node(), "/f", source_of("hello"), 5, false, nullptr)); });
  EXPECT_EQ(said.kind(), failure_kind::io);
  EXPECT_THAT(said.message(), HasSubstr("4 of 5"));
  EXPECT_FALSE(whole_);
  EXPECT_EQ(removals, 1);
}

TEST_F(Upload, ARefusalIsTold) {
  refuses = true;
  const auto said =
      failure_of([&] { loop_.run(upload(node(), "/f", source_of("a"), 1, false, nullptr)); });
  EXPECT_EQ(said.kind(), failure_kind::forbidden);
  EXPECT_FALSE(whole_);
}

TEST_F(Upload, ACutIsCleanedUp) {
  takes_data = false;
  part_ = 3;
  const auto said =
      failure_of([&] { loop_.run(upload(node(), "/f", source_of("hello"), 5, false, nullptr)); });
  EXPECT_EQ(said.kind(), failure_kind::connection_lost);
  EXPECT_FALSE(part_);
  EXPECT_FALSE(whole_);
}

TEST_F(Upload, ARenameWhoseAnswerIsLostWasMadeAllTheSame) {
  drops_rename = true;
  EXPECT_NO_THROW(loop_.run(upload(node(), "/f", source_of("hello"), 5, false, nullptr)));
  EXPECT_EQ(whole_, 5U);
}

TEST_F(Upload, ACancelledOneIsCleanedUp) {
  part_ = 3;
  auto& files = node();
  bool asked = false;
  http::byte_source endless = [this, &asked](asio::mutable_buffer) -> task<std::size_t> {
    asked = true;
    asio::steady_timer never(loop_.io, asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return 0;
  };
  started<void> running(loop_, upload(files, "/f", endless, 5, false, nullptr));
  loop_.until([&] { return asked; });
  running.cancel();
  EXPECT_EQ(failure_of([&] { running.result(); }).kind(), failure_kind::cancelled);
  EXPECT_FALSE(part_);
  EXPECT_FALSE(whole_);
  EXPECT_GE(removals, 1);
}

}  // namespace
}  // namespace livyd::hdfs
