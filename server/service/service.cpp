#include "service/service.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/off_thread.hpp"
#include "base/text.hpp"
#include "service/doctor.hpp"
#include "service/profile_import.hpp"
#include "service/room.hpp"

namespace livyd {
namespace {

constexpr std::int64_t default_preview_bytes = 1 << 20;
constexpr std::size_t runs_kept = 300;
constexpr std::int64_t default_history_bytes = 2'000'000'000;

std::filesystem::path temporary_folder() {
  const auto folder =
      std::filesystem::temp_directory_path() / concat("livyd-", ::getpid(), "-", random_hex(4));
  make_private_folder(folder);
  return folder;
}

/// The script and its packages as one file of its own.
task<std::filesystem::path> packed_for_batch(std::shared_ptr<room> where,
                                             std::filesystem::path script,
                                             std::filesystem::path outputs) {
  const auto made = outputs / concat("batch-", random_hex(8), script.extension().string());
  protocol::StandaloneParams params;
  params.profile = where->where().name;
  params.file = script.string();
  params.output = made.string();
  co_await where->code().standalone(std::move(params));
  co_return made;
}

}  // namespace

service::service(asio::any_io_executor executor, clock& time, listener& events,
                 service_settings settings)
    : executor_(std::move(executor)),
      time_(time),
      events_(events),
      settings_(std::move(settings)),
      secrets_([this](protocol::SecretNeeded what) {
        asio::co_spawn(executor_, events_.secret_needed(std::move(what)), asio::detached);
      }) {}

service::~service() {
  rooms_.clear();
  retired_.clear();
  std::error_code ignored;
  if (temporary_outputs_) std::filesystem::remove_all(outputs_, ignored);
}

task<protocol::InitializeResult> service::initialize(protocol::InitializeParams params) {
  if (params.protocol_hash != protocol::protocol_hash) {
    throw failure(failure_kind::unsupported,
                  "The extension and the livyd program are of different versions. Reload the "
                  "window; if that does not help, install the extension again.",
                  concat("protocol ", params.protocol_hash, " and ", protocol::protocol_hash));
  }
  if (initialized_) {
    throw failure(failure_kind::invalid_input, "initialize was called twice.");
  }
  if (params.state_folder.empty()) {
    store_ = store::in_memory();
    outputs_ = temporary_folder();
    temporary_outputs_ = true;
  } else {
    const std::filesystem::path folder = params.state_folder;
    if (!folder.is_absolute()) {
      throw failure(failure_kind::invalid_input, "stateFolder must be an absolute path.");
    }
    auto waiting = [this](int pid) -> task<void> {
      protocol::Notice words;
      words.severity = protocol::Severity::info;
      words.text = concat("Waiting for another livyd (process ", pid,
                          ") that uses this workspace's sessions…");
      return events_.notice(std::move(words));
    };
    store_ = co_await store::open(folder, settings_.store_patience, waiting);
    outputs_ = folder / "runs";
    make_private_folder(outputs_);
    const auto limit = static_cast<std::uint64_t>(std::max<std::int64_t>(
        0, params.configuration.history_bytes.value_or(default_history_bytes)));
    co_await off_thread([outputs = outputs_, limit] { prune_history(outputs, runs_kept, limit); });
  }
  journal_ = std::make_unique<journal>(outputs_, !temporary_outputs_);
  left_behind_ = co_await off_thread([kept = *journal_] { return kept.read_all(); });
  initialized_ = true;
  if (!store_->complaint().empty()) {
    protocol::Notice words;
    words.severity = protocol::Severity::warning;
    words.text = store_->complaint();
    co_await events_.notice(std::move(words));
  }
  log::info("service", concat("initialized for ", params.client));
  auto configured = co_await configure(std::move(params.configuration));
  protocol::InitializeResult result;
  result.version = settings_.version;
  result.protocol_hash = protocol::protocol_hash;
  result.process = ::getpid();
  result.profiles = std::move(configured.profiles);
  co_return result;
}

task<protocol::ConfigureResult> service::configure(protocol::Configuration params) {
  if (!initialized_) {
    throw failure(failure_kind::invalid_input, "initialize must be called first.");
  }
  configuration_ = std::move(params);
  const auto before = std::exchange(
      profiles_, profile_set(configuration_.profiles, configuration_.trusted,
                             process_variables(configuration_.workspace_folder.value_or(""))));
  let_go_of_moved_secrets(before);
  co_await renew_rooms();
  for (const auto& [name, one] : rooms_) {
    one->adjust(configuration_.stop_on_error.value_or(false),
                configuration_.output_file.value_or(""),
                configuration_.workspace_folder.value_or(""));
  }
  take_up_runs();
  take_up_removals();
  protocol::ConfigureResult result;
  result.profiles = profiles_.summaries();
  co_return result;
}

bool service::is_stale(const std::string& profile, const room& one) const {
  const auto* now = profiles_.resolved(profile);
  return now == nullptr || !one.fits(*now);
}

/// Rooms whose profile was changed go as soon as nothing runs in them; their runs move into the
/// profiles' new rooms.
task<void> service::renew_rooms() {
  const auto can_go = [this](const auto& each) {
    return each.second->quiet() && is_stale(each.first, *each.second);
  };
  drop_retired();
  if (std::none_of(rooms_.begin(), rooms_.end(), can_go)) co_return;
  auto all = co_await off_thread([kept = *journal_] { return kept.read_all(); });
  // From here to their new rooms without a wait: nobody may miss a run meanwhile.
  std::vector<std::shared_ptr<room>> replaced;
  for (auto it = rooms_.begin(); it != rooms_.end();) {
    if (can_go(*it)) {
      it->second->leave();
      replaced.push_back(std::move(it->second));
      it = rooms_.erase(it);
    } else {
      ++it;
    }
  }
  for (auto& left : all) {
    const bool was_there = std::any_of(replaced.begin(), replaced.end(), [&](const auto& one) {
      return one->has_run(left.params.run);
    });
    if (was_there) left_behind_.push_back(std::move(left));
  }
  retired_.insert(retired_.end(), replaced.begin(), replaced.end());
  take_up_runs();
  take_up_removals();
  for (const auto& one : replaced) co_await one->close();
  replaced.clear();
  drop_retired();
}

/// A replaced room stays for as long as a request or a piece of work is in it.
void service::drop_retired() {
  std::erase_if(retired_,
                [](const auto& one) { return one.use_count() == 1 && !one->unwinding(); });
}

/// Runs of an earlier process come into the room of their profile; those of a profile that cannot
/// be used now wait for a configuration in which it can.
void service::take_up_runs() {
  std::vector<stored_run> waiting;
  for (auto& left : std::exchange(left_behind_, {})) {
    try {
      room_of(left.params.profile)->restore(left);
    } catch (const failure& reason) {
      log::info("service", concat("run ", left.params.run, " waits: ", reason.message()));
      waiting.push_back(std::move(left));
    }
  }
  left_behind_ = std::move(waiting);
}

/// What the user removed while the server was not reached is deleted, whoever was told to.
void service::take_up_removals() {
  for (const auto& profile : store_->profiles_with_removals()) {
    try {
      room_of(profile)->session().take_up_removals();
    } catch (const failure& reason) {
      log::info("service", concat("a removal of ", profile, " waits: ", reason.message()));
    }
  }
}

task<protocol::Empty> service::secret_give(protocol::SecretGiveParams params) {
  const bool given = params.value.has_value();
  secrets_.give({params.profile, params.secret}, std::move(params.value));
  if (given) credentials_changed(params.profile);
  co_return protocol::Empty{};
}

task<protocol::Empty> service::secret_forget(protocol::ProfileParams params) {
  secrets_.forget(params.profile);
  credentials_changed(params.profile);
  co_return protocol::Empty{};
}

task<protocol::ProfileImportResult> service::profile_import(protocol::ProfileImportParams params) {
  auto work = [file = std::filesystem::path(params.file)] {
    return import_profiles(read_file(file), file.stem().string());
  };
  co_return co_await off_thread(std::move(work));
}

/// A cookie may stand for credentials that are not valid any more.
void service::credentials_changed(const std::string& profile) {
  const auto found = rooms_.find(profile);
  if (found != rooms_.end()) found->second->server().credentials_changed();
}

/// A secret is for one user at one server; it does not follow a profile elsewhere. A room in which
/// something still runs keeps its own.
void service::let_go_of_moved_secrets(const profile_set& before) {
  for (const auto& row : before.summaries()) {
    if (row.problem || row.secrets.empty()) continue;
    const auto* now = profiles_.find(row.name);
    if (now == nullptr || !now->asks_for_the_same(before.at(row.name))) secrets_.let_go(row.name);
  }
}

std::shared_ptr<room> service::room_of(const std::string& profile) {
  if (!initialized_) {
    throw failure(failure_kind::invalid_input, "initialize must be called first.");
  }
  if (const auto found = rooms_.find(profile); found != rooms_.end()) return found->second;
  const auto& where = profiles_.at(profile);
  room_settings settings;
  settings.server.executable = settings_.executable;
  settings.server.state_home = settings_.state_home;
  settings.server.user_agent = concat("livyd/", settings_.version);
  settings.server.kept = &secrets_;
  settings.server.traced = [this] { return configuration_.trace.value_or(false); };
  settings.outputs = outputs_;
  settings.preview_bytes = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, configuration_.preview_bytes.value_or(default_preview_bytes)));
  settings.stop_on_error = configuration_.stop_on_error.value_or(false);
  settings.output_file = configuration_.output_file.value_or("");
  settings.deployment = {.workspace = configuration_.workspace_folder.value_or(""),
                         .scratch = outputs_ / "bundles"};
  settings.written = *profiles_.resolved(profile);
  auto made = std::make_shared<room>(executor_, time_, events_, *store_, *journal_, where,
                                     std::move(settings), [this] { return looking_; });
  return rooms_.emplace(profile, std::move(made)).first->second;
}

task<std::shared_ptr<room>> service::entered_room(std::string profile) {
  co_await renew_rooms();
  co_return room_of(profile);
}

task<std::shared_ptr<room>> service::wanted_room(std::string profile) {
  secrets_.may_ask(profile);
  return entered_room(std::move(profile));
}

std::shared_ptr<room> service::room_with_run(const std::string& run) {
  for (const auto& [name, one] : rooms_) {
    if (one->has_run(run)) return one;
  }
  return nullptr;
}

task<protocol::SessionInfo> service::session_start(protocol::ProfileParams params) {
  co_return co_await (co_await wanted_room(params.profile))->session().start();
}

task<protocol::SessionInfo> service::session_stop(protocol::ProfileParams params) {
  co_return co_await (co_await wanted_room(params.profile))->stop_session();
}

task<protocol::SessionInfo> service::session_get(protocol::ProfileParams params) {
  co_return co_await (co_await entered_room(params.profile))->session().look();
}

task<protocol::SessionInfo> service::session_attach(protocol::SessionAttachParams params) {
  co_return co_await (co_await wanted_room(params.profile))->session().attach(params.session);
}

task<protocol::SessionInfo> service::session_restart(protocol::ProfileParams params) {
  co_return co_await (co_await wanted_room(params.profile))->restart_session();
}

task<protocol::Empty> service::session_kill(protocol::SessionParams params) {
  co_await (co_await wanted_room(params.profile))->kill_session(params.session);
  co_return protocol::Empty{};
}

task<protocol::SessionKillAllResult> service::session_kill_all(
    protocol::SessionKillAllParams params) {
  co_return co_await (co_await wanted_room(params.profile))->kill_all_sessions(params.others);
}

task<protocol::SessionDetails> service::session_details(protocol::SessionParams params) {
  co_return co_await (co_await wanted_room(params.profile))->session_details(params.session);
}

task<protocol::SessionInfo> service::session_keep(protocol::ProfileParams params) {
  co_return co_await (co_await entered_room(params.profile))->session().keep_alive();
}

task<protocol::SessionInfo> service::session_use_agent(protocol::SessionUseAgentParams params) {
  co_return co_await (co_await wanted_room(params.profile))->session().use_agent(params.use);
}

task<protocol::SessionListResult> service::session_list(protocol::ProfileParams params) {
  co_return co_await (co_await wanted_room(params.profile))->list_sessions();
}

task<std::shared_ptr<hdfs::client>> service::hdfs(std::string profile) {
  const auto wanted = co_await wanted_room(profile);
  co_return co_await wanted->server().hdfs();
}

task<protocol::HdfsStatusResult> service::hdfs_status(protocol::HdfsParams params) {
  co_return co_await (co_await wanted_room(params.profile))->files().status(params);
}

task<protocol::HdfsListResult> service::hdfs_list(protocol::HdfsParams params) {
  co_return co_await (co_await wanted_room(params.profile))->files().list(params);
}

task<protocol::HdfsStatusResult> service::hdfs_make_folder(protocol::HdfsParams params) {
  co_return co_await (co_await wanted_room(params.profile))->files().make_folder(params);
}

task<protocol::Empty> service::hdfs_move(protocol::HdfsMoveParams params) {
  co_await (co_await wanted_room(params.profile))->files().move(params);
  co_return protocol::Empty{};
}

task<protocol::Empty> service::hdfs_remove(protocol::HdfsRemoveParams params) {
  co_await (co_await wanted_room(params.profile))->files().remove(params);
  co_return protocol::Empty{};
}

task<protocol::HdfsStatusResult> service::hdfs_upload(protocol::HdfsTransferParams params) {
  co_return co_await (co_await wanted_room(params.profile))->files().upload(params);
}

task<protocol::HdfsStatusResult> service::hdfs_download(protocol::HdfsTransferParams params) {
  co_return co_await (co_await wanted_room(params.profile))->files().download(params);
}

task<protocol::DeployResult> service::deploy_plan(protocol::DeployParams params) {
  co_return co_await (co_await wanted_room(params.profile))->code().deployed().plan(params);
}

task<protocol::DeployResult> service::deploy_run(protocol::DeployParams params) {
  co_return co_await (co_await wanted_room(params.profile))->code().deploy(params);
}

task<protocol::DeployListResult> service::deploy_list(protocol::DeployParams params) {
  co_return co_await (co_await entered_room(params.profile))->code().deployed().list(params);
}

task<protocol::Empty> service::deploy_remove(protocol::DeployRemoveParams params) {
  co_await (co_await wanted_room(params.profile))->code().deployed().remove(params);
  co_return protocol::Empty{};
}

task<protocol::ModuleReloadResult> service::module_reload(protocol::ModuleReloadParams params) {
  co_return co_await (co_await wanted_room(params.profile))->code().reload(params);
}

task<protocol::StandaloneResult> service::standalone_build(protocol::StandaloneParams params) {
  co_return co_await (co_await entered_room(params.profile))->code().standalone(params);
}

task<protocol::StatementListResult> service::statement_list(protocol::SessionParams params) {
  co_return co_await (co_await wanted_room(params.profile))->list_statements(params.session);
}

task<protocol::Empty> service::statement_cancel(protocol::StatementParams params) {
  co_await (co_await entered_room(params.profile))
      ->cancel_statement(params.session, params.statement);
  co_return protocol::Empty{};
}

task<protocol::LogPage> service::log_read(protocol::LogReadParams params) {
  co_return co_await (co_await wanted_room(params.profile))->log().read(std::move(params));
}

task<protocol::Empty> service::log_follow(protocol::SessionParams params) {
  co_await (co_await wanted_room(params.profile))->log().follow(std::move(params.session));
  co_return protocol::Empty{};
}

task<protocol::Empty> service::log_unfollow(protocol::ProfileParams params) {
  (co_await entered_room(params.profile))->log().unfollow();
  co_return protocol::Empty{};
}

/// By HDFS: what the profile's sessions get by Livy's other ways no batch can get.
batch_files service::files_for_batch(std::shared_ptr<room> where,
                                     const protocol::BatchSubmitParams& params) {
  const transfer told(executor_, events_, params.transfer);
  batch_files by;
  by.pack = [where, outputs = outputs_](std::filesystem::path script) {
    return packed_for_batch(where, std::move(script), outputs);
  };
  const auto& profile = where->where();
  if (profile.webhdfs.empty()) return by;
  by.put = [where, told](std::filesystem::path local, std::string name) {
    return where->code().deployed().send_file(std::move(local), std::move(name), told);
  };
  constexpr auto by_hdfs = protocol::Carrier::webhdfs;
  if (profile.deploy.carrier.value_or(by_hdfs) != by_hdfs) return by;
  by.deploy = [where, told, file = params.file](livy::session_request& payload) {
    auto& deployed = where->code().deployed();
    deployed.look_from(file);
    return deployed.before_session(payload, [told](std::string text) -> task<void> {
      auto words = told;
      words.begin(std::move(text), std::nullopt);
      co_return;
    });
  };
  return by;
}

task<protocol::BatchInfo> service::batch_submit(protocol::BatchSubmitParams params) {
  const auto where = co_await wanted_room(params.profile);
  auto by = files_for_batch(where, params);
  co_return co_await where->all_batches().submit(std::move(params), std::move(by));
}

task<protocol::BatchListResult> service::batch_list(protocol::ProfileParams params) {
  const auto where = co_await wanted_room(params.profile);
  co_return co_await where->all_batches().list();
}

task<protocol::BatchInfo> service::batch_get(protocol::BatchParams params) {
  const auto where = co_await wanted_room(params.profile);
  co_return co_await where->all_batches().get(std::move(params.batch));
}

task<protocol::Empty> service::batch_kill(protocol::BatchParams params) {
  const auto where = co_await wanted_room(params.profile);
  co_await where->all_batches().kill(std::move(params.batch));
  co_return protocol::Empty{};
}

task<protocol::BatchLogPage> service::batch_log(protocol::BatchLogParams params) {
  const auto where = co_await wanted_room(params.profile);
  co_return co_await where->all_batches().log(std::move(params));
}

task<protocol::Empty> service::batch_follow(protocol::BatchParams params) {
  const auto where = co_await wanted_room(params.profile);
  co_await where->all_batches().follow(std::move(params.batch));
  co_return protocol::Empty{};
}

task<protocol::Empty> service::batch_unfollow(protocol::BatchParams params) {
  (co_await entered_room(params.profile))->all_batches().unfollow(params.batch);
  co_return protocol::Empty{};
}

task<protocol::RunInfo> service::run_start(protocol::RunStartParams params) {
  if (params.run.empty() ||
      params.run.find_first_not_of("0123456789abcdefABCDEF-") != std::string::npos) {
    throw failure(failure_kind::invalid_input, "The run's id must be a UUID.");
  }
  if (auto known = room_with_run(params.run)) co_return co_await known->start(std::move(params));
  auto where = co_await wanted_room(params.profile);
  co_return co_await where->start(std::move(params));
}

std::shared_ptr<room> service::room_that_has(const std::string& run) {
  if (auto where = room_with_run(run)) return where;
  throw failure(failure_kind::not_found,
                "livyd does not know this run (any more). Run the code again.");
}

task<protocol::RunStopResult> service::run_stop(protocol::RunParams params) {
  co_return co_await room_that_has(params.run)->stop(params.run);
}

task<protocol::RunInfo> service::run_attach(protocol::RunAttachParams params) {
  const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(0, params.from));
  co_return co_await room_that_has(params.run)->attach(params.run, from);
}

task<protocol::RunListResult> service::run_list(protocol::Empty) {
  std::multimap<std::int64_t, protocol::RunInfo> in_order;
  for (const auto& [name, one] : rooms_) {
    for (auto& run : one->runs()) in_order.emplace(run.accepted, std::move(run));
  }
  protocol::RunListResult result;
  for (auto& [accepted, run] : in_order) result.runs.push_back(std::move(run));
  co_return result;
}

task<protocol::RunInfo> service::run_release(protocol::RunParams params) {
  co_return co_await room_that_has(params.run)->release(params.run);
}

task<protocol::Empty> service::run_discard(protocol::RunParams params) {
  co_await room_that_has(params.run)->discard(params.run);
  co_return protocol::Empty{};
}

task<protocol::RunInfo> service::run_look(protocol::RunParams params) {
  co_return co_await room_that_has(params.run)->look_again(params.run);
}

task<protocol::RunCodeResult> service::run_code(protocol::RunParams params) {
  protocol::RunCodeResult result;
  result.code = room_that_has(params.run)->code_of(params.run);
  co_return result;
}

task<protocol::HistorySearchResult> service::history_search(protocol::HistorySearchParams params) {
  auto all = co_await run_list({});
  std::vector<std::string> runs;
  for (const auto& run : all.runs) runs.push_back(run.run);
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(params.limit, 1, 10'000));
  protocol::HistorySearchResult result;
  result.matches = co_await off_thread(
      [outputs = outputs_, runs = std::move(runs), text = std::move(params.text), limit] {
        return search_history(outputs, runs, text, limit);
      });
  co_return result;
}

task<protocol::Empty> service::history_clear(protocol::Empty) {
  for (const auto& [name, one] : rooms_) one->clear_history();
  co_return protocol::Empty{};
}

task<protocol::DoctorResult> service::doctor_run(protocol::DoctorParams params) {
  std::shared_ptr<room> patient;
  try {
    patient = co_await wanted_room(params.profile);
  } catch (const failure& reason) {
    co_return unusable(params.profile, reason, settings_.version, time_.wall_milliseconds());
  }
  doctor looking(patient, time_,
                 {.version = settings_.version, .origin = params.origin.value_or("")});
  co_return co_await looking.diagnose();
}

task<protocol::StateResult> service::state_show(protocol::Empty) {
  protocol::StateResult result;
  result.text = concat("livyd ", settings_.version, ", process ", ::getpid(), "\n");
  result.text += concat("protocol ", protocol::protocol_hash, "\n");
  result.text += concat("outputs ", outputs_.string(), "\n");
  for (const auto& [name, one] : rooms_) result.text += concat("\n", one->state_text());
  co_return result;
}

task<protocol::Empty> service::watch(protocol::WatchParams params) {
  looking_ = params.looking;
  co_return protocol::Empty{};
}

void service::leave() {
  for (const auto& [name, one] : rooms_) one->leave();
}

task<void> service::close() {
  leave();
  for (const auto& [name, one] : rooms_) co_await one->close();
  for (const auto& one : retired_) co_await one->close();
  store_.reset();
}

}  // namespace livyd
