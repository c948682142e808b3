// The client's requests about batches, and Livy's own way to bring a file to a session.
#include <cstring>
#include <memory>

#include "http/auth/simple.hpp"
#include "livy/client.hpp"
#include "livy_server.hpp"

namespace livyd::livy {
namespace {

using nlohmann::json;

constexpr auto running = R"({"id":7,"name":"n","state":"running","log":[]})";
constexpr auto unknown = R"({"msg":"Session '7' not found."})";

const http::server_request& last(const livy_server& server) {
  return server.asked.back();
}

TEST(BatchClient, CreatesABatchInOneRequest) {
  livy_server server("/gateway/x/livy");
  server.answer = [](const auto&) { return says(201, running); };
  batch_request wanted;
  wanted.file = "hdfs:///a.py";
  wanted.name = "n";
  EXPECT_EQ(server.loop.run(server.livy->create_batch(wanted)).id, "7");
  ASSERT_EQ(server.asked.size(), 1U);
  EXPECT_EQ(last(server).verb, "POST");
  EXPECT_EQ(last(server).target, "/gateway/x/livy/batches");
  EXPECT_EQ(json::parse(last(server).body), json({{"file", "hdfs:///a.py"}, {"name", "n"}}));
  EXPECT_EQ(last(server).headers.get("X-Requested-By"), "livyd");
}

TEST(BatchClient, SaysWhyTheServerRefuses) {
  livy_server server;
  server.answer = [](const auto&) {
    return says(400, R"({"msg":"requirement failed: Local path /a.py cannot be added"})");
  };
  const auto reason = failure_of([&] { server.loop.run(server.livy->create_batch({})); });
  EXPECT_EQ(reason.kind(), failure_kind::rejected);
  EXPECT_THAT(reason.message(), HasSubstr("refused to start the batch: requirement failed"));
}

TEST(BatchClient, SendsNothingThatIsNotUtf8) {
  livy_server server;
  batch_request wanted;
  wanted.arguments = {"\xff"};
  const auto reason = failure_of([&] { server.loop.run(server.livy->create_batch(wanted)); });
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
  EXPECT_THAT(server.asked, testing::IsEmpty());
}

TEST(BatchClient, FindsABatchByIdOrName) {
  livy_server server;
  server.answer = [](const auto&) { return says(200, running); };
  EXPECT_EQ(server.loop.run(server.livy->find_batch("a/b"))->state, "running");
  EXPECT_EQ(last(server).target, "/batches/a%2Fb");
}

TEST(BatchClient, FindsNothingWhereThereIsNone) {
  livy_server server;
  for (const auto* words : {unknown, R"({"msg":"Batch '7' not found."})"}) {
    server.answer = [words](const auto&) { return says(404, words); };
    EXPECT_FALSE(server.loop.run(server.livy->find_batch("7")));
    EXPECT_EQ(failure_of([&] { server.loop.run(server.livy->read_batch_log("7", 0, 1)); }).kind(),
              failure_kind::not_found);
    server.loop.run(server.livy->delete_batch("7"));
    EXPECT_EQ(last(server).verb, "DELETE");
  }
}

TEST(BatchClient, DoesNotTakeAGatewaysPageForAnUnknownBatch) {
  livy_server server;
  server.answer = [](const auto&) { return shows_page(404, "<title>Not Found</title>"); };
  EXPECT_EQ(failure_of([&] { server.loop.run(server.livy->find_batch("7")); }).kind(),
            failure_kind::not_livy);
  EXPECT_EQ(failure_of([&] { server.loop.run(server.livy->delete_batch("7")); }).kind(),
            failure_kind::not_livy);
}

TEST(BatchClient, ListsPageByPageEachOnce) {
  livy_server server;
  server.answer = [](const http::server_request& asked) {
    const bool first = asked.target.find("from=0&") != std::string::npos;
    // One was created between the two looks.
    return says(200, first ? R"({"total":3,"sessions":[{"id":1,"state":"dead"},
                                                       {"id":2,"state":"dead"}]})"
                           : R"({"total":3,"sessions":[{"id":2,"state":"dead"}]})");
  };
  const auto all = server.loop.run(server.livy->list_batches());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].id, "2");
  EXPECT_EQ(server.asked.size(), 2U);
  EXPECT_EQ(server.asked[0].target, "/batches?from=0&size=100");
}

TEST(BatchClient, ReadsTheLogOrItsTail) {
  livy_server server;
  server.answer = [](const auto&) {
    return says(200, R"({"id":7,"from":2,"total":9,"log":["a","b"]})");
  };
  const auto page = server.loop.run(server.livy->read_batch_log("7", 2, 2));
  EXPECT_EQ(last(server).target, "/batches/7/log?from=2&size=2");
  EXPECT_EQ(page.from, 2);
  EXPECT_EQ(page.total, 9);
  EXPECT_THAT(page.lines, testing::ElementsAre("a", "b"));
  server.loop.run(server.livy->read_batch_log("7", -1, 50));
  EXPECT_EQ(last(server).target, "/batches/7/log?size=50");
}

TEST(BatchClient, SaysThatALoginPageIsNoLivy) {
  livy_server server;
  server.answer = [](const auto&) { return shows_page(200, "<title>Sign in</title>"); };
  const std::function<void()> calls[] = {
      [&] { server.loop.run(server.livy->create_batch({})); },
      [&] { server.loop.run(server.livy->find_batch("7")); },
      [&] { server.loop.run(server.livy->list_batches()); },
      [&] { server.loop.run(server.livy->read_batch_log("7", -1, 10)); },
      [&] { server.loop.run(server.livy->delete_batch("7")); },
  };
  for (const auto& call : calls) {
    const auto reason = failure_of(call);
    EXPECT_EQ(reason.kind(), failure_kind::not_livy);
    EXPECT_THAT(reason.message(), HasSubstr("Sign in"));
  }
}

/// A file of that content which counts how often it was asked.
struct content {
  std::string left;
  int reads = 0;
  std::size_t largest = 0;

  static http::byte_source of(const std::shared_ptr<content>& file, std::size_t piece) {
    return [file, piece](asio::mutable_buffer into) -> task<std::size_t> {
      ++file->reads;
      const auto count = std::min({piece, file->left.size(), into.size()});
      std::memcpy(into.data(), file->left.data(), count);
      file->left.erase(0, count);
      file->largest = std::max(file->largest, count);
      co_return count;
    };
  }
};

class Upload : public testing::Test {
 protected:
  Upload() {
    server.answer = [](const auto&) { return says(200, ""); };
  }
  void upload(std::string text, std::string name = "a.zip", std::int64_t bytes = -1,
              bool python = true) {
    if (bytes < 0) bytes = static_cast<std::int64_t>(text.size());
    file->left = std::move(text);
    server.loop.run(server.livy->upload("5", python, name, content::of(file, 1000), bytes));
  }

  livy_server server;
  std::shared_ptr<content> file = std::make_shared<content>();
};

TEST_F(Upload, IsAFormWithOneFileNamedFile) {
  upload("bytes\r\n--");
  EXPECT_EQ(last(server).verb, "POST");
  EXPECT_EQ(last(server).target, "/sessions/5/upload-pyfile");
  const std::string type(last(server).headers.get("Content-Type"));
  ASSERT_TRUE(type.starts_with("multipart/form-data; boundary=")) << type;
  const auto boundary = type.substr(type.find('=') + 1);
  EXPECT_EQ(last(server).body,
            concat("--", boundary,
                   "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n"
                   "Content-Type: application/octet-stream\r\n\r\n",
                   "bytes\r\n--", "\r\n--", boundary, "--\r\n"));
}

TEST_F(Upload, OfAFileThatIsNoPythonGoesElsewhere) {
  upload("", "data.csv", 0, false);
  EXPECT_EQ(last(server).target, "/sessions/5/upload-file");
}

TEST_F(Upload, KeepsOnlyAPieceOfTheFile) {
  const std::string big(1 << 20, 'x');
  upload(big);
  EXPECT_THAT(last(server).body, HasSubstr(big));
  EXPECT_GT(file->reads, 1000);
}

TEST_F(Upload, LetsNoNameOutOfItsQuotationMarks) {
  upload("x", "a\"b\r\nX: y.py");
  EXPECT_THAT(last(server).body, HasSubstr("filename=\"a%22b%0D%0AX: y.py\"\r\n"));
}

TEST_F(Upload, OfMoreThanLivyTakesIsRefusedBeforeItIsRead) {
  const auto reason = failure_of([&] { upload("", "big.zip", client::upload_limit + 1); });
  EXPECT_EQ(reason.kind(), failure_kind::too_large);
  EXPECT_THAT(reason.message(), HasSubstr("at most 100 MiB"));
  EXPECT_EQ(file->reads, 0);
  EXPECT_THAT(server.asked, testing::IsEmpty());
}

TEST_F(Upload, OfAFileThatShrinksFails) {
  const auto reason = failure_of([&] { upload("short", "a.zip", 100); });
  EXPECT_EQ(reason.kind(), failure_kind::io);
  EXPECT_THAT(reason.message(), HasSubstr("became shorter"));
}

TEST_F(Upload, SaysWhatIsInTheWay) {
  struct row {
    http::server_response answer;
    failure_kind kind;
  };
  const row rows[] = {
      {says(404, R"({"msg":"Session '5' not found."})"), failure_kind::session_lost},
      {says(500, R"("java.lang.IllegalStateException: Session is in state starting")"),
       failure_kind::rejected},
      {says(400, R"("No file sent!")"), failure_kind::rejected},
      {says(413, ""), failure_kind::too_large},
      {says(405, ""), failure_kind::unsupported},
      {shows_page(404, ""), failure_kind::unsupported},
      {shows_page(404, "<title>Sign in</title>"), failure_kind::not_livy},
      {shows_page(200, "<title>Sign in</title>"), failure_kind::not_livy},
      {says(500, R"("java.io.IOException: no space")"), failure_kind::server_error},
  };
  for (const auto& row : rows) {
    server.answer = [&](const auto&) { return row.answer; };
    EXPECT_EQ(failure_of([&] { upload("x"); }).kind(), row.kind) << row.answer.body;
  }
}

}  // namespace
}  // namespace livyd::livy
