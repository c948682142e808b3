// The messages of protocol.ts as C++ types with their JSON converters.
// Printed by scripts/protocol.mjs: change protocol.ts and run it.
#pragma once
// clang-format off

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace livyd::protocol {

/// The SHA-256 of protocol.ts: both sides must have been built with the same.
inline constexpr std::string_view protocol_hash =
    "cb17d9ed371c3acc2c31fc113ab923330f5548bb87a0ceffb7d13d0ce621f1d8";

/// A message that is not what protocol.ts says; `what()` names the path of the culprit:
/// `"source.firstLine" is missing`.
class bad_message : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// ---------------------------------------------------------------- types

/// Why a request failed; `failure_kind` in the daemon.
enum class FailureKind {
  cancelled,
  timeout,
  name_not_found,
  connection_refused,
  connection_lost,
  tls,
  not_http,
  not_livy,
  unauthorized,
  forbidden,
  not_found,
  rejected,
  server_error,
  session_failed,
  session_lost,
  session_removed,
  too_large,
  invalid_input,
  unsupported,
  io,
  internal,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(FailureKind value) {
  switch (value) {
    case FailureKind::cancelled: return "cancelled";
    case FailureKind::timeout: return "timeout";
    case FailureKind::name_not_found: return "nameNotFound";
    case FailureKind::connection_refused: return "connectionRefused";
    case FailureKind::connection_lost: return "connectionLost";
    case FailureKind::tls: return "tls";
    case FailureKind::not_http: return "notHttp";
    case FailureKind::not_livy: return "notLivy";
    case FailureKind::unauthorized: return "unauthorized";
    case FailureKind::forbidden: return "forbidden";
    case FailureKind::not_found: return "notFound";
    case FailureKind::rejected: return "rejected";
    case FailureKind::server_error: return "serverError";
    case FailureKind::session_failed: return "sessionFailed";
    case FailureKind::session_lost: return "sessionLost";
    case FailureKind::session_removed: return "sessionRemoved";
    case FailureKind::too_large: return "tooLarge";
    case FailureKind::invalid_input: return "invalidInput";
    case FailureKind::unsupported: return "unsupported";
    case FailureKind::io: return "io";
    case FailureKind::internal: return "internal";
  }
  return "";
}

/// The `data` of an error reply. Its `message` is a sentence for the user.
struct Failure {
  FailureKind kind = {};
  /// For "Details" and the log. Never a secret.
  std::optional<std::string> detail = {};
  bool operator==(const Failure&) const = default;
};

/// What the user has set. Sent with `initialize` and again after each change.
struct Configuration {
  /// False in an untrusted workspace: then only the built-in profile `local` is used.
  bool trusted = false;
  /// The profiles as the user wrote them; validated by the daemon (docs/profiles.md).
  std::map<std::string, nlohmann::json> profiles = {};
  /// Absolute path of the workspace's folder, if there is one.
  std::optional<std::string> workspace_folder = {};
  /// How many bytes of a run's output are sent as events before the rest stays in its file.
  std::optional<std::int64_t> preview_bytes = {};
  /// A run that fails takes those that wait behind it out of the queue.
  std::optional<bool> stop_on_error = {};
  /// Absolute path of a file to which the output of each run is appended when it ends.
  std::optional<std::string> output_file = {};
  /// How many bytes of outputs are kept as local history; absent: 2 GB.
  std::optional<std::int64_t> history_bytes = {};
  /// Log every HTTP exchange: method, path, status, milliseconds, sizes.
  std::optional<bool> trace = {};
  bool operator==(const Configuration&) const = default;
};

struct InitializeParams {
  /// The hash of this file as the client was built with it. Another hash is refused.
  std::string protocol_hash = {};
  /// Who asks, for the log: "vscode 1.139.1".
  std::string client = {};
  /// Absolute path of the folder in which the store and the runs' outputs are kept.
  std::string state_folder = {};
  Configuration configuration = {};
  bool operator==(const InitializeParams&) const = default;
};

/// What a profile wants to know and nobody writes into settings.
enum class SecretKind {
  password,
  token,
  key_passphrase,
  proxy_password,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(SecretKind value) {
  switch (value) {
    case SecretKind::password: return "password";
    case SecretKind::token: return "token";
    case SecretKind::key_passphrase: return "keyPassphrase";
    case SecretKind::proxy_password: return "proxyPassword";
  }
  return "";
}

struct ProfileSummary {
  std::string name = {};
  /// The base URL, without credentials; absent for the embedded endpoint.
  std::optional<std::string> url = {};
  /// True for the embedded endpoint on this machine.
  bool local = false;
  /// Ask before anything is created, run or killed.
  bool confirm = false;
  /// TLS certificates of this profile are not verified.
  bool unverified = false;
  /// The secrets that it may ask for.
  std::vector<SecretKind> secrets = {};
  /// Why it cannot be used: a sentence for the user.
  std::optional<std::string> problem = {};
  bool operator==(const ProfileSummary&) const = default;
};

struct InitializeResult {
  /// The daemon's version.
  std::string version = {};
  std::string protocol_hash = {};
  std::int64_t process = 0;
  std::vector<ProfileSummary> profiles = {};
  bool operator==(const InitializeResult&) const = default;
};

/// Somebody waits for a secret, or the last one was refused. Answered with `secret/give`.
struct SecretNeeded {
  std::string profile = {};
  SecretKind secret = {};
  /// "Password of alice at gw.example.com".
  std::string prompt = {};
  /// The value that was given last was not accepted: ask the user, not the memory.
  bool refused = false;
  bool operator==(const SecretNeeded&) const = default;
};

struct SecretGiveParams {
  std::string profile = {};
  SecretKind secret = {};
  /// Absent: the user does not want to give it; what waits for it fails.
  std::optional<std::string> value = {};
  bool operator==(const SecretGiveParams&) const = default;
};

enum class CredentialsState {
  /// There is nothing to watch, or it is good.
  ok,
  /// It ends within ten minutes.
  expiring,
  expired,
  missing,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(CredentialsState value) {
  switch (value) {
    case CredentialsState::ok: return "ok";
    case CredentialsState::expiring: return "expiring";
    case CredentialsState::expired: return "expired";
    case CredentialsState::missing: return "missing";
  }
  return "";
}

/// The ticket of a profile with Kerberos.
struct Credentials {
  std::string profile = {};
  CredentialsState state = {};
  std::optional<std::string> principal = {};
  std::optional<std::int64_t> expires = {};
  /// What happened and what to do.
  std::optional<std::string> detail = {};
  bool operator==(const Credentials&) const = default;
};

struct DoctorParams {
  std::string profile = {};
  /// Where it is written, for the report: "the workspace's settings".
  std::optional<std::string> origin = {};
  bool operator==(const DoctorParams&) const = default;
};

enum class CheckState {
  ok,
  warning,
  failed,
  not_tried,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(CheckState value) {
  switch (value) {
    case CheckState::ok: return "ok";
    case CheckState::warning: return "warning";
    case CheckState::failed: return "failed";
    case CheckState::not_tried: return "notTried";
  }
  return "";
}

/// One link of the chain from here to the server.
struct Check {
  /// "Profile", "Name look-up", "Proxy", "TCP", "TLS", "Authentication", "Livy", "WebHDFS"; of the
  /// embedded endpoint "Profile", "Endpoint", "Livy".
  std::string name = {};
  CheckState state = {};
  /// What was found: one line.
  std::string found = {};
  /// What to do, where something is wrong.
  std::optional<std::string> advice = {};
  bool operator==(const Check&) const = default;
};

struct DoctorResult {
  std::vector<Check> checks = {};
  /// The whole report as text that can be pasted into a ticket; no secrets.
  std::string report = {};
  bool operator==(const DoctorResult&) const = default;
};

struct ProfileImportParams {
  /// Absolute path of a sparkmagic configuration or of a console script's settings.
  std::string file = {};
  bool operator==(const ProfileImportParams&) const = default;
};

struct ProfileImportResult {
  /// To be written into `livyd.profiles`.
  std::map<std::string, nlohmann::json> profiles = {};
  /// What of the file has no place here, one sentence each.
  std::vector<std::string> remarks = {};
  bool operator==(const ProfileImportResult&) const = default;
};

struct ConfigureResult {
  std::vector<ProfileSummary> profiles = {};
  bool operator==(const ConfigureResult&) const = default;
};

/// What the user sees of a profile's session.
enum class SessionState {
  /// There is none; the next run starts one.
  none,
  starting,
  idle,
  busy,
  /// The server does not answer; the session is kept and asked for again.
  unreachable,
  /// It is gone (the server restarted or reaped it); the next run starts a new one.
  lost,
  /// It failed; the reason is in `detail`. The next run starts a new one.
  dead,
  /// The user removed it; nothing starts until the user starts one.
  removed,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(SessionState value) {
  switch (value) {
    case SessionState::none: return "none";
    case SessionState::starting: return "starting";
    case SessionState::idle: return "idle";
    case SessionState::busy: return "busy";
    case SessionState::unreachable: return "unreachable";
    case SessionState::lost: return "lost";
    case SessionState::dead: return "dead";
    case SessionState::removed: return "removed";
  }
  return "";
}

/// The small module inside a PySpark session that makes output live and Stop real.
enum class AgentState {
  /// It works.
  installed,
  /// The profile says `"agent": false`.
  off,
  /// Somebody else created the session: it is installed when the user says so.
  ask,
  /// It cannot be used here (the reason is in `agentDetail`); Livy's plain way is.
  unavailable,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(AgentState value) {
  switch (value) {
    case AgentState::installed: return "installed";
    case AgentState::off: return "off";
    case AgentState::ask: return "ask";
    case AgentState::unavailable: return "unavailable";
  }
  return "";
}

struct SessionInfo {
  std::string profile = {};
  SessionState state = {};
  /// The unique name it was created under.
  std::optional<std::string> name = {};
  /// Livy's id: digits, or a GUID with some servers.
  std::optional<std::string> id = {};
  std::optional<std::string> kind = {};
  std::optional<std::string> application_id = {};
  std::optional<std::string> owner = {};
  std::optional<std::string> proxy_user = {};
  std::optional<std::string> spark_ui_url = {};
  std::optional<std::string> driver_log_url = {};
  /// One sentence: what it waits for, or why it failed.
  std::optional<std::string> detail = {};
  /// When this state began.
  std::int64_t since = 0;
  /// Livy's version, or "embedded".
  std::optional<std::string> server_version = {};
  /// Absent while it is not known.
  std::optional<AgentState> agent = {};
  /// Why the agent is unavailable, as one sentence.
  std::optional<std::string> agent_detail = {};
  /// When the server ends the session unless it is used before; absent: not known, or in use.
  std::optional<std::int64_t> idle_at = {};
  bool operator==(const SessionInfo&) const = default;
};

/// One row of the server's list.
struct ListedSession {
  std::string id = {};
  std::optional<std::string> name = {};
  std::string state = {};
  std::optional<std::string> kind = {};
  std::optional<std::string> application_id = {};
  std::optional<std::string> owner = {};
  std::optional<std::string> proxy_user = {};
  std::optional<std::string> driver_memory = {};
  std::optional<std::string> executor_memory = {};
  std::optional<std::string> spark_ui_url = {};
  std::optional<std::string> driver_log_url = {};
  /// Created by livyd for this user.
  bool mine = false;
  /// The active session of this profile and workspace.
  bool active = false;
  bool operator==(const ListedSession&) const = default;
};

struct ProfileParams {
  std::string profile = {};
  bool operator==(const ProfileParams&) const = default;
};

struct SessionAttachParams {
  std::string profile = {};
  /// The id or the name of a session; absent: the first one that can be used, own ones first.
  std::optional<std::string> session = {};
  bool operator==(const SessionAttachParams&) const = default;
};

struct SessionParams {
  std::string profile = {};
  /// The id or the name of a session on the profile's server; absent: the active one.
  std::optional<std::string> session = {};
  bool operator==(const SessionParams&) const = default;
};

struct SessionListResult {
  /// This window's first, then the user's own, then others'.
  std::vector<ListedSession> sessions = {};
  bool operator==(const SessionListResult&) const = default;
};

/// One line of a session's details.
struct SessionFact {
  std::string name = {};
  std::string value = {};
  /// Present when it can be opened in a browser.
  std::optional<std::string> url = {};
  bool operator==(const SessionFact&) const = default;
};

struct SessionDetails {
  ListedSession session = {};
  std::vector<SessionFact> facts = {};
  bool operator==(const SessionDetails&) const = default;
};

struct SessionKillAllParams {
  std::string profile = {};
  /// Those of other users too.
  bool others = false;
  bool operator==(const SessionKillAllParams&) const = default;
};

struct SessionKillAllResult {
  std::vector<ListedSession> killed = {};
  /// One sentence for each that could not be killed.
  std::vector<std::string> problems = {};
  bool operator==(const SessionKillAllResult&) const = default;
};

struct SessionUseAgentParams {
  std::string profile = {};
  bool use = false;
  bool operator==(const SessionUseAgentParams&) const = default;
};

/// A statement of the session, whoever sent it.
struct ListedStatement {
  std::int64_t statement = 0;
  /// Livy's word: waiting, running, available, cancelling, cancelled.
  std::string state = {};
  /// At most the first 4 KiB.
  std::string code = {};
  double progress = 0;
  /// Milliseconds since 1970 on the driver's clock; 0 = unset.
  std::int64_t started = 0;
  std::int64_t completed = 0;
  /// "ok", "error", or absent while there is no output.
  std::optional<std::string> status = {};
  /// The run of this workspace that sent it.
  std::optional<std::string> run = {};
  bool operator==(const ListedStatement&) const = default;
};

struct StatementListResult {
  /// The newest first; at most 100.
  std::vector<ListedStatement> statements = {};
  /// Said when older statements are no longer on the server or were not asked for.
  std::optional<std::string> detail = {};
  bool operator==(const StatementListResult&) const = default;
};

struct StatementParams {
  std::string profile = {};
  std::optional<std::string> session = {};
  std::int64_t statement = 0;
  bool operator==(const StatementParams&) const = default;
};

struct LogReadParams {
  std::string profile = {};
  std::optional<std::string> session = {};
  /// The first line wanted; absent: the last `size` lines.
  std::optional<std::int64_t> from = {};
  std::int64_t size = 0;
  bool operator==(const LogReadParams&) const = default;
};

struct LogPage {
  std::string session = {};
  std::int64_t from = 0;
  /// How many lines the server has now.
  std::int64_t total = 0;
  std::vector<std::string> lines = {};
  bool operator==(const LogPage&) const = default;
};

/// The driver's own streams come from YARN, where the driver runs in the cluster.
enum class LogSection {
  stdout,
  stderr,
  yarn,
  driver_stdout,
  driver_stderr,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(LogSection value) {
  switch (value) {
    case LogSection::stdout: return "stdout";
    case LogSection::stderr: return "stderr";
    case LogSection::yarn: return "yarn";
    case LogSection::driver_stdout: return "driverStdout";
    case LogSection::driver_stderr: return "driverStderr";
  }
  return "";
}

/// New lines of a followed log: each line that was ever visible once, in order per section.
struct LogLines {
  std::string profile = {};
  std::string session = {};
  LogSection section = {};
  std::vector<std::string> lines = {};
  /// Present when lines may be missing before these: about how many, 0 = nobody knows.
  std::optional<std::int64_t> gap = {};
  /// A sentence of livyd's own, such as where the driver's log is when it cannot be read.
  std::optional<std::string> notice = {};
  /// Nothing follows: the session is gone.
  std::optional<bool> ended = {};
  bool operator==(const LogLines&) const = default;
};

enum class Language {
  python,
  scala,
  sql,
  r,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(Language value) {
  switch (value) {
    case Language::python: return "python";
    case Language::scala: return "scala";
    case Language::sql: return "sql";
    case Language::r: return "r";
  }
  return "";
}

/// Where the code stands in the editor. Lines and columns count from 1.
struct SourceLocation {
  /// The file's absolute path, or the title of a document that was never saved.
  std::string file = {};
  std::int64_t first_line = 0;
  std::int64_t last_line = 0;
  /// How many columns of indentation were taken from each line.
  std::optional<std::int64_t> indentation = {};
  /// The whole document, not a part of it.
  std::optional<bool> whole = {};
  bool operator==(const SourceLocation&) const = default;
};

/// Present when a whole file is run as a program.
struct ProgramArguments {
  /// `sys.argv[1:]`.
  std::vector<std::string> arguments = {};
  bool operator==(const ProgramArguments&) const = default;
};

struct RunStartParams {
  /// A UUID chosen by the caller. The same id again returns the same run.
  std::string run = {};
  std::string profile = {};
  Language language = {};
  std::string code = {};
  std::optional<SourceLocation> source = {};
  /// Run as `python file.py arguments` would: `__name__`, `__file__` and `sys.argv` are set.
  std::optional<ProgramArguments> program = {};
  bool operator==(const RunStartParams&) const = default;
};

enum class RunState {
  /// Accepted by a livyd that ended before it was sent: it waits for `run/release`.
  held,
  /// Behind another run of this window.
  queued,
  /// Waiting for a session.
  starting,
  /// On its way or on the server behind other statements.
  sent,
  running,
  stopping,
  finished,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(RunState value) {
  switch (value) {
    case RunState::held: return "held";
    case RunState::queued: return "queued";
    case RunState::starting: return "starting";
    case RunState::sent: return "sent";
    case RunState::running: return "running";
    case RunState::stopping: return "stopping";
    case RunState::finished: return "finished";
  }
  return "";
}

enum class RunOutcome {
  ok,
  /// The user's code raised an exception.
  error,
  stopped,
  /// It never ran: the session or the server refused it.
  failed,
  /// It was sent, and what became of it cannot be found out.
  unknown,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(RunOutcome value) {
  switch (value) {
    case RunOutcome::ok: return "ok";
    case RunOutcome::error: return "error";
    case RunOutcome::stopped: return "stopped";
    case RunOutcome::failed: return "failed";
    case RunOutcome::unknown: return "unknown";
  }
  return "";
}

struct RunError {
  /// The exception's name: "ZeroDivisionError".
  std::string name = {};
  std::string message = {};
  /// Lines without line ends; files and line numbers are those of the editor where known.
  std::vector<std::string> traceback = {};
  /// The line of the source on which it was raised, where known.
  std::optional<std::int64_t> line = {};
  bool operator==(const RunError&) const = default;
};

/// A part of the result that is not plain text.
struct ResultPart {
  std::string mime = {};
  std::int64_t bytes = 0;
  /// The file that holds it: text, JSON, or decoded binary.
  std::string file = {};
  bool operator==(const ResultPart&) const = default;
};

struct RunResult {
  RunOutcome outcome = {};
  /// One sentence or phrase: "ok", "ZeroDivisionError: division by zero", why it failed.
  std::string message = {};
  /// From acceptance by the server to the end, as seen here.
  std::int64_t milliseconds = 0;
  /// Why it failed, where the outcome is "failed".
  std::optional<FailureKind> failure = {};
  std::optional<RunError> error = {};
  std::vector<ResultPart> parts = {};
  /// The whole text output.
  std::int64_t output_bytes = 0;
  /// How much of it was sent as events; the rest is in `outputFile`.
  std::int64_t sent_bytes = 0;
  std::optional<std::string> output_file = {};
  bool operator==(const RunResult&) const = default;
};

struct RunInfo {
  std::string run = {};
  std::string profile = {};
  Language language = {};
  RunState state = {};
  std::optional<SourceLocation> source = {};
  /// 0 to 1, as the server knows it.
  std::optional<double> progress = {};
  /// Livy's statement id.
  std::optional<std::int64_t> statement = {};
  /// Run as a program.
  std::optional<bool> program = {};
  /// Sent by an earlier livyd and found again by this one.
  std::optional<bool> adopted = {};
  /// When `run/start` was accepted.
  std::int64_t accepted = 0;
  /// What it waits for, as one sentence.
  std::optional<std::string> detail = {};
  /// Bytes of output so far.
  std::int64_t output_bytes = 0;
  /// Set when the state is "finished".
  std::optional<RunResult> result = {};
  bool operator==(const RunInfo&) const = default;
};

/// A piece of output, at most 64 KiB. Pieces join without gap or overlap by their offsets.
struct RunOutput {
  std::string run = {};
  /// Bytes of UTF-8 before this piece.
  std::int64_t offset = 0;
  std::string text = {};
  bool operator==(const RunOutput&) const = default;
};

struct RunParams {
  std::string run = {};
  bool operator==(const RunParams&) const = default;
};

struct RunAttachParams {
  std::string run = {};
  /// Output is sent again from this offset, then what is to come.
  std::int64_t from = 0;
  bool operator==(const RunAttachParams&) const = default;
};

struct RunListResult {
  /// In order of acceptance; those of earlier livyds too, as far as their outputs are kept.
  std::vector<RunInfo> runs = {};
  bool operator==(const RunListResult&) const = default;
};

struct RunCodeResult {
  std::string code = {};
  bool operator==(const RunCodeResult&) const = default;
};

struct HistorySearchParams {
  /// Looked for in outputs and code, whatever its case.
  std::string text = {};
  /// At most so many matches.
  std::int64_t limit = 0;
  bool operator==(const HistorySearchParams&) const = default;
};

struct HistoryMatch {
  std::string run = {};
  /// The line in which it stands, at most 400 characters.
  std::string line = {};
  /// True: in the code; false: in the output.
  bool code = false;
  bool operator==(const HistoryMatch&) const = default;
};

struct HistorySearchResult {
  std::vector<HistoryMatch> matches = {};
  bool operator==(const HistorySearchResult&) const = default;
};

/// Whether somebody looks: without it, livyd asks the server less often.
struct WatchParams {
  bool looking = false;
  bool operator==(const WatchParams&) const = default;
};

struct StateResult {
  /// What livyd believes, as text to read and to copy; no secrets.
  std::string text = {};
  bool operator==(const StateResult&) const = default;
};

/// What a Stop really did.
enum class StopTruth {
  stopped,
  /// Livy says cancelled, the driver is still busy.
  busy,
  already_finished,
  withdrawn,
  unknown,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(StopTruth value) {
  switch (value) {
    case StopTruth::stopped: return "stopped";
    case StopTruth::busy: return "busy";
    case StopTruth::already_finished: return "alreadyFinished";
    case StopTruth::withdrawn: return "withdrawn";
    case StopTruth::unknown: return "unknown";
  }
  return "";
}

struct RunStopResult {
  StopTruth truth = {};
  /// A sentence for the user.
  std::string message = {};
  bool operator==(const RunStopResult&) const = default;
};

struct HdfsEntry {
  /// Within its folder; "" for the path that was asked for.
  std::string name = {};
  bool folder = false;
  std::int64_t bytes = 0;
  std::int64_t modified = 0;
  std::string owner = {};
  std::string group = {};
  /// Octal: "755".
  std::string permission = {};
  bool operator==(const HdfsEntry&) const = default;
};

struct HdfsParams {
  std::string profile = {};
  /// Absolute, or below the user's home folder; "" is that folder. Not encoded.
  std::string path = {};
  bool operator==(const HdfsParams&) const = default;
};

struct HdfsStatusResult {
  /// The absolute path.
  std::string path = {};
  HdfsEntry entry = {};
  bool operator==(const HdfsStatusResult&) const = default;
};

struct HdfsListResult {
  /// The folder's absolute path.
  std::string path = {};
  std::vector<HdfsEntry> entries = {};
  /// Said when the folder has more entries than are listed.
  std::optional<std::string> detail = {};
  bool operator==(const HdfsListResult&) const = default;
};

struct HdfsMoveParams {
  std::string profile = {};
  std::string from = {};
  std::string to = {};
  bool overwrite = false;
  bool operator==(const HdfsMoveParams&) const = default;
};

struct HdfsRemoveParams {
  std::string profile = {};
  std::string path = {};
  /// A folder with all that is in it.
  bool recursive = false;
  bool operator==(const HdfsRemoveParams&) const = default;
};

struct HdfsTransferParams {
  std::string profile = {};
  std::string path = {};
  /// Absolute path on this machine.
  std::string file = {};
  bool overwrite = false;
  /// Names its `transfer/progress`; absent: none is sent.
  std::optional<std::string> transfer = {};
  bool operator==(const HdfsTransferParams&) const = default;
};

/// At most ten times a second.
struct TransferProgress {
  std::string transfer = {};
  std::int64_t bytes = 0;
  std::optional<std::int64_t> total = {};
  /// What is done: "Sending modules".
  std::optional<std::string> text = {};
  bool operator==(const TransferProgress&) const = default;
};

/// The field of Livy's payload that names it.
enum class BundleKind {
  py_files,
  jars,
  files,
  archives,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(BundleKind value) {
  switch (value) {
    case BundleKind::py_files: return "pyFiles";
    case BundleKind::jars: return "jars";
    case BundleKind::files: return "files";
    case BundleKind::archives: return "archives";
  }
  return "";
}

/// How bundles travel.
enum class Carrier {
  webhdfs,
  /// Livy's own upload into a session; 100 MiB at most.
  livy,
  /// As text, through statements of the session.
  session,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(Carrier value) {
  switch (value) {
    case Carrier::webhdfs: return "webhdfs";
    case Carrier::livy: return "livy";
    case Carrier::session: return "session";
  }
  return "";
}

struct DeployParams {
  std::string profile = {};
  /// The document that the user looks at: the search for `scripts/` and `modules/` begins there.
  std::optional<std::string> file = {};
  /// Names its `transfer/progress`; absent: none is sent.
  std::optional<std::string> transfer = {};
  bool operator==(const DeployParams&) const = default;
};

enum class BundleState {
  /// What is at the target is what is here.
  current,
  /// An older one is at the target.
  changed,
  absent,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(BundleState value) {
  switch (value) {
    case BundleState::current: return "current";
    case BundleState::changed: return "changed";
    case BundleState::absent: return "absent";
  }
  return "";
}

struct Bundle {
  std::string name = {};
  BundleKind kind = {};
  /// Where it comes from: absolute path of a folder or file.
  std::string source = {};
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  /// Over names and contents, 64 hexadecimal digits.
  std::string hash = {};
  BundleState state = {};
  /// The path at the target, or the name in the session.
  std::string target = {};
  bool operator==(const Bundle&) const = default;
};

struct DeployResult {
  Carrier carrier = {};
  /// Why this one, as a sentence.
  std::string reason = {};
  std::vector<Bundle> bundles = {};
  /// To be sent, or what was sent.
  std::int64_t bytes = 0;
  /// A sentence each: what was left out and why.
  std::vector<std::string> remarks = {};
  bool operator==(const DeployResult&) const = default;
};

/// Something that livyd has put there.
struct Deployed {
  std::string bundle = {};
  BundleKind kind = {};
  std::string source = {};
  std::string hash = {};
  std::string target = {};
  Carrier carrier = {};
  std::int64_t bytes = 0;
  /// When it was sent.
  std::int64_t time = 0;
  /// Names of the sessions that were given it.
  std::vector<std::string> sessions = {};
  /// What is here now differs from it, or is gone.
  bool stale = false;
  bool operator==(const Deployed&) const = default;
};

struct DeployListResult {
  /// The newest first.
  std::vector<Deployed> deployed = {};
  bool operator==(const DeployListResult&) const = default;
};

struct DeployRemoveParams {
  std::string profile = {};
  std::string target = {};
  bool operator==(const DeployRemoveParams&) const = default;
};

struct ModuleReloadParams {
  std::string profile = {};
  /// The document that the user looks at; also the module, where `modules` is empty and `push`.
  std::optional<std::string> file = {};
  /// Dotted names; empty: all that have changed since the session got them.
  std::vector<std::string> modules = {};
  /// Send them also when nothing has changed, and when they were never deployed.
  bool push = false;
  bool operator==(const ModuleReloadParams&) const = default;
};

struct KeptModule {
  std::string module = {};
  /// Why the old one stays: "SyntaxError: invalid syntax (etl.py, line 3)".
  std::string reason = {};
  bool operator==(const KeptModule&) const = default;
};

/// What Spark's executors have of it.
enum class ExecutorState {
  /// New Python workers will import the new modules.
  fresh,
  /// The old modules, until the session is restarted; the reason is in `detail`.
  stale,
  /// There is no Spark in the session, or nothing was sent.
  none,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(ExecutorState value) {
  switch (value) {
    case ExecutorState::fresh: return "fresh";
    case ExecutorState::stale: return "stale";
    case ExecutorState::none: return "none";
  }
  return "";
}

struct ModuleReloadResult {
  /// How many files went out, and their bytes.
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  /// In the order in which they were loaded.
  std::vector<std::string> reloaded = {};
  std::vector<KeptModule> kept = {};
  ExecutorState executors = {};
  /// What happened, as a sentence.
  std::string detail = {};
  bool operator==(const ModuleReloadResult&) const = default;
};

struct StandaloneParams {
  std::string profile = {};
  /// The script that it runs; absent: it only carries the packages.
  std::optional<std::string> file = {};
  /// `sys.argv[1:]` unless it is given others.
  std::vector<std::string> arguments = {};
  /// Absolute path of the file to be written.
  std::string output = {};
  bool operator==(const StandaloneParams&) const = default;
};

struct StandaloneResult {
  std::string output = {};
  std::int64_t bytes = 0;
  /// Of the packages inside.
  std::int64_t files = 0;
  std::string hash = {};
  std::vector<std::string> remarks = {};
  bool operator==(const StandaloneResult&) const = default;
};

struct BatchSubmitParams {
  std::string profile = {};
  /// Absolute path on this machine, or a URI of the cluster ("hdfs:///jobs/etl.py").
  std::string file = {};
  std::vector<std::string> arguments = {};
  /// Packed with the packages into one file first.
  bool standalone = false;
  /// Names its `transfer/progress`; absent: none is sent.
  std::optional<std::string> transfer = {};
  bool operator==(const BatchSubmitParams&) const = default;
};

struct BatchInfo {
  std::string profile = {};
  std::string batch = {};
  /// Livy's word: starting, running, success, dead, killed, …
  std::string state = {};
  /// Nothing more will happen.
  bool finished = false;
  std::optional<std::string> name = {};
  std::optional<std::string> application_id = {};
  std::optional<std::string> owner = {};
  std::optional<std::string> proxy_user = {};
  std::optional<std::string> spark_ui_url = {};
  std::optional<std::string> driver_log_url = {};
  /// Submitted by livyd for this user.
  bool mine = false;
  /// One sentence: what it waits for, or why it failed.
  std::optional<std::string> detail = {};
  bool operator==(const BatchInfo&) const = default;
};

struct BatchParams {
  std::string profile = {};
  std::string batch = {};
  bool operator==(const BatchParams&) const = default;
};

struct BatchListResult {
  /// The user's own first, the newest first.
  std::vector<BatchInfo> batches = {};
  bool operator==(const BatchListResult&) const = default;
};

struct BatchLogParams {
  std::string profile = {};
  std::string batch = {};
  /// The first line wanted; absent: the last `size` lines.
  std::optional<std::int64_t> from = {};
  std::int64_t size = 0;
  bool operator==(const BatchLogParams&) const = default;
};

struct BatchLogPage {
  std::string batch = {};
  std::int64_t from = 0;
  /// How many lines the server has now.
  std::int64_t total = 0;
  std::vector<std::string> lines = {};
  bool operator==(const BatchLogPage&) const = default;
};

/// New lines of a followed batch.
struct BatchLines {
  std::string profile = {};
  std::string batch = {};
  LogSection section = {};
  std::vector<std::string> lines = {};
  /// Present when lines may be missing before these: about how many, 0 = nobody knows.
  std::optional<std::int64_t> gap = {};
  /// Nothing follows.
  std::optional<bool> ended = {};
  bool operator==(const BatchLines&) const = default;
};

enum class Severity {
  info,
  warning,
  error,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(Severity value) {
  switch (value) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "";
}

/// What the user may want to do about a notice; the client offers a button for each.
enum class NoticeAction {
  show_log,
  start_session,
  restart_session,
  open_settings,
  run_again,
  look_again,
  keep_session,
  use_agent,
  open_terminal,
  diagnose,
};

/// The word as it stands on the wire.
constexpr std::string_view name_of(NoticeAction value) {
  switch (value) {
    case NoticeAction::show_log: return "showLog";
    case NoticeAction::start_session: return "startSession";
    case NoticeAction::restart_session: return "restartSession";
    case NoticeAction::open_settings: return "openSettings";
    case NoticeAction::run_again: return "runAgain";
    case NoticeAction::look_again: return "lookAgain";
    case NoticeAction::keep_session: return "keepSession";
    case NoticeAction::use_agent: return "useAgent";
    case NoticeAction::open_terminal: return "openTerminal";
    case NoticeAction::diagnose: return "diagnose";
  }
  return "";
}

/// Something that the user should know and did not ask for.
struct Notice {
  Severity severity = {};
  std::string text = {};
  std::optional<std::string> profile = {};
  /// The run it is about.
  std::optional<std::string> run = {};
  std::vector<NoticeAction> actions = {};
  bool operator==(const Notice&) const = default;
};

struct Empty {
  bool operator==(const Empty&) const = default;
};

// ---------------------------------------------------------------- messages

struct initialize {
  static constexpr std::string_view method = "initialize";
  using params = InitializeParams;
  using result = InitializeResult;
};

struct configure {
  static constexpr std::string_view method = "configure";
  using params = Configuration;
  using result = ConfigureResult;
};

struct secret_give {
  static constexpr std::string_view method = "secret/give";
  using params = SecretGiveParams;
  using result = Empty;
};

/// Forgets every secret of a profile.
struct secret_forget {
  static constexpr std::string_view method = "secret/forget";
  using params = ProfileParams;
  using result = Empty;
};

/// Tries each link on the way to the server; stops at the first broken one.
struct doctor_run {
  static constexpr std::string_view method = "doctor/run";
  using params = DoctorParams;
  using result = DoctorResult;
};

struct profile_import {
  static constexpr std::string_view method = "profile/import";
  using params = ProfileImportParams;
  using result = ProfileImportResult;
};

/// Answers when the session is idle; cancelling deletes what was begun.
struct session_start {
  static constexpr std::string_view method = "session/start";
  using params = ProfileParams;
  using result = SessionInfo;
};

/// Deletes the session on the server; nothing restarts it until the user does.
struct session_stop {
  static constexpr std::string_view method = "session/stop";
  using params = ProfileParams;
  using result = SessionInfo;
};

/// What is known, after looking whether a stored session is still there.
struct session_get {
  static constexpr std::string_view method = "session/get";
  using params = ProfileParams;
  using result = SessionInfo;
};

/// Makes an existing session the active one.
struct session_attach {
  static constexpr std::string_view method = "session/attach";
  using params = SessionAttachParams;
  using result = SessionInfo;
};

/// Ends the active session, if there is one, and starts a new one.
struct session_restart {
  static constexpr std::string_view method = "session/restart";
  using params = ProfileParams;
  using result = SessionInfo;
};

/// Deletes any session of the server by id or name.
struct session_kill {
  static constexpr std::string_view method = "session/kill";
  using params = SessionParams;
  using result = Empty;
};

/// Deletes every session of this user that livyd created, and others' when told so.
struct session_kill_all {
  static constexpr std::string_view method = "session/killAll";
  using params = SessionKillAllParams;
  using result = SessionKillAllResult;
};

struct session_details {
  static constexpr std::string_view method = "session/details";
  using params = SessionParams;
  using result = SessionDetails;
};

/// Counts as use: the server's idle countdown starts again.
struct session_keep {
  static constexpr std::string_view method = "session/keep";
  using params = ProfileParams;
  using result = SessionInfo;
};

/// The answer to the agent's state "ask".
struct session_use_agent {
  static constexpr std::string_view method = "session/useAgent";
  using params = SessionUseAgentParams;
  using result = SessionInfo;
};

struct session_list {
  static constexpr std::string_view method = "session/list";
  using params = ProfileParams;
  using result = SessionListResult;
};

/// The session's statements, read one by one.
struct statement_list {
  static constexpr std::string_view method = "statement/list";
  using params = SessionParams;
  using result = StatementListResult;
};

struct statement_cancel {
  static constexpr std::string_view method = "statement/cancel";
  using params = StatementParams;
  using result = Empty;
};

struct log_read {
  static constexpr std::string_view method = "log/read";
  using params = LogReadParams;
  using result = LogPage;
};

/// Answers when the first lines are on their way; the rest arrives as `log/lines`.
struct log_follow {
  static constexpr std::string_view method = "log/follow";
  using params = SessionParams;
  using result = Empty;
};

struct log_unfollow {
  static constexpr std::string_view method = "log/unfollow";
  using params = ProfileParams;
  using result = Empty;
};

/// Answers as soon as the run is accepted; the rest arrives as notifications.
struct run_start {
  static constexpr std::string_view method = "run/start";
  using params = RunStartParams;
  using result = RunInfo;
};

struct run_stop {
  static constexpr std::string_view method = "run/stop";
  using params = RunParams;
  using result = RunStopResult;
};

struct run_attach {
  static constexpr std::string_view method = "run/attach";
  using params = RunAttachParams;
  using result = RunInfo;
};

struct run_list {
  static constexpr std::string_view method = "run/list";
  using params = Empty;
  using result = RunListResult;
};

/// Sends a held run.
struct run_release {
  static constexpr std::string_view method = "run/release";
  using params = RunParams;
  using result = RunInfo;
};

/// Forgets a held or finished run and its output.
struct run_discard {
  static constexpr std::string_view method = "run/discard";
  using params = RunParams;
  using result = Empty;
};

/// Looks again for a run whose outcome is unknown.
struct run_look {
  static constexpr std::string_view method = "run/look";
  using params = RunParams;
  using result = RunInfo;
};

struct run_code {
  static constexpr std::string_view method = "run/code";
  using params = RunParams;
  using result = RunCodeResult;
};

struct history_search {
  static constexpr std::string_view method = "history/search";
  using params = HistorySearchParams;
  using result = HistorySearchResult;
};

/// Forgets every finished run and its output.
struct history_clear {
  static constexpr std::string_view method = "history/clear";
  using params = Empty;
  using result = Empty;
};

struct hdfs_status {
  static constexpr std::string_view method = "hdfs/status";
  using params = HdfsParams;
  using result = HdfsStatusResult;
};

struct hdfs_list {
  static constexpr std::string_view method = "hdfs/list";
  using params = HdfsParams;
  using result = HdfsListResult;
};

/// With its parents.
struct hdfs_make_folder {
  static constexpr std::string_view method = "hdfs/makeFolder";
  using params = HdfsParams;
  using result = HdfsStatusResult;
};

struct hdfs_move {
  static constexpr std::string_view method = "hdfs/move";
  using params = HdfsMoveParams;
  using result = Empty;
};

struct hdfs_remove {
  static constexpr std::string_view method = "hdfs/remove";
  using params = HdfsRemoveParams;
  using result = Empty;
};

/// From this machine; nothing half-written is left when it fails or is cancelled.
struct hdfs_upload {
  static constexpr std::string_view method = "hdfs/upload";
  using params = HdfsTransferParams;
  using result = HdfsStatusResult;
};

/// To this machine; the same.
struct hdfs_download {
  static constexpr std::string_view method = "hdfs/download";
  using params = HdfsTransferParams;
  using result = HdfsStatusResult;
};

/// What `deploy/run` would do now.
struct deploy_plan {
  static constexpr std::string_view method = "deploy/plan";
  using params = DeployParams;
  using result = DeployResult;
};

/// Sends what has changed. Where only a session can take it, the active one does.
struct deploy_run {
  static constexpr std::string_view method = "deploy/run";
  using params = DeployParams;
  using result = DeployResult;
};

struct deploy_list {
  static constexpr std::string_view method = "deploy/list";
  using params = DeployParams;
  using result = DeployListResult;
};

/// Removes it from its target, and forgets it.
struct deploy_remove {
  static constexpr std::string_view method = "deploy/remove";
  using params = DeployRemoveParams;
  using result = Empty;
};

/// A statement: it runs behind what the session executes.
struct module_reload {
  static constexpr std::string_view method = "module/reload";
  using params = ModuleReloadParams;
  using result = ModuleReloadResult;
};

struct standalone_build {
  static constexpr std::string_view method = "standalone/build";
  using params = StandaloneParams;
  using result = StandaloneResult;
};

struct batch_submit {
  static constexpr std::string_view method = "batch/submit";
  using params = BatchSubmitParams;
  using result = BatchInfo;
};

struct batch_list {
  static constexpr std::string_view method = "batch/list";
  using params = ProfileParams;
  using result = BatchListResult;
};

struct batch_get {
  static constexpr std::string_view method = "batch/get";
  using params = BatchParams;
  using result = BatchInfo;
};

struct batch_kill {
  static constexpr std::string_view method = "batch/kill";
  using params = BatchParams;
  using result = Empty;
};

struct batch_log {
  static constexpr std::string_view method = "batch/log";
  using params = BatchLogParams;
  using result = BatchLogPage;
};

/// Answers at once; its log arrives as `batch/lines`, its states as `batch/changed`.
struct batch_follow {
  static constexpr std::string_view method = "batch/follow";
  using params = BatchParams;
  using result = Empty;
};

struct batch_unfollow {
  static constexpr std::string_view method = "batch/unfollow";
  using params = BatchParams;
  using result = Empty;
};

struct state_show {
  static constexpr std::string_view method = "state/show";
  using params = Empty;
  using result = StateResult;
};

struct watch {
  static constexpr std::string_view method = "watch";
  using params = WatchParams;
  using result = Empty;
};

struct secret_needed {
  static constexpr std::string_view method = "secret/needed";
  using params = SecretNeeded;
};

struct credentials_changed {
  static constexpr std::string_view method = "credentials/changed";
  using params = Credentials;
};

struct session_changed {
  static constexpr std::string_view method = "session/changed";
  using params = SessionInfo;
};

struct run_changed {
  static constexpr std::string_view method = "run/changed";
  using params = RunInfo;
};

struct run_output {
  static constexpr std::string_view method = "run/output";
  using params = RunOutput;
};

/// The last notification of a run: the same as a `run/changed` with its result.
struct run_finished {
  static constexpr std::string_view method = "run/finished";
  using params = RunInfo;
};

struct log_lines {
  static constexpr std::string_view method = "log/lines";
  using params = LogLines;
};

struct transfer_progress {
  static constexpr std::string_view method = "transfer/progress";
  using params = TransferProgress;
};

/// Bundles were sent or removed, or what is here has changed since.
struct deploy_changed {
  static constexpr std::string_view method = "deploy/changed";
  using params = ProfileParams;
};

/// Of the batches that were submitted or are followed here.
struct batch_changed {
  static constexpr std::string_view method = "batch/changed";
  using params = BatchInfo;
};

struct batch_lines {
  static constexpr std::string_view method = "batch/lines";
  using params = BatchLines;
};

struct notice {
  static constexpr std::string_view method = "notice";
  using params = Notice;
};

// ---------------------------------------------------------------- converters

namespace detail {

/// Where a value stands in a message: the fields and positions on the way to it, innermost first.
struct place {
  const place* outer = nullptr;
  std::string_view field = {};
  std::size_t position = 0;
  bool is_position = false;

  std::string path() const {
    if (outer == nullptr) return {};
    std::string way = outer->path();
    if (is_position) return way + "[" + std::to_string(position) + "]";
    if (!way.empty()) way += ".";
    return way.append(field);
  }
};

[[noreturn]] inline void refuse(const place& at, std::string_view reason) {
  const std::string path = at.path();
  std::string sentence = path.empty() ? std::string("the message") : "\"" + path + "\"";
  throw bad_message(sentence.append(reason));
}

inline bool is_word(const nlohmann::json& from, std::string_view word) {
  return from.is_string() && from.get_ref<const std::string&>() == word;
}

[[noreturn]] inline void refuse_word(const nlohmann::json& from, const place& at, std::string_view words) {
  if (!from.is_string()) refuse(at, " must be a string");
  constexpr std::size_t shown = 64;
  const std::string& word = from.get_ref<const std::string&>();
  const std::string quoted = word.size() > shown ? "(" + std::to_string(word.size()) + " bytes)" : "\"" + word + "\"";
  refuse(at, ": unknown word " + quoted + "; expected one of " + std::string(words));
}

inline void expect_object(const nlohmann::json& from, const place& at) {
  if (!from.is_object()) refuse(at, " must be an object");
}

inline void read(const nlohmann::json& from, const place& at, std::string& to) {
  if (!from.is_string()) refuse(at, " must be a string");
  to = from.get_ref<const std::string&>();
}

inline void read(const nlohmann::json& from, const place& at, bool& to) {
  if (!from.is_boolean()) refuse(at, " must be true or false");
  to = from.get<bool>();
}

inline void read(const nlohmann::json& from, const place& at, double& to) {
  if (!from.is_number()) refuse(at, " must be a number");
  to = from.get<double>();
}

inline void read(const nlohmann::json& from, const place& at, std::int64_t& to) {
  if (!from.is_number_integer()) refuse(at, " must be an integer");
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (from.is_number_unsigned() && from.get<std::uint64_t>() > most) refuse(at, " is out of range");
  to = from.get<std::int64_t>();
}

inline void read(const nlohmann::json& from, const place&, nlohmann::json& to) { to = from; }

inline void read(const nlohmann::json& from, const place& at, FailureKind& to);
inline void read(const nlohmann::json& from, const place& at, Failure& to);
inline void read(const nlohmann::json& from, const place& at, Configuration& to);
inline void read(const nlohmann::json& from, const place& at, InitializeParams& to);
inline void read(const nlohmann::json& from, const place& at, SecretKind& to);
inline void read(const nlohmann::json& from, const place& at, ProfileSummary& to);
inline void read(const nlohmann::json& from, const place& at, InitializeResult& to);
inline void read(const nlohmann::json& from, const place& at, SecretNeeded& to);
inline void read(const nlohmann::json& from, const place& at, SecretGiveParams& to);
inline void read(const nlohmann::json& from, const place& at, CredentialsState& to);
inline void read(const nlohmann::json& from, const place& at, Credentials& to);
inline void read(const nlohmann::json& from, const place& at, DoctorParams& to);
inline void read(const nlohmann::json& from, const place& at, CheckState& to);
inline void read(const nlohmann::json& from, const place& at, Check& to);
inline void read(const nlohmann::json& from, const place& at, DoctorResult& to);
inline void read(const nlohmann::json& from, const place& at, ProfileImportParams& to);
inline void read(const nlohmann::json& from, const place& at, ProfileImportResult& to);
inline void read(const nlohmann::json& from, const place& at, ConfigureResult& to);
inline void read(const nlohmann::json& from, const place& at, SessionState& to);
inline void read(const nlohmann::json& from, const place& at, AgentState& to);
inline void read(const nlohmann::json& from, const place& at, SessionInfo& to);
inline void read(const nlohmann::json& from, const place& at, ListedSession& to);
inline void read(const nlohmann::json& from, const place& at, ProfileParams& to);
inline void read(const nlohmann::json& from, const place& at, SessionAttachParams& to);
inline void read(const nlohmann::json& from, const place& at, SessionParams& to);
inline void read(const nlohmann::json& from, const place& at, SessionListResult& to);
inline void read(const nlohmann::json& from, const place& at, SessionFact& to);
inline void read(const nlohmann::json& from, const place& at, SessionDetails& to);
inline void read(const nlohmann::json& from, const place& at, SessionKillAllParams& to);
inline void read(const nlohmann::json& from, const place& at, SessionKillAllResult& to);
inline void read(const nlohmann::json& from, const place& at, SessionUseAgentParams& to);
inline void read(const nlohmann::json& from, const place& at, ListedStatement& to);
inline void read(const nlohmann::json& from, const place& at, StatementListResult& to);
inline void read(const nlohmann::json& from, const place& at, StatementParams& to);
inline void read(const nlohmann::json& from, const place& at, LogReadParams& to);
inline void read(const nlohmann::json& from, const place& at, LogPage& to);
inline void read(const nlohmann::json& from, const place& at, LogSection& to);
inline void read(const nlohmann::json& from, const place& at, LogLines& to);
inline void read(const nlohmann::json& from, const place& at, Language& to);
inline void read(const nlohmann::json& from, const place& at, SourceLocation& to);
inline void read(const nlohmann::json& from, const place& at, ProgramArguments& to);
inline void read(const nlohmann::json& from, const place& at, RunStartParams& to);
inline void read(const nlohmann::json& from, const place& at, RunState& to);
inline void read(const nlohmann::json& from, const place& at, RunOutcome& to);
inline void read(const nlohmann::json& from, const place& at, RunError& to);
inline void read(const nlohmann::json& from, const place& at, ResultPart& to);
inline void read(const nlohmann::json& from, const place& at, RunResult& to);
inline void read(const nlohmann::json& from, const place& at, RunInfo& to);
inline void read(const nlohmann::json& from, const place& at, RunOutput& to);
inline void read(const nlohmann::json& from, const place& at, RunParams& to);
inline void read(const nlohmann::json& from, const place& at, RunAttachParams& to);
inline void read(const nlohmann::json& from, const place& at, RunListResult& to);
inline void read(const nlohmann::json& from, const place& at, RunCodeResult& to);
inline void read(const nlohmann::json& from, const place& at, HistorySearchParams& to);
inline void read(const nlohmann::json& from, const place& at, HistoryMatch& to);
inline void read(const nlohmann::json& from, const place& at, HistorySearchResult& to);
inline void read(const nlohmann::json& from, const place& at, WatchParams& to);
inline void read(const nlohmann::json& from, const place& at, StateResult& to);
inline void read(const nlohmann::json& from, const place& at, StopTruth& to);
inline void read(const nlohmann::json& from, const place& at, RunStopResult& to);
inline void read(const nlohmann::json& from, const place& at, HdfsEntry& to);
inline void read(const nlohmann::json& from, const place& at, HdfsParams& to);
inline void read(const nlohmann::json& from, const place& at, HdfsStatusResult& to);
inline void read(const nlohmann::json& from, const place& at, HdfsListResult& to);
inline void read(const nlohmann::json& from, const place& at, HdfsMoveParams& to);
inline void read(const nlohmann::json& from, const place& at, HdfsRemoveParams& to);
inline void read(const nlohmann::json& from, const place& at, HdfsTransferParams& to);
inline void read(const nlohmann::json& from, const place& at, TransferProgress& to);
inline void read(const nlohmann::json& from, const place& at, BundleKind& to);
inline void read(const nlohmann::json& from, const place& at, Carrier& to);
inline void read(const nlohmann::json& from, const place& at, DeployParams& to);
inline void read(const nlohmann::json& from, const place& at, BundleState& to);
inline void read(const nlohmann::json& from, const place& at, Bundle& to);
inline void read(const nlohmann::json& from, const place& at, DeployResult& to);
inline void read(const nlohmann::json& from, const place& at, Deployed& to);
inline void read(const nlohmann::json& from, const place& at, DeployListResult& to);
inline void read(const nlohmann::json& from, const place& at, DeployRemoveParams& to);
inline void read(const nlohmann::json& from, const place& at, ModuleReloadParams& to);
inline void read(const nlohmann::json& from, const place& at, KeptModule& to);
inline void read(const nlohmann::json& from, const place& at, ExecutorState& to);
inline void read(const nlohmann::json& from, const place& at, ModuleReloadResult& to);
inline void read(const nlohmann::json& from, const place& at, StandaloneParams& to);
inline void read(const nlohmann::json& from, const place& at, StandaloneResult& to);
inline void read(const nlohmann::json& from, const place& at, BatchSubmitParams& to);
inline void read(const nlohmann::json& from, const place& at, BatchInfo& to);
inline void read(const nlohmann::json& from, const place& at, BatchParams& to);
inline void read(const nlohmann::json& from, const place& at, BatchListResult& to);
inline void read(const nlohmann::json& from, const place& at, BatchLogParams& to);
inline void read(const nlohmann::json& from, const place& at, BatchLogPage& to);
inline void read(const nlohmann::json& from, const place& at, BatchLines& to);
inline void read(const nlohmann::json& from, const place& at, Severity& to);
inline void read(const nlohmann::json& from, const place& at, NoticeAction& to);
inline void read(const nlohmann::json& from, const place& at, Notice& to);
inline void read(const nlohmann::json& from, const place& at, Empty& to);

template <class Element>
void read(const nlohmann::json& from, const place& at, std::vector<Element>& to) {
  if (!from.is_array()) refuse(at, " must be an array");
  to.clear();
  to.reserve(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    Element element{};
    read(from[i], {.outer = &at, .position = i, .is_position = true}, element);
    to.push_back(std::move(element));
  }
}

template <class Element>
void read(const nlohmann::json& from, const place& at, std::map<std::string, Element>& to) {
  expect_object(from, at);
  to.clear();
  for (auto entry = from.begin(); entry != from.end(); ++entry) {
    read(entry.value(), {.outer = &at, .field = entry.key()}, to[entry.key()]);
  }
}

template <class Value>
void field(const nlohmann::json& from, const place& at, const char* name, Value& to) {
  const place here{.outer = &at, .field = name};
  const auto found = from.find(name);
  if (found == from.end()) refuse(here, " is missing");
  read(*found, here, to);
}

template <class Value>
void field(const nlohmann::json& from, const place& at, const char* name, std::optional<Value>& to) {
  const auto found = from.find(name);
  if (found == from.end()) {
    to.reset();
    return;
  }
  read(*found, {.outer = &at, .field = name}, to.emplace());
}

}  // namespace detail

inline void to_json(nlohmann::json& to, FailureKind from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, FailureKind& to) {
  if (detail::is_word(from, "cancelled")) { to = FailureKind::cancelled; return; }
  if (detail::is_word(from, "timeout")) { to = FailureKind::timeout; return; }
  if (detail::is_word(from, "nameNotFound")) { to = FailureKind::name_not_found; return; }
  if (detail::is_word(from, "connectionRefused")) { to = FailureKind::connection_refused; return; }
  if (detail::is_word(from, "connectionLost")) { to = FailureKind::connection_lost; return; }
  if (detail::is_word(from, "tls")) { to = FailureKind::tls; return; }
  if (detail::is_word(from, "notHttp")) { to = FailureKind::not_http; return; }
  if (detail::is_word(from, "notLivy")) { to = FailureKind::not_livy; return; }
  if (detail::is_word(from, "unauthorized")) { to = FailureKind::unauthorized; return; }
  if (detail::is_word(from, "forbidden")) { to = FailureKind::forbidden; return; }
  if (detail::is_word(from, "notFound")) { to = FailureKind::not_found; return; }
  if (detail::is_word(from, "rejected")) { to = FailureKind::rejected; return; }
  if (detail::is_word(from, "serverError")) { to = FailureKind::server_error; return; }
  if (detail::is_word(from, "sessionFailed")) { to = FailureKind::session_failed; return; }
  if (detail::is_word(from, "sessionLost")) { to = FailureKind::session_lost; return; }
  if (detail::is_word(from, "sessionRemoved")) { to = FailureKind::session_removed; return; }
  if (detail::is_word(from, "tooLarge")) { to = FailureKind::too_large; return; }
  if (detail::is_word(from, "invalidInput")) { to = FailureKind::invalid_input; return; }
  if (detail::is_word(from, "unsupported")) { to = FailureKind::unsupported; return; }
  if (detail::is_word(from, "io")) { to = FailureKind::io; return; }
  if (detail::is_word(from, "internal")) { to = FailureKind::internal; return; }
  detail::refuse_word(from, at, "cancelled, timeout, nameNotFound, connectionRefused, connectionLost, tls, notHttp, notLivy, unauthorized, forbidden, notFound, rejected, serverError, sessionFailed, sessionLost, sessionRemoved, tooLarge, invalidInput, unsupported, io, internal");
}

inline void from_json(const nlohmann::json& from, FailureKind& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Failure& from) {
  to = nlohmann::json::object();
  to["kind"] = from.kind;
  if (from.detail) to["detail"] = *from.detail;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Failure& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "kind", to.kind);
  detail::field(from, at, "detail", to.detail);
}

inline void from_json(const nlohmann::json& from, Failure& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Configuration& from) {
  to = nlohmann::json::object();
  to["trusted"] = from.trusted;
  to["profiles"] = from.profiles;
  if (from.workspace_folder) to["workspaceFolder"] = *from.workspace_folder;
  if (from.preview_bytes) to["previewBytes"] = *from.preview_bytes;
  if (from.stop_on_error) to["stopOnError"] = *from.stop_on_error;
  if (from.output_file) to["outputFile"] = *from.output_file;
  if (from.history_bytes) to["historyBytes"] = *from.history_bytes;
  if (from.trace) to["trace"] = *from.trace;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Configuration& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "trusted", to.trusted);
  detail::field(from, at, "profiles", to.profiles);
  detail::field(from, at, "workspaceFolder", to.workspace_folder);
  detail::field(from, at, "previewBytes", to.preview_bytes);
  detail::field(from, at, "stopOnError", to.stop_on_error);
  detail::field(from, at, "outputFile", to.output_file);
  detail::field(from, at, "historyBytes", to.history_bytes);
  detail::field(from, at, "trace", to.trace);
}

inline void from_json(const nlohmann::json& from, Configuration& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const InitializeParams& from) {
  to = nlohmann::json::object();
  to["protocolHash"] = from.protocol_hash;
  to["client"] = from.client;
  to["stateFolder"] = from.state_folder;
  to["configuration"] = from.configuration;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, InitializeParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "protocolHash", to.protocol_hash);
  detail::field(from, at, "client", to.client);
  detail::field(from, at, "stateFolder", to.state_folder);
  detail::field(from, at, "configuration", to.configuration);
}

inline void from_json(const nlohmann::json& from, InitializeParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, SecretKind from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, SecretKind& to) {
  if (detail::is_word(from, "password")) { to = SecretKind::password; return; }
  if (detail::is_word(from, "token")) { to = SecretKind::token; return; }
  if (detail::is_word(from, "keyPassphrase")) { to = SecretKind::key_passphrase; return; }
  if (detail::is_word(from, "proxyPassword")) { to = SecretKind::proxy_password; return; }
  detail::refuse_word(from, at, "password, token, keyPassphrase, proxyPassword");
}

inline void from_json(const nlohmann::json& from, SecretKind& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ProfileSummary& from) {
  to = nlohmann::json::object();
  to["name"] = from.name;
  if (from.url) to["url"] = *from.url;
  to["local"] = from.local;
  to["confirm"] = from.confirm;
  to["unverified"] = from.unverified;
  to["secrets"] = from.secrets;
  if (from.problem) to["problem"] = *from.problem;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ProfileSummary& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "url", to.url);
  detail::field(from, at, "local", to.local);
  detail::field(from, at, "confirm", to.confirm);
  detail::field(from, at, "unverified", to.unverified);
  detail::field(from, at, "secrets", to.secrets);
  detail::field(from, at, "problem", to.problem);
}

inline void from_json(const nlohmann::json& from, ProfileSummary& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const InitializeResult& from) {
  to = nlohmann::json::object();
  to["version"] = from.version;
  to["protocolHash"] = from.protocol_hash;
  to["process"] = from.process;
  to["profiles"] = from.profiles;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, InitializeResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "version", to.version);
  detail::field(from, at, "protocolHash", to.protocol_hash);
  detail::field(from, at, "process", to.process);
  detail::field(from, at, "profiles", to.profiles);
}

inline void from_json(const nlohmann::json& from, InitializeResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SecretNeeded& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["secret"] = from.secret;
  to["prompt"] = from.prompt;
  to["refused"] = from.refused;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SecretNeeded& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "secret", to.secret);
  detail::field(from, at, "prompt", to.prompt);
  detail::field(from, at, "refused", to.refused);
}

inline void from_json(const nlohmann::json& from, SecretNeeded& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SecretGiveParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["secret"] = from.secret;
  if (from.value) to["value"] = *from.value;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SecretGiveParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "secret", to.secret);
  detail::field(from, at, "value", to.value);
}

inline void from_json(const nlohmann::json& from, SecretGiveParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, CredentialsState from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, CredentialsState& to) {
  if (detail::is_word(from, "ok")) { to = CredentialsState::ok; return; }
  if (detail::is_word(from, "expiring")) { to = CredentialsState::expiring; return; }
  if (detail::is_word(from, "expired")) { to = CredentialsState::expired; return; }
  if (detail::is_word(from, "missing")) { to = CredentialsState::missing; return; }
  detail::refuse_word(from, at, "ok, expiring, expired, missing");
}

inline void from_json(const nlohmann::json& from, CredentialsState& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Credentials& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["state"] = from.state;
  if (from.principal) to["principal"] = *from.principal;
  if (from.expires) to["expires"] = *from.expires;
  if (from.detail) to["detail"] = *from.detail;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Credentials& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "principal", to.principal);
  detail::field(from, at, "expires", to.expires);
  detail::field(from, at, "detail", to.detail);
}

inline void from_json(const nlohmann::json& from, Credentials& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const DoctorParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.origin) to["origin"] = *from.origin;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, DoctorParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "origin", to.origin);
}

inline void from_json(const nlohmann::json& from, DoctorParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, CheckState from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, CheckState& to) {
  if (detail::is_word(from, "ok")) { to = CheckState::ok; return; }
  if (detail::is_word(from, "warning")) { to = CheckState::warning; return; }
  if (detail::is_word(from, "failed")) { to = CheckState::failed; return; }
  if (detail::is_word(from, "notTried")) { to = CheckState::not_tried; return; }
  detail::refuse_word(from, at, "ok, warning, failed, notTried");
}

inline void from_json(const nlohmann::json& from, CheckState& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Check& from) {
  to = nlohmann::json::object();
  to["name"] = from.name;
  to["state"] = from.state;
  to["found"] = from.found;
  if (from.advice) to["advice"] = *from.advice;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Check& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "found", to.found);
  detail::field(from, at, "advice", to.advice);
}

inline void from_json(const nlohmann::json& from, Check& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const DoctorResult& from) {
  to = nlohmann::json::object();
  to["checks"] = from.checks;
  to["report"] = from.report;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, DoctorResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "checks", to.checks);
  detail::field(from, at, "report", to.report);
}

inline void from_json(const nlohmann::json& from, DoctorResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ProfileImportParams& from) {
  to = nlohmann::json::object();
  to["file"] = from.file;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ProfileImportParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "file", to.file);
}

inline void from_json(const nlohmann::json& from, ProfileImportParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ProfileImportResult& from) {
  to = nlohmann::json::object();
  to["profiles"] = from.profiles;
  to["remarks"] = from.remarks;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ProfileImportResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profiles", to.profiles);
  detail::field(from, at, "remarks", to.remarks);
}

inline void from_json(const nlohmann::json& from, ProfileImportResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ConfigureResult& from) {
  to = nlohmann::json::object();
  to["profiles"] = from.profiles;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ConfigureResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profiles", to.profiles);
}

inline void from_json(const nlohmann::json& from, ConfigureResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, SessionState from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionState& to) {
  if (detail::is_word(from, "none")) { to = SessionState::none; return; }
  if (detail::is_word(from, "starting")) { to = SessionState::starting; return; }
  if (detail::is_word(from, "idle")) { to = SessionState::idle; return; }
  if (detail::is_word(from, "busy")) { to = SessionState::busy; return; }
  if (detail::is_word(from, "unreachable")) { to = SessionState::unreachable; return; }
  if (detail::is_word(from, "lost")) { to = SessionState::lost; return; }
  if (detail::is_word(from, "dead")) { to = SessionState::dead; return; }
  if (detail::is_word(from, "removed")) { to = SessionState::removed; return; }
  detail::refuse_word(from, at, "none, starting, idle, busy, unreachable, lost, dead, removed");
}

inline void from_json(const nlohmann::json& from, SessionState& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, AgentState from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, AgentState& to) {
  if (detail::is_word(from, "installed")) { to = AgentState::installed; return; }
  if (detail::is_word(from, "off")) { to = AgentState::off; return; }
  if (detail::is_word(from, "ask")) { to = AgentState::ask; return; }
  if (detail::is_word(from, "unavailable")) { to = AgentState::unavailable; return; }
  detail::refuse_word(from, at, "installed, off, ask, unavailable");
}

inline void from_json(const nlohmann::json& from, AgentState& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionInfo& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["state"] = from.state;
  if (from.name) to["name"] = *from.name;
  if (from.id) to["id"] = *from.id;
  if (from.kind) to["kind"] = *from.kind;
  if (from.application_id) to["applicationId"] = *from.application_id;
  if (from.owner) to["owner"] = *from.owner;
  if (from.proxy_user) to["proxyUser"] = *from.proxy_user;
  if (from.spark_ui_url) to["sparkUiUrl"] = *from.spark_ui_url;
  if (from.driver_log_url) to["driverLogUrl"] = *from.driver_log_url;
  if (from.detail) to["detail"] = *from.detail;
  to["since"] = from.since;
  if (from.server_version) to["serverVersion"] = *from.server_version;
  if (from.agent) to["agent"] = *from.agent;
  if (from.agent_detail) to["agentDetail"] = *from.agent_detail;
  if (from.idle_at) to["idleAt"] = *from.idle_at;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionInfo& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "id", to.id);
  detail::field(from, at, "kind", to.kind);
  detail::field(from, at, "applicationId", to.application_id);
  detail::field(from, at, "owner", to.owner);
  detail::field(from, at, "proxyUser", to.proxy_user);
  detail::field(from, at, "sparkUiUrl", to.spark_ui_url);
  detail::field(from, at, "driverLogUrl", to.driver_log_url);
  detail::field(from, at, "detail", to.detail);
  detail::field(from, at, "since", to.since);
  detail::field(from, at, "serverVersion", to.server_version);
  detail::field(from, at, "agent", to.agent);
  detail::field(from, at, "agentDetail", to.agent_detail);
  detail::field(from, at, "idleAt", to.idle_at);
}

inline void from_json(const nlohmann::json& from, SessionInfo& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ListedSession& from) {
  to = nlohmann::json::object();
  to["id"] = from.id;
  if (from.name) to["name"] = *from.name;
  to["state"] = from.state;
  if (from.kind) to["kind"] = *from.kind;
  if (from.application_id) to["applicationId"] = *from.application_id;
  if (from.owner) to["owner"] = *from.owner;
  if (from.proxy_user) to["proxyUser"] = *from.proxy_user;
  if (from.driver_memory) to["driverMemory"] = *from.driver_memory;
  if (from.executor_memory) to["executorMemory"] = *from.executor_memory;
  if (from.spark_ui_url) to["sparkUiUrl"] = *from.spark_ui_url;
  if (from.driver_log_url) to["driverLogUrl"] = *from.driver_log_url;
  to["mine"] = from.mine;
  to["active"] = from.active;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ListedSession& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "id", to.id);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "kind", to.kind);
  detail::field(from, at, "applicationId", to.application_id);
  detail::field(from, at, "owner", to.owner);
  detail::field(from, at, "proxyUser", to.proxy_user);
  detail::field(from, at, "driverMemory", to.driver_memory);
  detail::field(from, at, "executorMemory", to.executor_memory);
  detail::field(from, at, "sparkUiUrl", to.spark_ui_url);
  detail::field(from, at, "driverLogUrl", to.driver_log_url);
  detail::field(from, at, "mine", to.mine);
  detail::field(from, at, "active", to.active);
}

inline void from_json(const nlohmann::json& from, ListedSession& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ProfileParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ProfileParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
}

inline void from_json(const nlohmann::json& from, ProfileParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionAttachParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.session) to["session"] = *from.session;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionAttachParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "session", to.session);
}

inline void from_json(const nlohmann::json& from, SessionAttachParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.session) to["session"] = *from.session;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "session", to.session);
}

inline void from_json(const nlohmann::json& from, SessionParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionListResult& from) {
  to = nlohmann::json::object();
  to["sessions"] = from.sessions;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionListResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "sessions", to.sessions);
}

inline void from_json(const nlohmann::json& from, SessionListResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionFact& from) {
  to = nlohmann::json::object();
  to["name"] = from.name;
  to["value"] = from.value;
  if (from.url) to["url"] = *from.url;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionFact& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "value", to.value);
  detail::field(from, at, "url", to.url);
}

inline void from_json(const nlohmann::json& from, SessionFact& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionDetails& from) {
  to = nlohmann::json::object();
  to["session"] = from.session;
  to["facts"] = from.facts;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionDetails& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "session", to.session);
  detail::field(from, at, "facts", to.facts);
}

inline void from_json(const nlohmann::json& from, SessionDetails& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionKillAllParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["others"] = from.others;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionKillAllParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "others", to.others);
}

inline void from_json(const nlohmann::json& from, SessionKillAllParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionKillAllResult& from) {
  to = nlohmann::json::object();
  to["killed"] = from.killed;
  to["problems"] = from.problems;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionKillAllResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "killed", to.killed);
  detail::field(from, at, "problems", to.problems);
}

inline void from_json(const nlohmann::json& from, SessionKillAllResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SessionUseAgentParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["use"] = from.use;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SessionUseAgentParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "use", to.use);
}

inline void from_json(const nlohmann::json& from, SessionUseAgentParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ListedStatement& from) {
  to = nlohmann::json::object();
  to["statement"] = from.statement;
  to["state"] = from.state;
  to["code"] = from.code;
  to["progress"] = from.progress;
  to["started"] = from.started;
  to["completed"] = from.completed;
  if (from.status) to["status"] = *from.status;
  if (from.run) to["run"] = *from.run;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ListedStatement& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "statement", to.statement);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "code", to.code);
  detail::field(from, at, "progress", to.progress);
  detail::field(from, at, "started", to.started);
  detail::field(from, at, "completed", to.completed);
  detail::field(from, at, "status", to.status);
  detail::field(from, at, "run", to.run);
}

inline void from_json(const nlohmann::json& from, ListedStatement& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const StatementListResult& from) {
  to = nlohmann::json::object();
  to["statements"] = from.statements;
  if (from.detail) to["detail"] = *from.detail;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, StatementListResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "statements", to.statements);
  detail::field(from, at, "detail", to.detail);
}

inline void from_json(const nlohmann::json& from, StatementListResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const StatementParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.session) to["session"] = *from.session;
  to["statement"] = from.statement;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, StatementParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "session", to.session);
  detail::field(from, at, "statement", to.statement);
}

inline void from_json(const nlohmann::json& from, StatementParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const LogReadParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.session) to["session"] = *from.session;
  if (from.from) to["from"] = *from.from;
  to["size"] = from.size;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, LogReadParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "session", to.session);
  detail::field(from, at, "from", to.from);
  detail::field(from, at, "size", to.size);
}

inline void from_json(const nlohmann::json& from, LogReadParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const LogPage& from) {
  to = nlohmann::json::object();
  to["session"] = from.session;
  to["from"] = from.from;
  to["total"] = from.total;
  to["lines"] = from.lines;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, LogPage& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "session", to.session);
  detail::field(from, at, "from", to.from);
  detail::field(from, at, "total", to.total);
  detail::field(from, at, "lines", to.lines);
}

inline void from_json(const nlohmann::json& from, LogPage& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, LogSection from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, LogSection& to) {
  if (detail::is_word(from, "stdout")) { to = LogSection::stdout; return; }
  if (detail::is_word(from, "stderr")) { to = LogSection::stderr; return; }
  if (detail::is_word(from, "yarn")) { to = LogSection::yarn; return; }
  if (detail::is_word(from, "driverStdout")) { to = LogSection::driver_stdout; return; }
  if (detail::is_word(from, "driverStderr")) { to = LogSection::driver_stderr; return; }
  detail::refuse_word(from, at, "stdout, stderr, yarn, driverStdout, driverStderr");
}

inline void from_json(const nlohmann::json& from, LogSection& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const LogLines& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["session"] = from.session;
  to["section"] = from.section;
  to["lines"] = from.lines;
  if (from.gap) to["gap"] = *from.gap;
  if (from.notice) to["notice"] = *from.notice;
  if (from.ended) to["ended"] = *from.ended;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, LogLines& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "session", to.session);
  detail::field(from, at, "section", to.section);
  detail::field(from, at, "lines", to.lines);
  detail::field(from, at, "gap", to.gap);
  detail::field(from, at, "notice", to.notice);
  detail::field(from, at, "ended", to.ended);
}

inline void from_json(const nlohmann::json& from, LogLines& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, Language from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, Language& to) {
  if (detail::is_word(from, "python")) { to = Language::python; return; }
  if (detail::is_word(from, "scala")) { to = Language::scala; return; }
  if (detail::is_word(from, "sql")) { to = Language::sql; return; }
  if (detail::is_word(from, "r")) { to = Language::r; return; }
  detail::refuse_word(from, at, "python, scala, sql, r");
}

inline void from_json(const nlohmann::json& from, Language& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const SourceLocation& from) {
  to = nlohmann::json::object();
  to["file"] = from.file;
  to["firstLine"] = from.first_line;
  to["lastLine"] = from.last_line;
  if (from.indentation) to["indentation"] = *from.indentation;
  if (from.whole) to["whole"] = *from.whole;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, SourceLocation& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "file", to.file);
  detail::field(from, at, "firstLine", to.first_line);
  detail::field(from, at, "lastLine", to.last_line);
  detail::field(from, at, "indentation", to.indentation);
  detail::field(from, at, "whole", to.whole);
}

inline void from_json(const nlohmann::json& from, SourceLocation& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ProgramArguments& from) {
  to = nlohmann::json::object();
  to["arguments"] = from.arguments;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ProgramArguments& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "arguments", to.arguments);
}

inline void from_json(const nlohmann::json& from, ProgramArguments& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunStartParams& from) {
  to = nlohmann::json::object();
  to["run"] = from.run;
  to["profile"] = from.profile;
  to["language"] = from.language;
  to["code"] = from.code;
  if (from.source) to["source"] = *from.source;
  if (from.program) to["program"] = *from.program;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunStartParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "run", to.run);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "language", to.language);
  detail::field(from, at, "code", to.code);
  detail::field(from, at, "source", to.source);
  detail::field(from, at, "program", to.program);
}

inline void from_json(const nlohmann::json& from, RunStartParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, RunState from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunState& to) {
  if (detail::is_word(from, "held")) { to = RunState::held; return; }
  if (detail::is_word(from, "queued")) { to = RunState::queued; return; }
  if (detail::is_word(from, "starting")) { to = RunState::starting; return; }
  if (detail::is_word(from, "sent")) { to = RunState::sent; return; }
  if (detail::is_word(from, "running")) { to = RunState::running; return; }
  if (detail::is_word(from, "stopping")) { to = RunState::stopping; return; }
  if (detail::is_word(from, "finished")) { to = RunState::finished; return; }
  detail::refuse_word(from, at, "held, queued, starting, sent, running, stopping, finished");
}

inline void from_json(const nlohmann::json& from, RunState& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, RunOutcome from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunOutcome& to) {
  if (detail::is_word(from, "ok")) { to = RunOutcome::ok; return; }
  if (detail::is_word(from, "error")) { to = RunOutcome::error; return; }
  if (detail::is_word(from, "stopped")) { to = RunOutcome::stopped; return; }
  if (detail::is_word(from, "failed")) { to = RunOutcome::failed; return; }
  if (detail::is_word(from, "unknown")) { to = RunOutcome::unknown; return; }
  detail::refuse_word(from, at, "ok, error, stopped, failed, unknown");
}

inline void from_json(const nlohmann::json& from, RunOutcome& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunError& from) {
  to = nlohmann::json::object();
  to["name"] = from.name;
  to["message"] = from.message;
  to["traceback"] = from.traceback;
  if (from.line) to["line"] = *from.line;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunError& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "message", to.message);
  detail::field(from, at, "traceback", to.traceback);
  detail::field(from, at, "line", to.line);
}

inline void from_json(const nlohmann::json& from, RunError& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ResultPart& from) {
  to = nlohmann::json::object();
  to["mime"] = from.mime;
  to["bytes"] = from.bytes;
  to["file"] = from.file;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ResultPart& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "mime", to.mime);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "file", to.file);
}

inline void from_json(const nlohmann::json& from, ResultPart& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunResult& from) {
  to = nlohmann::json::object();
  to["outcome"] = from.outcome;
  to["message"] = from.message;
  to["milliseconds"] = from.milliseconds;
  if (from.failure) to["failure"] = *from.failure;
  if (from.error) to["error"] = *from.error;
  to["parts"] = from.parts;
  to["outputBytes"] = from.output_bytes;
  to["sentBytes"] = from.sent_bytes;
  if (from.output_file) to["outputFile"] = *from.output_file;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "outcome", to.outcome);
  detail::field(from, at, "message", to.message);
  detail::field(from, at, "milliseconds", to.milliseconds);
  detail::field(from, at, "failure", to.failure);
  detail::field(from, at, "error", to.error);
  detail::field(from, at, "parts", to.parts);
  detail::field(from, at, "outputBytes", to.output_bytes);
  detail::field(from, at, "sentBytes", to.sent_bytes);
  detail::field(from, at, "outputFile", to.output_file);
}

inline void from_json(const nlohmann::json& from, RunResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunInfo& from) {
  to = nlohmann::json::object();
  to["run"] = from.run;
  to["profile"] = from.profile;
  to["language"] = from.language;
  to["state"] = from.state;
  if (from.source) to["source"] = *from.source;
  if (from.progress) to["progress"] = *from.progress;
  if (from.statement) to["statement"] = *from.statement;
  if (from.program) to["program"] = *from.program;
  if (from.adopted) to["adopted"] = *from.adopted;
  to["accepted"] = from.accepted;
  if (from.detail) to["detail"] = *from.detail;
  to["outputBytes"] = from.output_bytes;
  if (from.result) to["result"] = *from.result;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunInfo& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "run", to.run);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "language", to.language);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "source", to.source);
  detail::field(from, at, "progress", to.progress);
  detail::field(from, at, "statement", to.statement);
  detail::field(from, at, "program", to.program);
  detail::field(from, at, "adopted", to.adopted);
  detail::field(from, at, "accepted", to.accepted);
  detail::field(from, at, "detail", to.detail);
  detail::field(from, at, "outputBytes", to.output_bytes);
  detail::field(from, at, "result", to.result);
}

inline void from_json(const nlohmann::json& from, RunInfo& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunOutput& from) {
  to = nlohmann::json::object();
  to["run"] = from.run;
  to["offset"] = from.offset;
  to["text"] = from.text;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunOutput& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "run", to.run);
  detail::field(from, at, "offset", to.offset);
  detail::field(from, at, "text", to.text);
}

inline void from_json(const nlohmann::json& from, RunOutput& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunParams& from) {
  to = nlohmann::json::object();
  to["run"] = from.run;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "run", to.run);
}

inline void from_json(const nlohmann::json& from, RunParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunAttachParams& from) {
  to = nlohmann::json::object();
  to["run"] = from.run;
  to["from"] = from.from;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunAttachParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "run", to.run);
  detail::field(from, at, "from", to.from);
}

inline void from_json(const nlohmann::json& from, RunAttachParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunListResult& from) {
  to = nlohmann::json::object();
  to["runs"] = from.runs;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunListResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "runs", to.runs);
}

inline void from_json(const nlohmann::json& from, RunListResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunCodeResult& from) {
  to = nlohmann::json::object();
  to["code"] = from.code;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunCodeResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "code", to.code);
}

inline void from_json(const nlohmann::json& from, RunCodeResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HistorySearchParams& from) {
  to = nlohmann::json::object();
  to["text"] = from.text;
  to["limit"] = from.limit;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HistorySearchParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "text", to.text);
  detail::field(from, at, "limit", to.limit);
}

inline void from_json(const nlohmann::json& from, HistorySearchParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HistoryMatch& from) {
  to = nlohmann::json::object();
  to["run"] = from.run;
  to["line"] = from.line;
  to["code"] = from.code;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HistoryMatch& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "run", to.run);
  detail::field(from, at, "line", to.line);
  detail::field(from, at, "code", to.code);
}

inline void from_json(const nlohmann::json& from, HistoryMatch& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HistorySearchResult& from) {
  to = nlohmann::json::object();
  to["matches"] = from.matches;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HistorySearchResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "matches", to.matches);
}

inline void from_json(const nlohmann::json& from, HistorySearchResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const WatchParams& from) {
  to = nlohmann::json::object();
  to["looking"] = from.looking;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, WatchParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "looking", to.looking);
}

inline void from_json(const nlohmann::json& from, WatchParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const StateResult& from) {
  to = nlohmann::json::object();
  to["text"] = from.text;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, StateResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "text", to.text);
}

inline void from_json(const nlohmann::json& from, StateResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, StopTruth from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, StopTruth& to) {
  if (detail::is_word(from, "stopped")) { to = StopTruth::stopped; return; }
  if (detail::is_word(from, "busy")) { to = StopTruth::busy; return; }
  if (detail::is_word(from, "alreadyFinished")) { to = StopTruth::already_finished; return; }
  if (detail::is_word(from, "withdrawn")) { to = StopTruth::withdrawn; return; }
  if (detail::is_word(from, "unknown")) { to = StopTruth::unknown; return; }
  detail::refuse_word(from, at, "stopped, busy, alreadyFinished, withdrawn, unknown");
}

inline void from_json(const nlohmann::json& from, StopTruth& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const RunStopResult& from) {
  to = nlohmann::json::object();
  to["truth"] = from.truth;
  to["message"] = from.message;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, RunStopResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "truth", to.truth);
  detail::field(from, at, "message", to.message);
}

inline void from_json(const nlohmann::json& from, RunStopResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HdfsEntry& from) {
  to = nlohmann::json::object();
  to["name"] = from.name;
  to["folder"] = from.folder;
  to["bytes"] = from.bytes;
  to["modified"] = from.modified;
  to["owner"] = from.owner;
  to["group"] = from.group;
  to["permission"] = from.permission;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HdfsEntry& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "folder", to.folder);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "modified", to.modified);
  detail::field(from, at, "owner", to.owner);
  detail::field(from, at, "group", to.group);
  detail::field(from, at, "permission", to.permission);
}

inline void from_json(const nlohmann::json& from, HdfsEntry& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HdfsParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["path"] = from.path;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HdfsParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "path", to.path);
}

inline void from_json(const nlohmann::json& from, HdfsParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HdfsStatusResult& from) {
  to = nlohmann::json::object();
  to["path"] = from.path;
  to["entry"] = from.entry;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HdfsStatusResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "path", to.path);
  detail::field(from, at, "entry", to.entry);
}

inline void from_json(const nlohmann::json& from, HdfsStatusResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HdfsListResult& from) {
  to = nlohmann::json::object();
  to["path"] = from.path;
  to["entries"] = from.entries;
  if (from.detail) to["detail"] = *from.detail;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HdfsListResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "path", to.path);
  detail::field(from, at, "entries", to.entries);
  detail::field(from, at, "detail", to.detail);
}

inline void from_json(const nlohmann::json& from, HdfsListResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HdfsMoveParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["from"] = from.from;
  to["to"] = from.to;
  to["overwrite"] = from.overwrite;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HdfsMoveParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "from", to.from);
  detail::field(from, at, "to", to.to);
  detail::field(from, at, "overwrite", to.overwrite);
}

inline void from_json(const nlohmann::json& from, HdfsMoveParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HdfsRemoveParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["path"] = from.path;
  to["recursive"] = from.recursive;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HdfsRemoveParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "path", to.path);
  detail::field(from, at, "recursive", to.recursive);
}

inline void from_json(const nlohmann::json& from, HdfsRemoveParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const HdfsTransferParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["path"] = from.path;
  to["file"] = from.file;
  to["overwrite"] = from.overwrite;
  if (from.transfer) to["transfer"] = *from.transfer;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, HdfsTransferParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "path", to.path);
  detail::field(from, at, "file", to.file);
  detail::field(from, at, "overwrite", to.overwrite);
  detail::field(from, at, "transfer", to.transfer);
}

inline void from_json(const nlohmann::json& from, HdfsTransferParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const TransferProgress& from) {
  to = nlohmann::json::object();
  to["transfer"] = from.transfer;
  to["bytes"] = from.bytes;
  if (from.total) to["total"] = *from.total;
  if (from.text) to["text"] = *from.text;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, TransferProgress& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "transfer", to.transfer);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "total", to.total);
  detail::field(from, at, "text", to.text);
}

inline void from_json(const nlohmann::json& from, TransferProgress& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, BundleKind from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, BundleKind& to) {
  if (detail::is_word(from, "pyFiles")) { to = BundleKind::py_files; return; }
  if (detail::is_word(from, "jars")) { to = BundleKind::jars; return; }
  if (detail::is_word(from, "files")) { to = BundleKind::files; return; }
  if (detail::is_word(from, "archives")) { to = BundleKind::archives; return; }
  detail::refuse_word(from, at, "pyFiles, jars, files, archives");
}

inline void from_json(const nlohmann::json& from, BundleKind& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, Carrier from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, Carrier& to) {
  if (detail::is_word(from, "webhdfs")) { to = Carrier::webhdfs; return; }
  if (detail::is_word(from, "livy")) { to = Carrier::livy; return; }
  if (detail::is_word(from, "session")) { to = Carrier::session; return; }
  detail::refuse_word(from, at, "webhdfs, livy, session");
}

inline void from_json(const nlohmann::json& from, Carrier& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const DeployParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.file) to["file"] = *from.file;
  if (from.transfer) to["transfer"] = *from.transfer;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, DeployParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "file", to.file);
  detail::field(from, at, "transfer", to.transfer);
}

inline void from_json(const nlohmann::json& from, DeployParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, BundleState from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, BundleState& to) {
  if (detail::is_word(from, "current")) { to = BundleState::current; return; }
  if (detail::is_word(from, "changed")) { to = BundleState::changed; return; }
  if (detail::is_word(from, "absent")) { to = BundleState::absent; return; }
  detail::refuse_word(from, at, "current, changed, absent");
}

inline void from_json(const nlohmann::json& from, BundleState& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Bundle& from) {
  to = nlohmann::json::object();
  to["name"] = from.name;
  to["kind"] = from.kind;
  to["source"] = from.source;
  to["files"] = from.files;
  to["bytes"] = from.bytes;
  to["hash"] = from.hash;
  to["state"] = from.state;
  to["target"] = from.target;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Bundle& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "kind", to.kind);
  detail::field(from, at, "source", to.source);
  detail::field(from, at, "files", to.files);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "hash", to.hash);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "target", to.target);
}

inline void from_json(const nlohmann::json& from, Bundle& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const DeployResult& from) {
  to = nlohmann::json::object();
  to["carrier"] = from.carrier;
  to["reason"] = from.reason;
  to["bundles"] = from.bundles;
  to["bytes"] = from.bytes;
  to["remarks"] = from.remarks;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, DeployResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "carrier", to.carrier);
  detail::field(from, at, "reason", to.reason);
  detail::field(from, at, "bundles", to.bundles);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "remarks", to.remarks);
}

inline void from_json(const nlohmann::json& from, DeployResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Deployed& from) {
  to = nlohmann::json::object();
  to["bundle"] = from.bundle;
  to["kind"] = from.kind;
  to["source"] = from.source;
  to["hash"] = from.hash;
  to["target"] = from.target;
  to["carrier"] = from.carrier;
  to["bytes"] = from.bytes;
  to["time"] = from.time;
  to["sessions"] = from.sessions;
  to["stale"] = from.stale;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Deployed& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "bundle", to.bundle);
  detail::field(from, at, "kind", to.kind);
  detail::field(from, at, "source", to.source);
  detail::field(from, at, "hash", to.hash);
  detail::field(from, at, "target", to.target);
  detail::field(from, at, "carrier", to.carrier);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "time", to.time);
  detail::field(from, at, "sessions", to.sessions);
  detail::field(from, at, "stale", to.stale);
}

inline void from_json(const nlohmann::json& from, Deployed& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const DeployListResult& from) {
  to = nlohmann::json::object();
  to["deployed"] = from.deployed;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, DeployListResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "deployed", to.deployed);
}

inline void from_json(const nlohmann::json& from, DeployListResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const DeployRemoveParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["target"] = from.target;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, DeployRemoveParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "target", to.target);
}

inline void from_json(const nlohmann::json& from, DeployRemoveParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ModuleReloadParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.file) to["file"] = *from.file;
  to["modules"] = from.modules;
  to["push"] = from.push;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ModuleReloadParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "file", to.file);
  detail::field(from, at, "modules", to.modules);
  detail::field(from, at, "push", to.push);
}

inline void from_json(const nlohmann::json& from, ModuleReloadParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const KeptModule& from) {
  to = nlohmann::json::object();
  to["module"] = from.module;
  to["reason"] = from.reason;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, KeptModule& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "module", to.module);
  detail::field(from, at, "reason", to.reason);
}

inline void from_json(const nlohmann::json& from, KeptModule& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, ExecutorState from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, ExecutorState& to) {
  if (detail::is_word(from, "fresh")) { to = ExecutorState::fresh; return; }
  if (detail::is_word(from, "stale")) { to = ExecutorState::stale; return; }
  if (detail::is_word(from, "none")) { to = ExecutorState::none; return; }
  detail::refuse_word(from, at, "fresh, stale, none");
}

inline void from_json(const nlohmann::json& from, ExecutorState& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const ModuleReloadResult& from) {
  to = nlohmann::json::object();
  to["files"] = from.files;
  to["bytes"] = from.bytes;
  to["reloaded"] = from.reloaded;
  to["kept"] = from.kept;
  to["executors"] = from.executors;
  to["detail"] = from.detail;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, ModuleReloadResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "files", to.files);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "reloaded", to.reloaded);
  detail::field(from, at, "kept", to.kept);
  detail::field(from, at, "executors", to.executors);
  detail::field(from, at, "detail", to.detail);
}

inline void from_json(const nlohmann::json& from, ModuleReloadResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const StandaloneParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  if (from.file) to["file"] = *from.file;
  to["arguments"] = from.arguments;
  to["output"] = from.output;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, StandaloneParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "file", to.file);
  detail::field(from, at, "arguments", to.arguments);
  detail::field(from, at, "output", to.output);
}

inline void from_json(const nlohmann::json& from, StandaloneParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const StandaloneResult& from) {
  to = nlohmann::json::object();
  to["output"] = from.output;
  to["bytes"] = from.bytes;
  to["files"] = from.files;
  to["hash"] = from.hash;
  to["remarks"] = from.remarks;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, StandaloneResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "output", to.output);
  detail::field(from, at, "bytes", to.bytes);
  detail::field(from, at, "files", to.files);
  detail::field(from, at, "hash", to.hash);
  detail::field(from, at, "remarks", to.remarks);
}

inline void from_json(const nlohmann::json& from, StandaloneResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const BatchSubmitParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["file"] = from.file;
  to["arguments"] = from.arguments;
  to["standalone"] = from.standalone;
  if (from.transfer) to["transfer"] = *from.transfer;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, BatchSubmitParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "file", to.file);
  detail::field(from, at, "arguments", to.arguments);
  detail::field(from, at, "standalone", to.standalone);
  detail::field(from, at, "transfer", to.transfer);
}

inline void from_json(const nlohmann::json& from, BatchSubmitParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const BatchInfo& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["batch"] = from.batch;
  to["state"] = from.state;
  to["finished"] = from.finished;
  if (from.name) to["name"] = *from.name;
  if (from.application_id) to["applicationId"] = *from.application_id;
  if (from.owner) to["owner"] = *from.owner;
  if (from.proxy_user) to["proxyUser"] = *from.proxy_user;
  if (from.spark_ui_url) to["sparkUiUrl"] = *from.spark_ui_url;
  if (from.driver_log_url) to["driverLogUrl"] = *from.driver_log_url;
  to["mine"] = from.mine;
  if (from.detail) to["detail"] = *from.detail;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, BatchInfo& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "batch", to.batch);
  detail::field(from, at, "state", to.state);
  detail::field(from, at, "finished", to.finished);
  detail::field(from, at, "name", to.name);
  detail::field(from, at, "applicationId", to.application_id);
  detail::field(from, at, "owner", to.owner);
  detail::field(from, at, "proxyUser", to.proxy_user);
  detail::field(from, at, "sparkUiUrl", to.spark_ui_url);
  detail::field(from, at, "driverLogUrl", to.driver_log_url);
  detail::field(from, at, "mine", to.mine);
  detail::field(from, at, "detail", to.detail);
}

inline void from_json(const nlohmann::json& from, BatchInfo& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const BatchParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["batch"] = from.batch;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, BatchParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "batch", to.batch);
}

inline void from_json(const nlohmann::json& from, BatchParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const BatchListResult& from) {
  to = nlohmann::json::object();
  to["batches"] = from.batches;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, BatchListResult& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "batches", to.batches);
}

inline void from_json(const nlohmann::json& from, BatchListResult& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const BatchLogParams& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["batch"] = from.batch;
  if (from.from) to["from"] = *from.from;
  to["size"] = from.size;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, BatchLogParams& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "batch", to.batch);
  detail::field(from, at, "from", to.from);
  detail::field(from, at, "size", to.size);
}

inline void from_json(const nlohmann::json& from, BatchLogParams& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const BatchLogPage& from) {
  to = nlohmann::json::object();
  to["batch"] = from.batch;
  to["from"] = from.from;
  to["total"] = from.total;
  to["lines"] = from.lines;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, BatchLogPage& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "batch", to.batch);
  detail::field(from, at, "from", to.from);
  detail::field(from, at, "total", to.total);
  detail::field(from, at, "lines", to.lines);
}

inline void from_json(const nlohmann::json& from, BatchLogPage& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const BatchLines& from) {
  to = nlohmann::json::object();
  to["profile"] = from.profile;
  to["batch"] = from.batch;
  to["section"] = from.section;
  to["lines"] = from.lines;
  if (from.gap) to["gap"] = *from.gap;
  if (from.ended) to["ended"] = *from.ended;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, BatchLines& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "batch", to.batch);
  detail::field(from, at, "section", to.section);
  detail::field(from, at, "lines", to.lines);
  detail::field(from, at, "gap", to.gap);
  detail::field(from, at, "ended", to.ended);
}

inline void from_json(const nlohmann::json& from, BatchLines& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, Severity from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, Severity& to) {
  if (detail::is_word(from, "info")) { to = Severity::info; return; }
  if (detail::is_word(from, "warning")) { to = Severity::warning; return; }
  if (detail::is_word(from, "error")) { to = Severity::error; return; }
  detail::refuse_word(from, at, "info, warning, error");
}

inline void from_json(const nlohmann::json& from, Severity& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, NoticeAction from) { to = std::string(name_of(from)); }

inline void detail::read(const nlohmann::json& from, const detail::place& at, NoticeAction& to) {
  if (detail::is_word(from, "showLog")) { to = NoticeAction::show_log; return; }
  if (detail::is_word(from, "startSession")) { to = NoticeAction::start_session; return; }
  if (detail::is_word(from, "restartSession")) { to = NoticeAction::restart_session; return; }
  if (detail::is_word(from, "openSettings")) { to = NoticeAction::open_settings; return; }
  if (detail::is_word(from, "runAgain")) { to = NoticeAction::run_again; return; }
  if (detail::is_word(from, "lookAgain")) { to = NoticeAction::look_again; return; }
  if (detail::is_word(from, "keepSession")) { to = NoticeAction::keep_session; return; }
  if (detail::is_word(from, "useAgent")) { to = NoticeAction::use_agent; return; }
  if (detail::is_word(from, "openTerminal")) { to = NoticeAction::open_terminal; return; }
  if (detail::is_word(from, "diagnose")) { to = NoticeAction::diagnose; return; }
  detail::refuse_word(from, at, "showLog, startSession, restartSession, openSettings, runAgain, lookAgain, keepSession, useAgent, openTerminal, diagnose");
}

inline void from_json(const nlohmann::json& from, NoticeAction& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Notice& from) {
  to = nlohmann::json::object();
  to["severity"] = from.severity;
  to["text"] = from.text;
  if (from.profile) to["profile"] = *from.profile;
  if (from.run) to["run"] = *from.run;
  to["actions"] = from.actions;
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Notice& to) {
  detail::expect_object(from, at);
  detail::field(from, at, "severity", to.severity);
  detail::field(from, at, "text", to.text);
  detail::field(from, at, "profile", to.profile);
  detail::field(from, at, "run", to.run);
  detail::field(from, at, "actions", to.actions);
}

inline void from_json(const nlohmann::json& from, Notice& to) { detail::read(from, {}, to); }

inline void to_json(nlohmann::json& to, const Empty&) {
  to = nlohmann::json::object();
}

inline void detail::read(const nlohmann::json& from, const detail::place& at, Empty&) {
  detail::expect_object(from, at);
}

inline void from_json(const nlohmann::json& from, Empty& to) { detail::read(from, {}, to); }

/// Calls `visit.operator()<Type>(name)` for every type, so that a test misses none.
template <class Visitor>
void for_each_type(Visitor visit) {
  visit.template operator()<FailureKind>("FailureKind");
  visit.template operator()<Failure>("Failure");
  visit.template operator()<Configuration>("Configuration");
  visit.template operator()<InitializeParams>("InitializeParams");
  visit.template operator()<SecretKind>("SecretKind");
  visit.template operator()<ProfileSummary>("ProfileSummary");
  visit.template operator()<InitializeResult>("InitializeResult");
  visit.template operator()<SecretNeeded>("SecretNeeded");
  visit.template operator()<SecretGiveParams>("SecretGiveParams");
  visit.template operator()<CredentialsState>("CredentialsState");
  visit.template operator()<Credentials>("Credentials");
  visit.template operator()<DoctorParams>("DoctorParams");
  visit.template operator()<CheckState>("CheckState");
  visit.template operator()<Check>("Check");
  visit.template operator()<DoctorResult>("DoctorResult");
  visit.template operator()<ProfileImportParams>("ProfileImportParams");
  visit.template operator()<ProfileImportResult>("ProfileImportResult");
  visit.template operator()<ConfigureResult>("ConfigureResult");
  visit.template operator()<SessionState>("SessionState");
  visit.template operator()<AgentState>("AgentState");
  visit.template operator()<SessionInfo>("SessionInfo");
  visit.template operator()<ListedSession>("ListedSession");
  visit.template operator()<ProfileParams>("ProfileParams");
  visit.template operator()<SessionAttachParams>("SessionAttachParams");
  visit.template operator()<SessionParams>("SessionParams");
  visit.template operator()<SessionListResult>("SessionListResult");
  visit.template operator()<SessionFact>("SessionFact");
  visit.template operator()<SessionDetails>("SessionDetails");
  visit.template operator()<SessionKillAllParams>("SessionKillAllParams");
  visit.template operator()<SessionKillAllResult>("SessionKillAllResult");
  visit.template operator()<SessionUseAgentParams>("SessionUseAgentParams");
  visit.template operator()<ListedStatement>("ListedStatement");
  visit.template operator()<StatementListResult>("StatementListResult");
  visit.template operator()<StatementParams>("StatementParams");
  visit.template operator()<LogReadParams>("LogReadParams");
  visit.template operator()<LogPage>("LogPage");
  visit.template operator()<LogSection>("LogSection");
  visit.template operator()<LogLines>("LogLines");
  visit.template operator()<Language>("Language");
  visit.template operator()<SourceLocation>("SourceLocation");
  visit.template operator()<ProgramArguments>("ProgramArguments");
  visit.template operator()<RunStartParams>("RunStartParams");
  visit.template operator()<RunState>("RunState");
  visit.template operator()<RunOutcome>("RunOutcome");
  visit.template operator()<RunError>("RunError");
  visit.template operator()<ResultPart>("ResultPart");
  visit.template operator()<RunResult>("RunResult");
  visit.template operator()<RunInfo>("RunInfo");
  visit.template operator()<RunOutput>("RunOutput");
  visit.template operator()<RunParams>("RunParams");
  visit.template operator()<RunAttachParams>("RunAttachParams");
  visit.template operator()<RunListResult>("RunListResult");
  visit.template operator()<RunCodeResult>("RunCodeResult");
  visit.template operator()<HistorySearchParams>("HistorySearchParams");
  visit.template operator()<HistoryMatch>("HistoryMatch");
  visit.template operator()<HistorySearchResult>("HistorySearchResult");
  visit.template operator()<WatchParams>("WatchParams");
  visit.template operator()<StateResult>("StateResult");
  visit.template operator()<StopTruth>("StopTruth");
  visit.template operator()<RunStopResult>("RunStopResult");
  visit.template operator()<HdfsEntry>("HdfsEntry");
  visit.template operator()<HdfsParams>("HdfsParams");
  visit.template operator()<HdfsStatusResult>("HdfsStatusResult");
  visit.template operator()<HdfsListResult>("HdfsListResult");
  visit.template operator()<HdfsMoveParams>("HdfsMoveParams");
  visit.template operator()<HdfsRemoveParams>("HdfsRemoveParams");
  visit.template operator()<HdfsTransferParams>("HdfsTransferParams");
  visit.template operator()<TransferProgress>("TransferProgress");
  visit.template operator()<BundleKind>("BundleKind");
  visit.template operator()<Carrier>("Carrier");
  visit.template operator()<DeployParams>("DeployParams");
  visit.template operator()<BundleState>("BundleState");
  visit.template operator()<Bundle>("Bundle");
  visit.template operator()<DeployResult>("DeployResult");
  visit.template operator()<Deployed>("Deployed");
  visit.template operator()<DeployListResult>("DeployListResult");
  visit.template operator()<DeployRemoveParams>("DeployRemoveParams");
  visit.template operator()<ModuleReloadParams>("ModuleReloadParams");
  visit.template operator()<KeptModule>("KeptModule");
  visit.template operator()<ExecutorState>("ExecutorState");
  visit.template operator()<ModuleReloadResult>("ModuleReloadResult");
  visit.template operator()<StandaloneParams>("StandaloneParams");
  visit.template operator()<StandaloneResult>("StandaloneResult");
  visit.template operator()<BatchSubmitParams>("BatchSubmitParams");
  visit.template operator()<BatchInfo>("BatchInfo");
  visit.template operator()<BatchParams>("BatchParams");
  visit.template operator()<BatchListResult>("BatchListResult");
  visit.template operator()<BatchLogParams>("BatchLogParams");
  visit.template operator()<BatchLogPage>("BatchLogPage");
  visit.template operator()<BatchLines>("BatchLines");
  visit.template operator()<Severity>("Severity");
  visit.template operator()<NoticeAction>("NoticeAction");
  visit.template operator()<Notice>("Notice");
  visit.template operator()<Empty>("Empty");
}

}  // namespace livyd::protocol
