// Batches of one profile at a Livy in this process: what comes to the server, how often, by whom.
#include "service/batches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "livy/livy_server.hpp"
#include "service/temporary_folder.hpp"

namespace livyd {
namespace {

using nlohmann::json;
using test::failure_of;
using test::says;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Hears what is told of batches.
class batch_ear final : public listener {
 public:
  task<void> session_changed(protocol::SessionInfo) override { co_return; }
  task<void> run_changed(protocol::RunInfo) override { co_return; }
  task<void> run_output(protocol::RunOutput) override { co_return; }
  task<void> run_finished(protocol::RunInfo) override { co_return; }
  task<void> log_lines(protocol::LogLines) override { co_return; }
  task<void> notice(protocol::Notice) override { co_return; }
  task<void> secret_needed(protocol::SecretNeeded) override { co_return; }
  task<void> credentials_changed(protocol::Credentials) override { co_return; }
  task<void> transfer_progress(protocol::TransferProgress) override { co_return; }
  task<void> deploy_changed(protocol::ProfileParams) override { co_return; }
  task<void> batch_changed(protocol::BatchInfo batch) override {
    states.push_back(batch.state);
    co_return;
  }
  task<void> batch_lines(protocol::BatchLines) override { co_return; }

  std::vector<std::string> states;
};

class Batches : public testing::Test {
 protected:
  Batches() {
    where.name = "p";
    where.url = concat("http://", server.livy->base().authority());
    server.answer = [this](const http::server_request& asked) { return answer(asked); };
    std::ofstream(folder.path / "etl.py") << "print(1)";
  }

  http::server_response answer(const http::server_request& asked) {
    if (asked.path == "/version") return says(200, R"({"version":"0.7.1"})");
    if (asked.verb == "POST") {
      posted.push_back(json::parse(asked.body));
      if (post_status != 201) return says(post_status, "");
      return says(201, shown(posted.back()["name"]));
    }
    ++looks;
    if (looks <= late) return says(404, R"({"msg":"Session not found."})");
    return says(200, shown(posted.back()["name"]));
  }

  static std::string shown(const json& name) {
    return json({{"id", 4}, {"name", name}, {"state", "running"}, {"log", json::array()}}).dump();
  }

  protocol::BatchSubmitParams params(std::string file = "hdfs:///etl.py") {
    return {.profile = "p", .file = std::move(file), .arguments = {"a"}, .standalone = false};
  }
  std::string local() const { return (folder.path / "etl.py").string(); }

  /// Notes what was asked of it.
  batch_files files() {
    batch_files by;
    by.put = [this](std::filesystem::path file, std::string name) -> task<std::string> {
      put.push_back(concat(name, " from ", file.filename().string()));
      co_return "/apps/" + name;
    };
    by.pack = [this](std::filesystem::path script) -> task<std::filesystem::path> {
      packed = folder.path / "packed.py";
      std::filesystem::copy_file(script, packed);
      co_return packed;
    };
    by.deploy = [this](livy::session_request& payload) -> task<void> {
      payload.py_files.push_back("/apps/modules.zip");
      deployed_for = payload.name;
      co_return;
    };
    return by;
  }

  temporary_folder folder;
  test::livy_server server;
  test::turned_clock time;
  batch_ear heard;
  profile where;
  connection way{server.loop.io.get_executor(), profile_at(server), {}};
  batches all{server.loop.io.get_executor(), time, heard, where, way, [](const livy::batch_view&) {
                return true;
              }};
  std::vector<json> posted;
  int post_status = 201;
  int looks = 0;
  int late = 0;  ///< so many looks find nothing
  std::vector<std::string> put;
  std::filesystem::path packed;
  std::string deployed_for;

 private:
  static profile profile_at(const test::livy_server& server) {
    profile out;
    out.name = "p";
    out.url = concat("http://", server.livy->base().authority());
    return out;
  }
};

TEST_F(Batches, SendAFileOfTheClusterAsItIs) {
  for (const auto* file : {"hdfs:///a.py", "s3a://b/c.jar", "file:///x.py", "HDFS:/x"}) {
    server.loop.run(all.submit(params(file), files()));
    EXPECT_EQ(posted.back()["file"], file);
  }
  EXPECT_THAT(put, IsEmpty());
}

TEST_F(Batches, BringAFileOfThisMachineAndWhatIsDeployed) {
  where.session.py_files = {"hdfs:///own.zip"};
  const auto made = server.loop.run(all.submit(params(local()), files()));
  EXPECT_THAT(put, ElementsAre("etl.py from etl.py"));
  EXPECT_EQ(posted.back()["file"], "/apps/etl.py");
  EXPECT_EQ(posted.back()["pyFiles"], json({"hdfs:///own.zip", "/apps/modules.zip"}));
  EXPECT_EQ(posted.back()["name"], deployed_for);
  EXPECT_EQ(made.name, deployed_for);
  EXPECT_THAT(heard.states, ElementsAre("running"));
}

TEST_F(Batches, PutThePackedFileUnderTheScriptsNameAndRemoveItHere) {
  auto wanted = params(local());
  wanted.standalone = true;
  server.loop.run(all.submit(wanted, files()));
  EXPECT_THAT(put, ElementsAre("etl.py from packed.py"));
  EXPECT_FALSE(std::filesystem::exists(packed));
  EXPECT_FALSE(posted.back().contains("pyFiles"));
}

TEST_F(Batches, SendNothingWhenTheFileCannotBeBrought) {
  auto by = files();
  by.put = [](std::filesystem::path, std::string) -> task<std::string> {
    throw failure(failure_kind::forbidden, "The disk is full.");
    co_return std::string();
  };
  auto wanted = params(local());
  wanted.standalone = true;
  EXPECT_EQ(failure_of([&] { server.loop.run(all.submit(wanted, by)); }).message(),
            "The disk is full.");
  EXPECT_FALSE(std::filesystem::exists(packed));
  EXPECT_THAT(posted, IsEmpty());
}

TEST_F(Batches, NeedAWayForAFileOfThisMachine) {
  const auto reason = failure_of([&] { server.loop.run(all.submit(params(local()), {})); });
  EXPECT_EQ(reason.kind(), failure_kind::unsupported);
  EXPECT_THAT(reason.message(), HasSubstr("no \"webhdfs\""));
}

TEST_F(Batches, AreNeverSentTwiceWhenTheAnswerIsLost) {
  post_status = 502;
  late = 3;
  const auto made = server.loop.run(all.submit(params(), files()));
  EXPECT_EQ(made.batch, "4");
  EXPECT_EQ(posted.size(), 1U);
  EXPECT_EQ(looks, 4);
  EXPECT_THAT(std::string(server.asked.back().path),
              HasSubstr(posted.back()["name"].get<std::string>()));
}

TEST_F(Batches, SayThatNobodyKnowsWhenNoneIsFoundForAWhile) {
  post_status = 502;
  late = 1'000'000;
  const auto reason = failure_of([&] { server.loop.run(all.submit(params(), files())); });
  EXPECT_EQ(reason.kind(), failure_kind::server_error);
  EXPECT_THAT(reason.message(), HasSubstr("Nobody knows"));
  EXPECT_THAT(reason.message(), HasSubstr(posted.back()["name"].get<std::string>()));
  EXPECT_EQ(posted.size(), 1U);
  EXPECT_GE(time.passed(), duration(10s));
  EXPECT_LE(time.passed(), duration(20s));
}

TEST_F(Batches, GiveUpOnAServerThatStaysAway) {
  post_status = 502;
  late = 1'000'000;
  time.on_sleep = [&, first = true]() mutable {
    if (std::exchange(first, false)) server.stop();
  };
  const auto reason = failure_of([&] { server.loop.run(all.submit(params(), files())); });
  EXPECT_THAT(reason.message(), HasSubstr("Nobody knows"));
  EXPECT_LE(time.passed(), duration(4min));
}

TEST_F(Batches, AreNotLookedForWhenTheServerRefused) {
  post_status = 400;
  EXPECT_EQ(failure_of([&] { server.loop.run(all.submit(params(), files())); }).kind(),
            failure_kind::rejected);
  EXPECT_EQ(looks, 0);
}

TEST_F(Batches, AreUnknownToTheEmbeddedEndpointWithoutARequest) {
  where.url.clear();
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { server.loop.run(all.submit(params(), files())); },
           [&] { server.loop.run(all.list()); },
           [&] { server.loop.run(all.get("1")); },
           [&] { server.loop.run(all.kill("1")); },
           [&] { server.loop.run(all.log({.profile = "p", .batch = "1", .size = 1})); },
           [&] { server.loop.run(all.follow("1")); },
       }) {
    EXPECT_EQ(failure_of(call).kind(), failure_kind::unsupported);
  }
  EXPECT_THAT(server.asked, IsEmpty());
}

}  // namespace
}  // namespace livyd
