#include "service/service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "base/files.hpp"
#include "service/fake_livy.hpp"
#include "service/run_to_end.hpp"
#include "service/temporary_folder.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;
using protocol::RunOutcome;
using protocol::RunState;
using protocol::SessionState;
using protocol::StopTruth;

/// Writes down what it is told.
class recorder final : public listener {
 public:
  task<void> session_changed(protocol::SessionInfo session) override {
    sessions.push_back(std::move(session));
    co_return;
  }
  task<void> run_changed(protocol::RunInfo run) override {
    changes.push_back(std::move(run));
    co_return;
  }
  task<void> run_output(protocol::RunOutput piece) override {
    output += piece.text;
    pieces.push_back(std::move(piece));
    co_return;
  }
  task<void> run_finished(protocol::RunInfo run) override {
    finished.push_back(std::move(run));
    co_return;
  }
  task<void> log_lines(protocol::LogLines) override { co_return; }
  task<void> notice(protocol::Notice words) override {
    notices.push_back(words.text);
    co_return;
  }
  task<void> secret_needed(protocol::SecretNeeded what) override {
    secrets.push_back(std::move(what));
    co_return;
  }
  task<void> credentials_changed(protocol::Credentials what) override {
    credentials.push_back(std::move(what));
    co_return;
  }
  task<void> transfer_progress(protocol::TransferProgress) override { co_return; }
  task<void> deploy_changed(protocol::ProfileParams) override { co_return; }
  task<void> batch_changed(protocol::BatchInfo) override { co_return; }
  task<void> batch_lines(protocol::BatchLines) override { co_return; }

  std::vector<protocol::SessionInfo> sessions;
  std::vector<protocol::RunInfo> changes;
  std::vector<protocol::RunOutput> pieces;
  std::vector<protocol::RunInfo> finished;
  std::vector<std::string> notices;
  std::vector<protocol::SecretNeeded> secrets;
  std::vector<protocol::Credentials> credentials;
  std::string output;
};

/// Sleeping takes no time; it only moves the clock.
class fast_clock final : public clock {
 public:
  time_point now() const override { return now_; }
  std::int64_t wall_milliseconds() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(passed()).count();
  }
  task<void> sleep_for(duration span) override {
    now_ += span;
    auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
  }
  duration passed() const { return now_ - time_point(); }

 private:
  time_point now_{1h};
};

class Service : public testing::Test {
 protected:
  Service() : livy_(loop_.get_executor()) { open(); }

  ~Service() override {
    // They look at the test's own variables, which are gone by now.
    livy_.before = {};
    livy_.after = {};
    livy_.hold = {};
    livy_.on_statement = {};
    close();
    livy_.stop();
    loop_.restart();
    loop_.run_for(1s);
  }

  void open() {
    service_ = std::make_unique<service>(loop_.get_executor(), *time_, heard_,
                                         service_settings{.executable = "/nonexistent",
                                                          .state_home = folder_.path / "home",
                                                          .version = "test",
                                                          .store_patience = 2s});
    protocol::InitializeParams params;
    params.protocol_hash = protocol::protocol_hash;
    params.client = "test";
    params.state_folder = (folder_.path / "state").string();
    params.configuration = configuration();
    run_to_end(loop_, service_->initialize(std::move(params)));
  }

  void close() {
    if (service_) run_to_end(loop_, service_->close());
    service_.reset();
  }

  protocol::Configuration configuration() {
    protocol::Configuration set;
    set.trusted = true;
    set.profiles = {{"p", {{"url", livy_.url()}, {"agent", agent_}}}};
    set.preview_bytes = preview_bytes_;
    return set;
  }

  static protocol::RunStartParams python(std::string id, std::string code) {
    protocol::RunStartParams run;
    run.run = std::move(id);
    run.profile = "p";
    run.language = protocol::Language::python;
    run.code = std::move(code);
    return run;
  }

  static protocol::SecretGiveParams password(std::string value) {
    protocol::SecretGiveParams given;
    given.profile = "p";
    given.secret = protocol::SecretKind::password;
    given.value = std::move(value);
    return given;
  }

  void start(std::string id, std::string code = "print('out')") {
    run_to_end(loop_, service_->run_start(python(std::move(id), std::move(code))));
  }

  template <class Condition>
  void wait_for(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    loop_.restart();
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the event did not come";
      loop_.run_one_for(50ms);
      if (loop_.stopped()) loop_.restart();
    }
  }

  protocol::RunInfo ended(std::size_t count = 1) {
    wait_for([&] { return heard_.finished.size() >= count; });
    return heard_.finished.size() >= count ? heard_.finished[count - 1] : protocol::RunInfo{};
  }

  protocol::SessionInfo session_get() { return run_to_end(loop_, service_->session_get({"p"})); }

  asio::io_context loop_;
  temporary_folder folder_;
  fake_livy livy_;
  system_clock real_time_;
  fast_clock fast_time_;
  clock* time_ = &real_time_;
  recorder heard_;
  std::unique_ptr<service> service_;
  std::int64_t preview_bytes_ = 1000;
  bool agent_ = false;
};

/// A service whose sessions have an agent, which keeps the output of one run and large values.
class ServiceWithAgent : public Service {
 protected:
  ServiceWithAgent() {
    agent_ = true;
    close();
    livy_.agent = [this](const json& asked) { return answer(asked); };
    livy_.on_statement = [this](auto& made) { ends_as(made); };
    open();
  }

  ~ServiceWithAgent() override {
    close();  // it asks the agent, whose words are this object's
    livy_.agent = {};
  }

  std::string answer(const json& asked) {
    if (asked["do"] == "hello") {
      return R"({"api":1,"nonce":"another","python":"3.11.4","run":""})";
    }
    if (asked["do"] != "read") return "{}\n";
    const auto name = asked["run"].get<std::string>();
    const auto part = name.find('#');
    if (part == std::string::npos) return piece(printed_, released_, asked);
    ++values_read_;
    const auto found = values_.find(name.substr(part));
    if (found == values_.end()) {
      return R"({"known":false,"ran":false,"refused":false,"ended":false,"offset":0,"size":0})";
    }
    return piece(found->second, 0, asked);
  }

  /// What the agent says: from where it was asked, or from where it still has something.
  static std::string piece(const std::string& whole, std::size_t released, const json& asked) {
    const auto offset = std::max(asked["offset"].get<std::size_t>(), released);
    const auto bytes = offset < whole.size() ? whole.substr(offset, asked["limit"]) : std::string();
    const json facts = {{"known", true}, {"ran", true},      {"refused", false},
                        {"ended", true}, {"offset", offset}, {"size", whole.size()}};
    return concat(facts.dump(), "\n", bytes);
  }

  void ends_as(fake_livy::statement& made) const {
    if (made.code.starts_with("# livyd installs")) return;
    json facts = facts_;
    facts["bytes"] = printed_.size();
    made.output = {{"status", "ok"},
                   {"execution_count", 0},
                   {"data", {{"text/plain", ""}, {"application/vnd.livyd.run+json", facts}}}};
    made.output["data"].update(data_);
  }

  std::string printed_ = "out\n";
  std::size_t released_ = 0;
  std::map<std::string, std::string> values_;
  json facts_ = {{"whole", false}};
  json data_ = json::object();
  int values_read_ = 0;
};

TEST_F(ServiceWithAgent, ShowsWhatTheAgentRecorded) {
  start("a1");
  EXPECT_EQ(ended().result->message, "ok");
  EXPECT_EQ(heard_.output, "out\n");
}

TEST_F(ServiceWithAgent, ReadsOnWhereTheRecordIsAfterItsOwnWordsAboutAGap) {
  released_ = 100;
  printed_ = std::string(100, '.') + std::string(600 * 1024, 'x') + "end\n";
  preview_bytes_ = 2'000'000;
  close();
  open();
  start("a1");
  const auto result = ended().result;
  EXPECT_EQ(heard_.output, "\n· 100 B of output are missing here\n" + printed_.substr(100));
  EXPECT_EQ(result->outcome, RunOutcome::ok);
}

TEST_F(ServiceWithAgent, FetchesValuesThatNoReplyHolds) {
  values_["#0"] = std::string(3'000'000, 'h');
  values_["#1"] = base64_encoded(std::string(1'500'000, 'p'));
  const json large = {{{"mime", "text/html"}, {"size", values_["#0"].size()}, {"part", "a1#0"}},
                      {{"mime", "image/png"}, {"size", values_["#1"].size()}, {"part", "a1#1"}}};
  facts_["leftOut"] = large;
  facts_["before"] = {{{"at", 0}, {"data", {{"text/html", "first"}}}}};
  data_ = {{"text/markdown", "last"}};
  start("a1");
  const auto parts = ended().result->parts;
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(read_file(parts[0].file), "first");
  EXPECT_EQ(read_file(parts[1].file), "last");
  EXPECT_EQ(parts[2].mime, "text/html");
  EXPECT_EQ(read_file(parts[2].file), values_["#0"]);
  EXPECT_EQ(read_file(parts[3].file), std::string(1'500'000, 'p'));
  EXPECT_EQ(parts[3].bytes, 1'500'000);
  EXPECT_EQ(heard_.output, "out\n");
}

TEST_F(ServiceWithAgent, WaitsForANetworkThatIsAwayWhileItFetches) {
  values_["#0"] = std::string(3'000'000, 'h');
  const json large = {{{"mime", "text/html"}, {"size", values_["#0"].size()}, {"part", "a1#0"}}};
  facts_["leftOut"] = large;
  int refused = 0;
  livy_.before = [&](const std::string& verb, const std::string& path) {
    const bool away = verb == "POST" && path.ends_with("submit-job") && values_read_ == 1;
    return away && ++refused <= 4 ? 502 : 0;
  };
  start("a1");
  const auto parts = ended().result->parts;
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(read_file(parts[0].file), values_["#0"]);
  EXPECT_EQ(refused, 5) << "four refusals and the request that came through";
}

TEST_F(ServiceWithAgent, LeavesTheRestOfAValueWhenItIsStopped) {
  values_["#0"] = std::string(3'000'000, 'h');
  const json large = {{{"mime", "text/html"}, {"size", values_["#0"].size()}, {"part", "a1#0"}}};
  facts_["leftOut"] = large;
  livy_.before = [&](const std::string& verb, const std::string& path) {
    return verb == "POST" && path.ends_with("submit-job") && values_read_ == 1 ? 502 : 0;
  };
  start("a1");
  wait_for([&] { return values_read_ == 1; });
  run_to_end(loop_, service_->run_stop({"a1"}));
  EXPECT_EQ(ended().result->outcome, RunOutcome::ok);
  EXPECT_EQ(heard_.output,
            "out\n· text/html of 3.0 MB is missing here: the session did not give it\n");
}

TEST_F(ServiceWithAgent, NamesTheValuesThatCannotBeHad) {
  values_["#1"] = "short";
  const json large = {{{"mime", "text/html"}, {"size", 70'000'000}, {"part", ""}},
                      {{"mime", "text/html"}, {"size", 500'000}, {"part", "a1#0"}},
                      {{"mime", "image/png"}, {"size", 500'000}, {"part", "a1#1"}},
                      {{"mime", "image/png"}, {"size", 99'000'000}, {"part", "a1#2"}},
                      {{"mime", 5}, {"size", "many"}},
                      "nonsense"};
  facts_["leftOut"] = large;
  start("a1");
  const auto result = ended().result;
  EXPECT_EQ(result->outcome, RunOutcome::ok);
  EXPECT_TRUE(result->parts.empty());
  EXPECT_EQ(heard_.output,
            "out\n"
            "· text/html of 70.0 MB is missing here: livyd fetches values of up to 67.1 MB\n"
            "· text/html of 500.0 kB is missing here: the session did not give it\n"
            "· image/png of 500.0 kB is missing here: the session did not give it\n"
            "· image/png of 99.0 MB is missing here: livyd fetches values of up to 67.1 MB\n"
            "· ? of 0 B is missing here: the session did not give it\n");
  EXPECT_EQ(values_read_, 3) << "one is unknown, one ends early, one is not asked for";
}

TEST_F(Service, RunsCodeInASessionItStarts) {
  start("a1");
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::ok);
  EXPECT_EQ(heard_.output, "out\n");
  EXPECT_EQ(livy_.created, 1);
  EXPECT_EQ(livy_.sessions.at(0).statements.at(0).kind, "pyspark");
  EXPECT_TRUE(livy_.sessions.at(0).name.starts_with(concat("livyd-", user_name(), "-p-")));
  wait_for([&] { return heard_.sessions.back().state == SessionState::idle; });
}

TEST_F(Service, TheSameIdIsTheSameRun) {
  start("a1");
  start("a1");
  ended();
  start("a1");
  EXPECT_EQ(livy_.posted, 1);
}

TEST_F(Service, FindsItsSessionAgainAfterARestart) {
  start("a1");
  ended();
  close();
  open();
  EXPECT_EQ(session_get().state, SessionState::idle);
  start("a2");
  ended(2);
  EXPECT_EQ(livy_.created, 1);
  EXPECT_EQ(livy_.posted, 2);
}

TEST_F(Service, StartsANewSessionWhenItsOwnWasDeletedBehindItsBack) {
  start("a1");
  ended();
  livy_.sessions.clear();
  start("a2");
  EXPECT_EQ(ended(2).result->outcome, RunOutcome::ok);
  EXPECT_EQ(livy_.created, 2);
  EXPECT_EQ(livy_.posted, 2);
  ASSERT_EQ(heard_.notices.size(), 1U);
  EXPECT_NE(heard_.notices[0].find("was lost"), std::string::npos) << heard_.notices[0];
  EXPECT_NE(heard_.notices[0].find("variables are gone"), std::string::npos);
}

TEST_F(Service, TheSameIdUnderAnotherNameIsAnotherSession) {
  start("a1");
  ended();
  close();
  livy_.sessions.at(0).name = "somebody-elses";
  open();
  EXPECT_EQ(session_get().state, SessionState::lost);
  start("a2");
  ended(2);
  EXPECT_EQ(livy_.created, 2);
  EXPECT_EQ(livy_.sessions.at(0).statements.size(), 1U);
}

TEST_F(Service, NothingStartsAfterTheUserRemovedTheSession) {
  start("a1");
  ended();
  run_to_end(loop_, service_->session_stop({"p"}));
  EXPECT_EQ(livy_.deleted, 1);
  close();
  open();
  EXPECT_EQ(session_get().state, SessionState::removed);
  start("a2");
  const auto run = ended(2);
  EXPECT_EQ(run.result->outcome, RunOutcome::failed);
  EXPECT_EQ(run.result->message, "You removed the session. Start a session to run code again.");
  run_to_end(loop_, service_->session_start({"p"}));
  start("a3");
  EXPECT_EQ(ended(3).result->outcome, RunOutcome::ok);
  EXPECT_EQ(livy_.created, 2);
}

TEST_F(Service, AdoptsTheStatementWhoseAnswerWasLost) {
  int lost = 0;
  livy_.after = [&](const std::string& verb, const std::string& path) {
    return verb == "POST" && path.ends_with("/statements") && lost++ == 0 ? 502 : 0;
  };
  start("a1", "print('a')");
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::ok);
  EXPECT_EQ(run.statement, 0);
  // Its code and the fence, nothing else.
  ASSERT_EQ(livy_.posted, 2);
  EXPECT_EQ(livy_.sessions.at(0).statements.at(0).code, "# livyd run=a1\nprint('a')");
  EXPECT_EQ(livy_.sessions.at(0).statements.at(1).code.rfind("# livyd fence=", 0), 0U);
}

TEST_F(Service, WithoutAnAgentAStatementThatIsNotSeenIsUnknownAndNotSentAgain) {
  time_ = &fast_time_;
  close();
  open();
  int lost = 0;
  livy_.before = [&](const std::string& verb, const std::string& path) {
    return verb == "POST" && path.ends_with("/statements") && lost++ == 0 ? 502 : 0;
  };
  const auto begun = fast_time_.passed();
  start("a1");
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::unknown);
  EXPECT_NE(run.result->message.find("cannot tell whether your code ran"), std::string::npos);
  EXPECT_GE(fast_time_.passed() - begun, 60s);
  EXPECT_EQ(livy_.posted, 1);
  // It arrives after all: looking again finds it.
  fake_livy::statement late;
  late.code = "# livyd run=a1\nprint('out')";
  livy_.sessions.at(0).statements.push_back(late);
  run_to_end(loop_, service_->run_look({"a1"}));
  EXPECT_EQ(ended(2).result->outcome, RunOutcome::ok);
  EXPECT_EQ(livy_.posted, 2);
}

TEST_F(Service, ALateDeliveryIsSeenAboveTheFence) {
  time_ = &fast_time_;
  close();
  open();
  int posts = 0;
  livy_.before = [&](const std::string& verb, const std::string& path) {
    return verb == "POST" && path.ends_with("/statements") && posts++ == 0 ? 502 : 0;
  };
  int looks = 0;
  livy_.after = [&](const std::string& verb, const std::string& path) {
    if (verb != "GET" || !path.ends_with("/statements/1") || ++looks != 1) return 0;
    fake_livy::statement late;
    late.code = "# livyd run=a1\nprint('out')";
    livy_.sessions.at(0).statements.push_back(late);
    return 0;
  };
  start("a1");
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::ok);
  EXPECT_EQ(run.statement, 1);
  EXPECT_EQ(livy_.posted, 1);
}

TEST_F(Service, ASessionWhoseInterpreterDiedIsDeletedAndReplaced) {
  livy_.on_statement = [](fake_livy::statement& made) {
    made.output = {{"status", "error"}, {"ename", "Error"}, {"evalue", "Interpreter died:\n"}};
  };
  start("a1");
  EXPECT_EQ(ended().result->outcome, RunOutcome::error);
  wait_for([&] { return livy_.deleted == 1; });
  livy_.on_statement = {};
  start("a2");
  EXPECT_EQ(ended(2).result->outcome, RunOutcome::ok);
  EXPECT_EQ(livy_.created, 2);
  ASSERT_FALSE(heard_.notices.empty());
  EXPECT_NE(heard_.notices.back().find("its interpreter died"), std::string::npos);
}

TEST_F(Service, AHoleOfThreeMinutesKeepsSessionAndRun) {
  time_ = &fast_time_;
  close();
  open();
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  std::optional<duration> hole;
  livy_.before = [&](const std::string& verb, const std::string& path) {
    if (verb == "GET" && path.find("/statements/") != std::string::npos && !hole) {
      hole = fast_time_.passed();
    }
    if (!hole) return 0;
    if (fast_time_.passed() - *hole < 180s) return 502;
    livy_.sessions.at(0).statements.at(0).state = "available";
    return 0;
  };
  start("a1");
  EXPECT_EQ(ended().result->outcome, RunOutcome::ok);
  EXPECT_GE(fast_time_.passed() - *hole, 180s);
  EXPECT_EQ(livy_.created, 1);
  EXPECT_EQ(livy_.posted, 1);
}

TEST_F(Service, ARunningStatementIsTakenUpAfterARestart) {
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  start("a1");
  start("a2");
  wait_for([&] { return livy_.posted == 1; });
  wait_for(
      [&] { return !heard_.changes.empty() && heard_.changes.back().state == RunState::running; });
  close();
  heard_ = recorder();
  open();
  auto known = run_to_end(loop_, service_->run_list({})).runs;
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known[0].run, "a1");
  EXPECT_EQ(known[1].state, RunState::held);
  livy_.sessions.at(0).statements.at(0).state = "available";
  const auto run = ended();
  EXPECT_EQ(run.run, "a1");
  EXPECT_TRUE(run.adopted.value_or(false));
  EXPECT_EQ(run.result->outcome, RunOutcome::ok);
  EXPECT_EQ(heard_.output, "out\n");
  EXPECT_EQ(livy_.posted, 1);
  EXPECT_EQ(livy_.created, 1);
  // What was not sent waits for a click.
  livy_.on_statement = {};
  run_to_end(loop_, service_->run_release({"a2"}));
  EXPECT_EQ(ended(2).run, "a2");
  EXPECT_EQ(livy_.posted, 2);
}

TEST_F(Service, AnotherStatementOfTheSameNumberIsNotTakenForTheRun) {
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  start("a1");
  wait_for([&] { return livy_.posted == 1; });
  wait_for(
      [&] { return !heard_.changes.empty() && heard_.changes.back().state == RunState::running; });
  close();
  heard_ = recorder();
  livy_.sessions.at(0).statements.at(0).code = "x = 1";
  livy_.sessions.at(0).statements.at(0).state = "available";
  open();
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::unknown);
  EXPECT_EQ(heard_.output, "");
}

TEST_F(Service, HistorySurvivesARestartAndCanBeSearchedAndCleared) {
  start("a1", "print('needle')");
  ended();
  close();
  heard_ = recorder();
  open();
  run_to_end(loop_, service_->run_attach({"a1", 0}));
  EXPECT_EQ(heard_.output, "out\n");
  ASSERT_EQ(heard_.finished.size(), 1U);
  EXPECT_EQ(heard_.finished[0].result->outcome, RunOutcome::ok);
  EXPECT_EQ(run_to_end(loop_, service_->run_code({"a1"})).code, "print('needle')");
  EXPECT_EQ(run_to_end(loop_, service_->history_search({"NEEDLE", 10})).matches.size(), 1U);
  run_to_end(loop_, service_->history_clear({}));
  EXPECT_TRUE(run_to_end(loop_, service_->run_list({})).runs.empty());
  EXPECT_TRUE(run_to_end(loop_, service_->history_search({"needle", 10})).matches.empty());
}

TEST_F(Service, ARunThatFailsEmptiesTheQueueWhenAskedTo) {
  auto set = configuration();
  set.stop_on_error = true;
  run_to_end(loop_, service_->configure(set));
  livy_.on_statement = [](fake_livy::statement& made) {
    made.output = {{"status", "error"}, {"ename", "E"}, {"evalue", "x"}};
  };
  start("a1");
  start("a2");
  ended(2);
  EXPECT_EQ(heard_.finished[0].result->outcome, RunOutcome::error);
  EXPECT_EQ(heard_.finished[1].result->outcome, RunOutcome::stopped);
  EXPECT_EQ(livy_.posted, 1);
}

TEST_F(Service, EndedRunsAreAppendedToAFile) {
  auto set = configuration();
  set.output_file = (folder_.path / "all.txt").string();
  run_to_end(loop_, service_->configure(set));
  start("a1");
  ended();
  const auto text = read_file(folder_.path / "all.txt");
  EXPECT_NE(text.find("out\n"), std::string::npos);
  EXPECT_NE(text.find("ok"), std::string::npos);
}

TEST_F(Service, ListsTheSessionsStatementsOneByOne) {
  start("a1", "print('a')");
  ended();
  fake_livy::statement other;
  other.code = "x = 1";
  livy_.sessions.at(0).statements.push_back(other);
  livy_.before = [](const std::string&, const std::string& path) {
    return path.ends_with("/statements") ? 500 : 0;  // the list can end a session
  };
  const auto listed = run_to_end(loop_, service_->statement_list({"p", std::nullopt})).statements;
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].code, "x = 1");
  EXPECT_FALSE(listed[0].run.has_value());
  EXPECT_EQ(listed[1].run, "a1");
}

TEST_F(Service, KillsAllOfMineAndNobodyElses) {
  start("a1");
  ended();
  livy_.sessions[7].name = concat("livyd-", user_name(), "-p-00000001");
  livy_.sessions[8].name = "colleague";
  livy_.next_id = 9;
  const auto killed = run_to_end(loop_, service_->session_kill_all({"p", false}));
  EXPECT_EQ(killed.killed.size(), 2U);
  EXPECT_EQ(livy_.sessions.size(), 1U);
  EXPECT_EQ(livy_.sessions.count(8), 1U);
  EXPECT_EQ(session_get().state, SessionState::removed);
}

TEST_F(Service, AdoptsTheSessionWhoseAnswerWasLost) {
  livy_.after = [](const std::string& verb, const std::string& path) {
    return verb == "POST" && path == "/sessions" ? 502 : 0;
  };
  start("a1");
  EXPECT_EQ(ended().result->outcome, RunOutcome::ok);
  EXPECT_EQ(livy_.created, 1);
}

TEST_F(Service, TellsWhyASessionDiedAndDeletesIt) {
  livy_.new_session_state = "starting";
  livy_.before = [this](const std::string& verb, const std::string& path) {
    if (verb == "GET" && path == "/sessions/0") {
      livy_.sessions[0].state = "dead";
      livy_.sessions[0].log = {"stdout: ", "Too small maximum heap", "\nstderr: "};
    }
    return 0;
  };
  start("a1");
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::failed);
  EXPECT_NE(run.result->message.find("Too small maximum heap"), std::string::npos)
      << run.result->message;
  EXPECT_EQ(livy_.deleted, 1);
  EXPECT_EQ(heard_.sessions.back().state, SessionState::dead);
}

TEST_F(Service, RidesOutAServerThatAnswersNonsense) {
  int bad = 5;
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  livy_.before = [&](const std::string& verb, const std::string& path) {
    if (verb != "GET" || path.find("/statements/") == std::string::npos) return 0;
    if (bad-- > 0) return 502;
    livy_.sessions.at(0).statements.at(0).state = "available";
    return 0;
  };
  start("a1");
  EXPECT_EQ(ended().result->outcome, RunOutcome::ok);
  const auto unreachable =
      std::count_if(heard_.sessions.begin(), heard_.sessions.end(),
                    [](const auto& one) { return one.state == SessionState::unreachable; });
  EXPECT_GE(unreachable, 1);
  wait_for([&] { return heard_.sessions.back().state == SessionState::idle; });
}

TEST_F(Service, StopsARunningStatement) {
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  start("a1");
  start("a2");
  wait_for(
      [&] { return !heard_.changes.empty() && heard_.changes.back().state == RunState::running; });
  const auto waiting = run_to_end(loop_, service_->run_stop({"a2"}));
  EXPECT_EQ(waiting.truth, StopTruth::withdrawn);
  const auto running = run_to_end(loop_, service_->run_stop({"a1"}));
  EXPECT_EQ(running.truth, StopTruth::stopped);
  EXPECT_EQ(running.message, "Stopped; the session is free.");
  EXPECT_EQ(livy_.posted, 1);
  EXPECT_EQ(run_to_end(loop_, service_->run_stop({"a1"})).truth, StopTruth::already_finished);
}

TEST_F(Service, StopWhileTheSessionStartsWithdrawsTheRunAndKeepsTheSession) {
  livy_.new_session_state = "starting";
  start("a1");
  wait_for([&] { return livy_.created == 1; });
  EXPECT_EQ(run_to_end(loop_, service_->run_stop({"a1"})).truth, StopTruth::withdrawn);
  EXPECT_EQ(ended().result->outcome, RunOutcome::stopped);
  livy_.sessions.at(0).state = "idle";
  wait_for([&] { return heard_.sessions.back().state == SessionState::idle; });
  EXPECT_EQ(livy_.posted, 0);
  EXPECT_EQ(livy_.deleted, 0);
}

TEST_F(Service, RemovingASessionThatStartsEndsTheRunThatWaitsForIt) {
  livy_.new_session_state = "starting";
  start("a1");
  wait_for([&] { return livy_.created == 1; });
  run_to_end(loop_, service_->session_stop({"p"}));
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::failed);
  EXPECT_EQ(run.result->message, "You removed the session. Start a session to run code again.");
  EXPECT_EQ(livy_.deleted, 1);
  EXPECT_EQ(session_get().state, SessionState::removed);
}

TEST_F(Service, TheReplyToAStartComesBeforeTheRunsEvents) {
  run_to_end(loop_, service_->session_stop({"p"}));
  start("a1");
  EXPECT_TRUE(heard_.changes.empty());
  EXPECT_TRUE(heard_.finished.empty());
  EXPECT_EQ(ended().result->outcome, RunOutcome::failed);
}

TEST_F(Service, CancellingAStartDeletesWhatWasBegun) {
  livy_.new_session_state = "starting";
  asio::cancellation_signal cancel;
  std::exception_ptr error;
  asio::co_spawn(
      loop_, service_->session_start({"p"}),
      asio::bind_cancellation_slot(
          cancel.slot(), [&](std::exception_ptr e, protocol::SessionInfo) { error = e; }));
  wait_for([&] { return livy_.created == 1; });
  cancel.emit(asio::cancellation_type::terminal);
  wait_for([&] { return livy_.deleted == 1 && error; });
  EXPECT_TRUE(is_cancellation(error));
  wait_for([&] { return heard_.sessions.back().state == SessionState::none; });
}

TEST_F(Service, ClosingKeepsASessionThatIsStarting) {
  livy_.new_session_state = "starting";
  start("a1");
  wait_for([&] { return livy_.created == 1; });
  close();
  EXPECT_EQ(livy_.deleted, 0);
  livy_.sessions.at(0).state = "idle";
  open();
  EXPECT_EQ(session_get().state, SessionState::idle);
  EXPECT_EQ(livy_.created, 1);
}

TEST_F(Service, AnEndedEditorDoesNotCancelAStart) {
  livy_.new_session_state = "starting";
  asio::cancellation_signal cancel;
  std::exception_ptr error;
  asio::co_spawn(
      loop_, service_->session_start({"p"}),
      asio::bind_cancellation_slot(
          cancel.slot(), [&](std::exception_ptr e, protocol::SessionInfo) { error = e; }));
  wait_for([&] { return livy_.created == 1; });
  service_->leave();
  cancel.emit(asio::cancellation_type::terminal);
  wait_for([&] { return error != nullptr; });
  close();
  EXPECT_EQ(livy_.deleted, 0);
  livy_.sessions.at(0).state = "idle";
  open();
  EXPECT_EQ(session_get().state, SessionState::idle);
}

TEST_F(Service, SendsAPreviewAndKeepsTheRestInAFile) {
  const std::string text(5000, 'x');
  livy_.on_statement = [&](fake_livy::statement& made) {
    made.output["data"]["text/plain"] = text;
    made.output["data"]["application/json"] = {{"a", 1}};
  };
  start("a1");
  const auto result = *ended().result;
  EXPECT_EQ(result.output_bytes, 5001);
  EXPECT_EQ(result.sent_bytes, 1000);
  EXPECT_EQ(heard_.output, text.substr(0, 1000));
  EXPECT_EQ(read_file(*result.output_file), text + "\n");
  ASSERT_EQ(result.parts.size(), 1U);
  EXPECT_EQ(json::parse(read_file(result.parts[0].file)), (json{{"a", 1}}));
  heard_ = recorder();
  run_to_end(loop_, service_->run_attach({"a1", 400}));
  EXPECT_EQ(heard_.output, text.substr(0, 600));
  EXPECT_EQ(heard_.pieces.front().offset, 400);
  EXPECT_EQ(heard_.finished.size(), 1U);
}

TEST_F(Service, DrawsTheRowsOfSql) {
  livy_.on_statement = [](fake_livy::statement& made) {
    made.output["data"] = {
        {"application/json",
         {{"schema", {{"type", "struct"}, {"fields", {{{"name", "one"}}}}}}, {"data", {{1}}}}}};
  };
  auto run = python("a1", "select 1 as one");
  run.language = protocol::Language::sql;
  run_to_end(loop_, service_->run_start(std::move(run)));
  ended();
  EXPECT_EQ(heard_.output, "one\n---\n  1\n(1 row)\n");
  EXPECT_EQ(livy_.sessions.at(0).statements.at(0).kind, "sql");
}

TEST_F(Service, TellsAnExceptionWithTheEditorsLines) {
  livy_.on_statement = [](fake_livy::statement& made) {
    made.output = {{"status", "error"},
                   {"ename", "ValueError"},
                   {"evalue", "boom"},
                   {"data", {{"text/plain", "before\n"}}},
                   {"traceback", {"Traceback (most recent call last):\n", "ValueError: boom\n"}}};
  };
  start("a1");
  const auto result = *ended().result;
  EXPECT_EQ(result.outcome, RunOutcome::error);
  EXPECT_EQ(result.message, "ValueError: boom");
  EXPECT_EQ(heard_.output, "before\n");
}

TEST_F(Service, TheShellsOwnErrorReplyIsAnError) {
  livy_.on_statement = [](fake_livy::statement& made) {
    made.output["data"] = {{"msg_type", "execute_reply"},
                           {"content",
                            {{"status", "error"},
                             {"ename", "KeyError"},
                             {"evalue", "'missing'"},
                             {"traceback", {"KeyError: 'missing'\n"}}}}};
  };
  start("a1", "%json missing");
  const auto result = *ended().result;
  EXPECT_EQ(result.outcome, RunOutcome::error);
  EXPECT_EQ(result.message, "KeyError: 'missing'");
  EXPECT_TRUE(result.parts.empty());
}

TEST_F(Service, RefusesWhatCannotRunBeforeAnythingHappens) {
  EXPECT_THROW(start("a1", ""), failure);
  EXPECT_THROW(start("../../etc/passwd"), failure);
  auto run = python("a2", "1");
  run.profile = "q";
  EXPECT_THROW(run_to_end(loop_, service_->run_start(std::move(run))), failure);
  EXPECT_THROW(run_to_end(loop_, service_->run_stop({"nope"})), failure);
  EXPECT_EQ(livy_.created, 0);
}

TEST_F(Service, RefusesAnotherProtocol) {
  service other(loop_.get_executor(), *time_, heard_, {});
  protocol::InitializeParams params;
  params.protocol_hash = "another";
  try {
    run_to_end(loop_, other.initialize(std::move(params)));
    FAIL();
  } catch (const failure& reason) {
    EXPECT_NE(reason.message().find("different versions"), std::string::npos);
  }
}

TEST_F(Service, AttachesToASessionThatExists) {
  livy_.sessions[7].name = "theirs";
  livy_.next_id = 8;
  run_to_end(loop_, service_->session_attach({"p", "theirs"}));
  start("a1");
  ended();
  EXPECT_EQ(livy_.created, 0);
  EXPECT_EQ(livy_.sessions.at(7).statements.size(), 1U);
  const auto rows = run_to_end(loop_, service_->session_list({"p"})).sessions;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].active);
  EXPECT_FALSE(rows[0].mine);
  EXPECT_THROW(run_to_end(loop_, service_->session_attach({"p", "nobody"})), failure);
}

TEST_F(Service, AnUnreachableServerIsSaidAndNothingIsLost) {
  start("a1");
  ended();
  close();
  livy_.before = [](const std::string&, const std::string&) { return 503; };
  open();
  const auto seen = session_get();
  EXPECT_EQ(seen.state, SessionState::unreachable);
  EXPECT_TRUE(seen.detail.has_value());
  livy_.before = {};
  EXPECT_EQ(session_get().state, SessionState::idle);
}

TEST_F(Service, RemovesASessionWhenTheServerAnswersAgain) {
  start("a1");
  ended();
  livy_.before = [](const std::string&, const std::string&) { return 503; };
  const auto told = run_to_end(loop_, service_->session_stop({"p"}));
  EXPECT_EQ(told.state, SessionState::removed);
  const auto words = concat("The server was not reached: the session ", livy_.sessions[0].name,
                            " is removed as soon as it answers.");
  EXPECT_EQ(told.detail, words);
  EXPECT_EQ(std::count(heard_.notices.begin(), heard_.notices.end(), words), 1);
  EXPECT_EQ(livy_.sessions.size(), 1U);
  livy_.before = {};
  wait_for([&] { return livy_.sessions.empty(); });
  wait_for([&] { return !heard_.sessions.back().detail; });
  EXPECT_EQ(heard_.sessions.back().state, SessionState::removed);
  EXPECT_EQ(livy_.created, 1);
}

TEST_F(Service, TheNextDaemonRemovesWhatTheLastOneCouldNot) {
  start("a1");
  ended();
  livy_.before = [](const std::string&, const std::string&) { return 503; };
  run_to_end(loop_, service_->session_stop({"p"}));
  close();
  open();
  EXPECT_EQ(session_get().state, SessionState::removed);
  EXPECT_EQ(livy_.sessions.size(), 1U);
  livy_.before = {};
  wait_for([&] { return livy_.sessions.empty(); });
  EXPECT_EQ(livy_.created, 1);
}

TEST_F(Service, NeverTakesUpASessionThatIsToBeRemoved) {
  start("a1");
  ended();
  const auto name = livy_.sessions[0].name;
  livy_.before = [](const std::string& verb, const std::string&) {
    return verb == "DELETE" ? 503 : 0;
  };
  run_to_end(loop_, service_->session_stop({"p"}));
  try {
    run_to_end(loop_, service_->session_attach({"p", name}));
    FAIL();
  } catch (const failure& reason) {
    EXPECT_EQ(reason.kind(), failure_kind::session_removed);
  }
  EXPECT_THROW(run_to_end(loop_, service_->session_attach({"p", std::nullopt})), failure);
  run_to_end(loop_, service_->session_start({"p"}));
  EXPECT_EQ(session_get().id, "1");
  livy_.before = {};
  wait_for([&] { return livy_.sessions.size() == 1; });
  EXPECT_EQ(session_get().id, "1");
}

TEST_F(Service, DoesNotDeleteAnotherSessionThatGotTheNumberOfARemovedOne) {
  start("a1");
  ended();
  livy_.before = [](const std::string&, const std::string&) { return 503; };
  run_to_end(loop_, service_->session_stop({"p"}));
  close();
  livy_.sessions[0].name = "a colleague's";
  livy_.before = {};
  open();
  wait_for([&] {
    const auto kept = read_file_if_any(folder_.path / "state" / "store.json").value_or("");
    return kept.find("removals") == std::string::npos;
  });
  EXPECT_EQ(livy_.sessions.size(), 1U);
  EXPECT_EQ(livy_.deleted, 0);
}

TEST_F(Service, TheLastWordsOfAFailedSessionOutliveTheDaemon) {
  livy_.new_session_state = "starting";
  livy_.before = [this](const std::string& verb, const std::string& path) {
    if (verb == "GET" && path == "/sessions/0") {
      livy_.sessions[0].state = "dead";
      livy_.sessions[0].log = {"stdout: ", "\nstderr: ", "\nYARN Diagnostics: ", "no room"};
    }
    return 0;
  };
  start("a1");
  ended();
  close();
  livy_.before = {};
  open();
  const auto page = run_to_end(loop_, service_->log_read({.profile = "p", .size = -1}));
  ASSERT_FALSE(page.lines.empty());
  EXPECT_EQ(page.lines.back(), "no room");
  EXPECT_NE(page.lines.front().find("could not start"), std::string::npos) << page.lines.front();
  const auto told = run_to_end(loop_, service_->session_details({.profile = "p"}));
  EXPECT_NE(told.facts.back().value.find("no room"), std::string::npos);
  EXPECT_EQ(told.session.name, page.session);
}

TEST_F(Service, TheLastWordsAreForgottenWhenTheNextSessionCanBeUsed) {
  livy_.new_session_state = "dead";
  start("a1");
  ended();
  livy_.new_session_state = "idle";
  start("a2");
  ended(2);
  close();
  livy_.sessions[1].log = {"stdout: ", "of the second"};
  open();
  const auto page = run_to_end(loop_, service_->log_read({.profile = "p", .size = -1}));
  ASSERT_FALSE(page.lines.empty());
  EXPECT_EQ(page.lines.back(), "of the second");
}

TEST_F(ServiceWithAgent, WhatAStopHasAskedIsNotAskedAgainBeforeItIsAnswered) {
  int asked_of_agent = 0;
  int interrupts = 0;
  int reads_since_look = -1;  // none yet since the interrupt
  std::string held;           // where the interrupt's answer is asked for
  bool released = false;
  notification go_on(loop_.get_executor());
  close();
  livy_.agent = [&](const json& asked) -> std::string {
    const auto job = asked_of_agent++;
    if (asked["do"] == "interrupt") {
      ++interrupts;
      held = concat("/jobs/", job);
      return "{\"done\":\"interrupted\"}\n";
    }
    if (asked["do"] != "read") return answer(asked);
    if (reads_since_look >= 0) ++reads_since_look;
    return concat(R"({"known":true,"ran":true,"refused":false,"offset":0,"size":0,"ended":)",
                  released ? "true" : "false", "}\n");
  };
  livy_.on_statement = [this](auto& made) {
    ends_as(made);
    if (!made.code.starts_with("# livyd installs")) made.state = "running";
  };
  livy_.hold = [&](std::string, std::string path) -> task<void> {
    const bool cancel = path.ends_with("/cancel");
    const bool look = !cancel && path.find("/statements/") != std::string::npos;
    if (interrupts > 0 && look) reads_since_look = 0;
    if (!released && (cancel || (interrupts > 0 && path.ends_with(held)))) co_await go_on.wait();
  };
  open();
  start("a1");
  wait_for(
      [&] { return !heard_.changes.empty() && heard_.changes.back().state == RunState::running; });
  bool told = false;
  asio::co_spawn(loop_, service_->run_stop({"a1"}),
                 [&](std::exception_ptr, const protocol::RunStopResult&) { told = true; });
  wait_for([&] { return reads_since_look >= 2 || told; });
  // After three seconds the Stop gives its question up, and another one may be asked.
  if (!told) {
    EXPECT_EQ(interrupts, 1);
  }
  released = true;
  go_on.notify_all();
  wait_for([&] { return told; });
  EXPECT_EQ(ended().result->outcome, RunOutcome::stopped);
  close();  // it asks the agent, whose words are this test's
}

TEST_F(Service, AnAttachDuringAStartWinsOverTheRunsThatWaitForIt) {
  livy_.sessions[7].name = "another";
  livy_.next_id = 8;
  livy_.new_session_state = "starting";
  start("a1");
  start("a2");
  wait_for([&] { return livy_.created == 1; });
  EXPECT_EQ(run_to_end(loop_, service_->session_attach({"p", "another"})).id, "7");
  EXPECT_EQ(ended(2).result->outcome, RunOutcome::ok);
  EXPECT_EQ(session_get().id, "7");
  EXPECT_EQ(livy_.created, 1);
  EXPECT_EQ(livy_.sessions[7].statements.size(), 1U);
}

TEST_F(Service, AnAttachWhileARunIsSentDoesNotMixTwoSessionsInItsRecord) {
  livy_.sessions[7].name = "another";
  livy_.next_id = 8;
  bool attached = false;
  // The run asks for the agent or version, and in that moment the user attaches to another one.
  livy_.before = [&](const std::string& verb, const std::string& path) {
    if (verb == "POST" && path == "/sessions/8/statements" && !attached) {
      attached = true;
      asio::co_spawn(loop_, service_->session_attach({"p", "another"}),
                     [](std::exception_ptr, protocol::SessionInfo) {});
    }
    return 0;
  };
  start("a1");
  ended();
  ASSERT_TRUE(attached);
  wait_for([&] { return session_get().id == "7"; });
  const auto kept =
      json::parse(read_file_if_any(folder_.path / "state" / "runs" / "a1.run.json").value_or(""));
  EXPECT_EQ(kept.at("session"), "8");
  EXPECT_EQ(kept.at("sessionName"), livy_.sessions[8].name);
  EXPECT_EQ(kept.at("lastKnown"), -1);
}

TEST_F(Service, AWebPageInsteadOfALivyFailsAtOnce) {
  livy_.before = [](const std::string&, const std::string&) { return 200; };
  start("a1");
  const auto run = ended();
  EXPECT_EQ(run.result->outcome, RunOutcome::failed);
  EXPECT_NE(run.result->message.find("not as a Livy server"), std::string::npos)
      << run.result->message;
}

TEST_F(Service, AChangedProfileIsUsedByTheNextRun) {
  fake_livy other(loop_.get_executor());
  start("a1");
  ended();
  auto changed = configuration();
  changed.profiles["p"]["url"] = other.url();
  run_to_end(loop_, service_->configure(std::move(changed)));
  start("a2");
  ended(2);
  EXPECT_EQ(other.posted, 1);
  EXPECT_EQ(livy_.posted, 1);
  other.stop();
}

TEST_F(Service, AProfileChangedUnderARunIsUsedByTheNextRun) {
  fake_livy other(loop_.get_executor());
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  start("a1");
  wait_for([&] { return livy_.posted == 1; });
  auto changed = configuration();
  changed.profiles["p"]["url"] = other.url();
  run_to_end(loop_, service_->configure(changed));
  // The settings may be told again while it runs; the room is still the one before.
  run_to_end(loop_, service_->configure(changed));
  EXPECT_TRUE(heard_.finished.empty());
  livy_.sessions.at(0).statements.at(0).state = "available";
  EXPECT_EQ(ended().result->outcome, RunOutcome::ok);
  start("a2");
  ended(2);
  EXPECT_EQ(other.posted, 1);
  EXPECT_EQ(livy_.posted, 1);
  const auto runs = run_to_end(loop_, service_->run_list({})).runs;
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].run, "a1");
  other.stop();
}

TEST_F(Service, ARunCanBeLookedAtAllTheWhileItsProfileChanges) {
  start("a1");
  ended();
  auto changed = configuration();
  changed.profiles["p"]["session"] = {{"driverMemory", "2g"}};
  bool done = false;
  asio::co_spawn(loop_, service_->configure(std::move(changed)),
                 [&](std::exception_ptr, const protocol::ConfigureResult&) { done = true; });
  wait_for([&] {
    std::size_t count = 0;
    asio::co_spawn(
        loop_, service_->run_list({}),
        [&](std::exception_ptr, const protocol::RunListResult& all) { count = all.runs.size(); });
    while (count == 0 && loop_.poll_one() != 0) continue;
    EXPECT_EQ(count, 1U);
    return done;
  });
}

/// The session that a cancelled start has begun is still being deleted when its profile changes.
TEST_F(Service, AProfileMayChangeWhileACancelledStartIsTakenBack) {
  livy_.new_session_state = "starting";
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(
      loop_, service_->session_start({"p"}),
      asio::bind_cancellation_slot(
          cancel.slot(), [&](std::exception_ptr, const protocol::SessionInfo&) { ended = true; }));
  wait_for([&] { return livy_.created == 1; });
  notification go_on(loop_.get_executor());
  bool held = false;
  livy_.hold = [&](std::string verb, std::string) -> task<void> {
    if (verb != "DELETE") co_return;
    held = true;
    co_await go_on.wait();
  };
  cancel.emit(asio::cancellation_type::terminal);
  wait_for([&] { return ended && held; });
  auto changed = configuration();
  changed.profiles["p"]["session"] = {{"driverMemory", "2g"}};
  run_to_end(loop_, service_->configure(std::move(changed)));
  livy_.hold = {};
  go_on.notify_all();
  wait_for([&] { return livy_.deleted == 1; });
  livy_.new_session_state = "idle";
  EXPECT_EQ(run_to_end(loop_, service_->session_start({"p"})).state, SessionState::idle);
  EXPECT_EQ(livy_.created, 2);
}

/// Asked in the room of the profile as it was, answered when that room is replaced.
TEST_F(Service, ALookThatIsAnsweredAfterItsProfileChangedBeginsNothing) {
  start("a1");
  ended();
  close();
  open();
  notification go_on(loop_.get_executor());
  bool held = false;
  livy_.hold = [&](std::string, std::string path) -> task<void> {
    if (held || path.find("/sessions/0") == std::string::npos) co_return;
    held = true;
    co_await go_on.wait();
  };
  bool ended = false;
  asio::co_spawn(loop_, service_->session_get({"p"}),
                 [&](std::exception_ptr, const protocol::SessionInfo&) { ended = true; });
  wait_for([&] { return held; });
  auto changed = configuration();
  changed.profiles["p"]["session"] = {{"driverMemory", "2g"}};
  run_to_end(loop_, service_->configure(std::move(changed)));
  go_on.notify_all();
  wait_for([&] { return ended; });
  EXPECT_EQ(session_get().state, SessionState::idle);
}

TEST_F(Service, AProfileThatWasChangedThereAndBackTakesTheNextPassword) {
  auto set = configuration();
  set.profiles["p"]["auth"] = {{"type", "basic"}, {"user", "alice"}};
  run_to_end(loop_, service_->configure(set));
  run_to_end(loop_, service_->secret_give(password("first")));
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  start("a1");
  wait_for([&] { return livy_.posted == 1; });
  auto other = set;
  other.profiles["p"]["auth"]["user"] = "bob";
  run_to_end(loop_, service_->configure(std::move(other)));
  run_to_end(loop_, service_->configure(set));
  // The run goes on with what it had.
  livy_.sessions.at(0).statements.at(0).state = "available";
  EXPECT_EQ(ended().result->outcome, RunOutcome::ok);
  EXPECT_TRUE(heard_.secrets.empty());
  livy_.on_statement = {};
  start("a2");
  wait_for([&] { return !heard_.secrets.empty(); });
  run_to_end(loop_, service_->secret_give(password("second")));
  EXPECT_EQ(ended(2).result->outcome, RunOutcome::ok);
}

TEST_F(Service, ARunOutlivesANewPasswordAndALookThatFailsAfterIt) {
  auto set = configuration();
  set.profiles["p"]["auth"] = {{"type", "basic"}, {"user", "alice"}};
  run_to_end(loop_, service_->configure(std::move(set)));
  run_to_end(loop_, service_->secret_give(password("sesame")));
  livy_.on_statement = [](fake_livy::statement& made) { made.state = "running"; };
  start("a1");
  wait_for([&] { return livy_.posted == 1; });
  run_to_end(loop_, service_->secret_give(password("sesame")));
  int refused = 0;
  livy_.before = [&](const std::string&, const std::string& path) {
    return path.find("/statements/") != std::string::npos && ++refused <= 2 ? 502 : 0;
  };
  wait_for([&] { return refused > 2; });
  livy_.sessions.at(0).statements.at(0).state = "available";
  EXPECT_EQ(ended().result->outcome, RunOutcome::ok);
  EXPECT_EQ(livy_.deleted, 0);
}

/// Behind Knox the owner is Knox, and who asked is the proxy user (C17).
TEST_F(Service, ASessionIsMineByNameAndByWhomTheServerSays) {
  auto set = configuration();
  set.profiles["p"]["auth"] = {{"type", "basic"}, {"user", "alice"}};
  run_to_end(loop_, service_->configure(std::move(set)));
  run_to_end(loop_, service_->secret_give(password("sesame")));
  const auto name = [](int number) { return concat("livyd-", user_name(), "-p-", number); };
  livy_.sessions[0] = {.name = name(0), .owner = "knox", .proxy_user = "alice"};
  livy_.sessions[1] = {.name = name(1), .owner = "knox", .proxy_user = "somebody"};
  livy_.sessions[2] = {.name = name(2)};
  livy_.sessions[3] = {.name = "theirs", .owner = "alice"};
  const auto rows = run_to_end(loop_, service_->session_list({"p"})).sessions;
  std::vector<std::string> mine;
  for (const auto& row : rows) {
    if (row.mine) mine.push_back(row.id);
  }
  EXPECT_EQ(mine, (std::vector<std::string>{"0", "2"}));
  EXPECT_TRUE(heard_.secrets.empty());
}

TEST_F(Service, ImportsAFileAndSaysWhatItIsNot) {
  const auto file = folder_.path / "mine.json";
  replace_file(file, R"({"livy_url": "https://gw/livy", "queue": "etl"})");
  const auto found = run_to_end(loop_, service_->profile_import({file.string()}));
  ASSERT_TRUE(found.profiles.contains("mine"));
  EXPECT_EQ(found.profiles.at("mine")["url"], "https://gw/livy");
  EXPECT_THROW(run_to_end(loop_, service_->profile_import({"/nonexistent/file"})), failure);
}

}  // namespace
}  // namespace livyd
