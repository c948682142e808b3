// Every message between the editor and the daemon. The extension uses this file as it is;
// `scripts/protocol.mjs` prints `protocol.hpp` from it. JSON-RPC 2.0 with Content-Length framing on
// the daemon's standard input and output. The daemon ignores fields it does not know and rejects
// missing ones and unknown words of a union with a message that names the path.
//
// The subset that is understood: interfaces, unions of string literals, arrays, `Record<string, T>`,
// optional fields, `string`, `boolean`, `number`, `integer`, `json`, and constants made with
// `new RequestType<Params, Result, Failure>(method)` and `new NotificationType<Params>(method)`.

import { NotificationType, RequestType } from "vscode-jsonrpc";

/** A whole number; `std::int64_t` in the daemon. Times are milliseconds since 1970. */
export type integer = number;
/** Any JSON value, passed through unread. */
export type json = unknown;

// ---------------------------------------------------------------- failures

/** Why a request failed; `failure_kind` in the daemon. */
export type FailureKind =
  | "cancelled"
  | "timeout"
  | "nameNotFound"
  | "connectionRefused"
  | "connectionLost"
  | "tls"
  | "notHttp"
  | "notLivy"
  | "unauthorized"
  | "forbidden"
  | "notFound"
  | "rejected"
  | "serverError"
  | "sessionFailed"
  | "sessionLost"
  | "sessionRemoved"
  | "tooLarge"
  | "invalidInput"
  | "unsupported"
  | "io"
  | "internal";

/** The `data` of an error reply. Its `message` is a sentence for the user. */
export interface Failure {
  kind: FailureKind;
  /** For "Details" and the log. Never a secret. */
  detail?: string;
}

// ---------------------------------------------------------------- start

export interface InitializeParams {
  /** The hash of this file as the client was built with it. Another hash is refused. */
  protocolHash: string;
  /** Who asks, for the log: "vscode 1.139.1". */
  client: string;
  /** Absolute path of the folder in which the store and the runs' outputs are kept. */
  stateFolder: string;
  configuration: Configuration;
}

export interface InitializeResult {
  /** The daemon's version. */
  version: string;
  protocolHash: string;
  process: integer;
  profiles: ProfileSummary[];
}

/** What the user has set. Sent with `initialize` and again after each change. */
export interface Configuration {
  /** False in an untrusted workspace: then only the built-in profile `local` is used. */
  trusted: boolean;
  /** The profiles as the user wrote them; validated by the daemon (docs/profiles.md). */
  profiles: Record<string, json>;
  /** Absolute path of the workspace's folder, if there is one. */
  workspaceFolder?: string;
  /** How many bytes of a run's output are sent as events before the rest stays in its file. */
  previewBytes?: integer;
  /** A run that fails takes those that wait behind it out of the queue. */
  stopOnError?: boolean;
  /** Absolute path of a file to which the output of each run is appended when it ends. */
  outputFile?: string;
  /** How many bytes of outputs are kept as local history; absent: 2 GB. */
  historyBytes?: integer;
  /** Log every HTTP exchange: method, path, status, milliseconds, sizes. */
  trace?: boolean;
}

export interface ProfileSummary {
  name: string;
  /** The base URL, without credentials; absent for the embedded endpoint. */
  url?: string;
  /** True for the embedded endpoint on this machine. */
  local: boolean;
  /** Ask before anything is created, run or killed. */
  confirm: boolean;
  /** TLS certificates of this profile are not verified. */
  unverified: boolean;
  /** The secrets that it may ask for. */
  secrets: SecretKind[];
  /** Why it cannot be used: a sentence for the user. */
  problem?: string;
}

/** What a profile wants to know and nobody writes into settings. */
export type SecretKind = "password" | "token" | "keyPassphrase" | "proxyPassword";

/** Somebody waits for a secret, or the last one was refused. Answered with `secret/give`. */
export interface SecretNeeded {
  profile: string;
  secret: SecretKind;
  /** "Password of alice at gw.example.com". */
  prompt: string;
  /** The value that was given last was not accepted: ask the user, not the memory. */
  refused: boolean;
}

export interface SecretGiveParams {
  profile: string;
  secret: SecretKind;
  /** Absent: the user does not want to give it; what waits for it fails. */
  value?: string;
}

export type CredentialsState =
  /** There is nothing to watch, or it is good. */
  | "ok"
  /** It ends within ten minutes. */
  | "expiring"
  | "expired"
  | "missing";

/** The ticket of a profile with Kerberos. */
export interface Credentials {
  profile: string;
  state: CredentialsState;
  principal?: string;
  expires?: integer;
  /** What happened and what to do. */
  detail?: string;
}

export interface DoctorParams {
  profile: string;
  /** Where it is written, for the report: "the workspace's settings". */
  origin?: string;
}

export type CheckState = "ok" | "warning" | "failed" | "notTried";

/** One link of the chain from here to the server. */
export interface Check {
  /**
   * "Profile", "Name look-up", "Proxy", "TCP", "TLS", "Authentication", "Livy", "WebHDFS"; of the
   * embedded endpoint "Profile", "Endpoint", "Livy".
   */
  name: string;
  state: CheckState;
  /** What was found: one line. */
  found: string;
  /** What to do, where something is wrong. */
  advice?: string;
}

export interface DoctorResult {
  checks: Check[];
  /** The whole report as text that can be pasted into a ticket; no secrets. */
  report: string;
}

export interface ProfileImportParams {
  /** Absolute path of a sparkmagic configuration or of a console script's settings. */
  file: string;
}

export interface ProfileImportResult {
  /** To be written into `livyd.profiles`. */
  profiles: Record<string, json>;
  /** What of the file has no place here, one sentence each. */
  remarks: string[];
}

export interface ConfigureResult {
  profiles: ProfileSummary[];
}

// ---------------------------------------------------------------- sessions

/** What the user sees of a profile's session. */
export type SessionState =
  /** There is none; the next run starts one. */
  | "none"
  | "starting"
  | "idle"
  | "busy"
  /** The server does not answer; the session is kept and asked for again. */
  | "unreachable"
  /** It is gone (the server restarted or reaped it); the next run starts a new one. */
  | "lost"
  /** It failed; the reason is in `detail`. The next run starts a new one. */
  | "dead"
  /** The user removed it; nothing starts until the user starts one. */
  | "removed";

/** The small module inside a PySpark session that makes output live and Stop real. */
export type AgentState =
  /** It works. */
  | "installed"
  /** The profile says `"agent": false`. */
  | "off"
  /** Somebody else created the session: it is installed when the user says so. */
  | "ask"
  /** It cannot be used here (the reason is in `agentDetail`); Livy's plain way is. */
  | "unavailable";

export interface SessionInfo {
  profile: string;
  state: SessionState;
  /** The unique name it was created under. */
  name?: string;
  /** Livy's id: digits, or a GUID with some servers. */
  id?: string;
  kind?: string;
  applicationId?: string;
  owner?: string;
  proxyUser?: string;
  sparkUiUrl?: string;
  driverLogUrl?: string;
  /** One sentence: what it waits for, or why it failed. */
  detail?: string;
  /** When this state began. */
  since: integer;
  /** Livy's version, or "embedded". */
  serverVersion?: string;
  /** Absent while it is not known. */
  agent?: AgentState;
  /** Why the agent is unavailable, as one sentence. */
  agentDetail?: string;
  /** When the server ends the session unless it is used before; absent: not known, or in use. */
  idleAt?: integer;
}

/** One row of the server's list. */
export interface ListedSession {
  id: string;
  name?: string;
  state: string;
  kind?: string;
  applicationId?: string;
  owner?: string;
  proxyUser?: string;
  driverMemory?: string;
  executorMemory?: string;
  sparkUiUrl?: string;
  driverLogUrl?: string;
  /** Created by livyd for this user. */
  mine: boolean;
  /** The active session of this profile and workspace. */
  active: boolean;
}

export interface ProfileParams {
  profile: string;
}

export interface SessionAttachParams {
  profile: string;
  /** The id or the name of a session; absent: the first one that can be used, own ones first. */
  session?: string;
}

export interface SessionParams {
  profile: string;
  /** The id or the name of a session on the profile's server; absent: the active one. */
  session?: string;
}

export interface SessionListResult {
  /** This window's first, then the user's own, then others'. */
  sessions: ListedSession[];
}

/** One line of a session's details. */
export interface SessionFact {
  name: string;
  value: string;
  /** Present when it can be opened in a browser. */
  url?: string;
}

export interface SessionDetails {
  session: ListedSession;
  facts: SessionFact[];
}

export interface SessionKillAllParams {
  profile: string;
  /** Those of other users too. */
  others: boolean;
}

export interface SessionKillAllResult {
  killed: ListedSession[];
  /** One sentence for each that could not be killed. */
  problems: string[];
}

export interface SessionUseAgentParams {
  profile: string;
  use: boolean;
}

/** A statement of the session, whoever sent it. */
export interface ListedStatement {
  statement: integer;
  /** Livy's word: waiting, running, available, cancelling, cancelled. */
  state: string;
  /** At most the first 4 KiB. */
  code: string;
  progress: number;
  /** Milliseconds since 1970 on the driver's clock; 0 = unset. */
  started: integer;
  completed: integer;
  /** "ok", "error", or absent while there is no output. */
  status?: string;
  /** The run of this workspace that sent it. */
  run?: string;
}

export interface StatementListResult {
  /** The newest first; at most 100. */
  statements: ListedStatement[];
  /** Said when older statements are no longer on the server or were not asked for. */
  detail?: string;
}

export interface StatementParams {
  profile: string;
  session?: string;
  statement: integer;
}

// ---------------------------------------------------------------- the driver's log

export interface LogReadParams {
  profile: string;
  session?: string;
  /** The first line wanted; absent: the last `size` lines. */
  from?: integer;
  size: integer;
}

export interface LogPage {
  session: string;
  from: integer;
  /** How many lines the server has now. */
  total: integer;
  lines: string[];
}

/** The driver's own streams come from YARN, where the driver runs in the cluster. */
export type LogSection = "stdout" | "stderr" | "yarn" | "driverStdout" | "driverStderr";

/** New lines of a followed log: each line that was ever visible once, in order per section. */
export interface LogLines {
  profile: string;
  session: string;
  section: LogSection;
  lines: string[];
  /** Present when lines may be missing before these: about how many, 0 = nobody knows. */
  gap?: integer;
  /** A sentence of livyd's own, such as where the driver's log is when it cannot be read. */
  notice?: string;
  /** Nothing follows: the session is gone. */
  ended?: boolean;
}

// ---------------------------------------------------------------- runs

export type Language = "python" | "scala" | "sql" | "r";

/** Where the code stands in the editor. Lines and columns count from 1. */
export interface SourceLocation {
  /** The file's absolute path, or the title of a document that was never saved. */
  file: string;
  firstLine: integer;
  lastLine: integer;
  /** How many columns of indentation were taken from each line. */
  indentation?: integer;
  /** The whole document, not a part of it. */
  whole?: boolean;
}

/** Present when a whole file is run as a program. */
export interface ProgramArguments {
  /** `sys.argv[1:]`. */
  arguments: string[];
}

export interface RunStartParams {
  /** A UUID chosen by the caller. The same id again returns the same run. */
  run: string;
  profile: string;
  language: Language;
  code: string;
  source?: SourceLocation;
  /** Run as `python file.py arguments` would: `__name__`, `__file__` and `sys.argv` are set. */
  program?: ProgramArguments;
}

export type RunState =
  /** Accepted by a livyd that ended before it was sent: it waits for `run/release`. */
  | "held"
  /** Behind another run of this window. */
  | "queued"
  /** Waiting for a session. */
  | "starting"
  /** On its way or on the server behind other statements. */
  | "sent"
  | "running"
  | "stopping"
  | "finished";

export type RunOutcome =
  | "ok"
  /** The user's code raised an exception. */
  | "error"
  | "stopped"
  /** It never ran: the session or the server refused it. */
  | "failed"
  /** It was sent, and what became of it cannot be found out. */
  | "unknown";

export interface RunInfo {
  run: string;
  profile: string;
  language: Language;
  state: RunState;
  source?: SourceLocation;
  /** 0 to 1, as the server knows it. */
  progress?: number;
  /** Livy's statement id. */
  statement?: integer;
  /** Run as a program. */
  program?: boolean;
  /** Sent by an earlier livyd and found again by this one. */
  adopted?: boolean;
  /** When `run/start` was accepted. */
  accepted: integer;
  /** What it waits for, as one sentence. */
  detail?: string;
  /** Bytes of output so far. */
  outputBytes: integer;
  /** Set when the state is "finished". */
  result?: RunResult;
}

/** A piece of output, at most 64 KiB. Pieces join without gap or overlap by their offsets. */
export interface RunOutput {
  run: string;
  /** Bytes of UTF-8 before this piece. */
  offset: integer;
  text: string;
}

export interface RunError {
  /** The exception's name: "ZeroDivisionError". */
  name: string;
  message: string;
  /** Lines without line ends; files and line numbers are those of the editor where known. */
  traceback: string[];
  /** The line of the source on which it was raised, where known. */
  line?: integer;
}

/** A part of the result that is not plain text. */
export interface ResultPart {
  mime: string;
  bytes: integer;
  /** The file that holds it: text, JSON, or decoded binary. */
  file: string;
}

export interface RunResult {
  outcome: RunOutcome;
  /** One sentence or phrase: "ok", "ZeroDivisionError: division by zero", why it failed. */
  message: string;
  /** From acceptance by the server to the end, as seen here. */
  milliseconds: integer;
  /** Why it failed, where the outcome is "failed". */
  failure?: FailureKind;
  error?: RunError;
  parts: ResultPart[];
  /** The whole text output. */
  outputBytes: integer;
  /** How much of it was sent as events; the rest is in `outputFile`. */
  sentBytes: integer;
  outputFile?: string;
}

export interface RunParams {
  run: string;
}

export interface RunAttachParams {
  run: string;
  /** Output is sent again from this offset, then what is to come. */
  from: integer;
}

export interface RunListResult {
  /** In order of acceptance; those of earlier livyds too, as far as their outputs are kept. */
  runs: RunInfo[];
}

export interface RunCodeResult {
  code: string;
}

export interface HistorySearchParams {
  /** Looked for in outputs and code, whatever its case. */
  text: string;
  /** At most so many matches. */
  limit: integer;
}

export interface HistoryMatch {
  run: string;
  /** The line in which it stands, at most 400 characters. */
  line: string;
  /** True: in the code; false: in the output. */
  code: boolean;
}

export interface HistorySearchResult {
  matches: HistoryMatch[];
}

/** Whether somebody looks: without it, livyd asks the server less often. */
export interface WatchParams {
  looking: boolean;
}

export interface StateResult {
  /** What livyd believes, as text to read and to copy; no secrets. */
  text: string;
}

/** What a Stop really did. */
export type StopTruth =
  | "stopped"
  /** Livy says cancelled, the driver is still busy. */
  | "busy"
  | "alreadyFinished"
  | "withdrawn"
  | "unknown";

export interface RunStopResult {
  truth: StopTruth;
  /** A sentence for the user. */
  message: string;
}

// ---------------------------------------------------------------- the cluster's files (WebHDFS)

export interface HdfsEntry {
  /** Within its folder; "" for the path that was asked for. */
  name: string;
  folder: boolean;
  bytes: integer;
  modified: integer;
  owner: string;
  group: string;
  /** Octal: "755". */
  permission: string;
}

export interface HdfsParams {
  profile: string;
  /** Absolute, or below the user's home folder; "" is that folder. Not encoded. */
  path: string;
}

export interface HdfsStatusResult {
  /** The absolute path. */
  path: string;
  entry: HdfsEntry;
}

export interface HdfsListResult {
  /** The folder's absolute path. */
  path: string;
  entries: HdfsEntry[];
  /** Said when the folder has more entries than are listed. */
  detail?: string;
}

export interface HdfsMoveParams {
  profile: string;
  from: string;
  to: string;
  overwrite: boolean;
}

export interface HdfsRemoveParams {
  profile: string;
  path: string;
  /** A folder with all that is in it. */
  recursive: boolean;
}

export interface HdfsTransferParams {
  profile: string;
  path: string;
  /** Absolute path on this machine. */
  file: string;
  overwrite: boolean;
  /** Names its `transfer/progress`; absent: none is sent. */
  transfer?: string;
}

/** At most ten times a second. */
export interface TransferProgress {
  transfer: string;
  bytes: integer;
  total?: integer;
  /** What is done: "Sending modules". */
  text?: string;
}

// ---------------------------------------------------------------- deployment

/** The field of Livy's payload that names it. */
export type BundleKind = "pyFiles" | "jars" | "files" | "archives";

/** How bundles travel. */
export type Carrier =
  | "webhdfs"
  /** Livy's own upload into a session; 100 MiB at most. */
  | "livy"
  /** As text, through statements of the session. */
  | "session";

export interface DeployParams {
  profile: string;
  /** The document that the user looks at: the search for `scripts/` and `modules/` begins there. */
  file?: string;
  /** Names its `transfer/progress`; absent: none is sent. */
  transfer?: string;
}

export type BundleState =
  /** What is at the target is what is here. */
  | "current"
  /** An older one is at the target. */
  | "changed"
  | "absent";

export interface Bundle {
  name: string;
  kind: BundleKind;
  /** Where it comes from: absolute path of a folder or file. */
  source: string;
  files: integer;
  bytes: integer;
  /** Over names and contents, 64 hexadecimal digits. */
  hash: string;
  state: BundleState;
  /** The path at the target, or the name in the session. */
  target: string;
}

export interface DeployResult {
  carrier: Carrier;
  /** Why this one, as a sentence. */
  reason: string;
  bundles: Bundle[];
  /** To be sent, or what was sent. */
  bytes: integer;
  /** A sentence each: what was left out and why. */
  remarks: string[];
}

/** Something that livyd has put there. */
export interface Deployed {
  bundle: string;
  kind: BundleKind;
  source: string;
  hash: string;
  target: string;
  carrier: Carrier;
  bytes: integer;
  /** When it was sent. */
  time: integer;
  /** Names of the sessions that were given it. */
  sessions: string[];
  /** What is here now differs from it, or is gone. */
  stale: boolean;
}

export interface DeployListResult {
  /** The newest first. */
  deployed: Deployed[];
}

export interface DeployRemoveParams {
  profile: string;
  target: string;
}

export interface ModuleReloadParams {
  profile: string;
  /** The document that the user looks at; also the module, where `modules` is empty and `push`. */
  file?: string;
  /** Dotted names; empty: all that have changed since the session got them. */
  modules: string[];
  /** Send them also when nothing has changed, and when they were never deployed. */
  push: boolean;
}

export interface KeptModule {
  module: string;
  /** Why the old one stays: "SyntaxError: invalid syntax (etl.py, line 3)". */
  reason: string;
}

/** What Spark's executors have of it. */
export type ExecutorState =
  /** New Python workers will import the new modules. */
  | "fresh"
  /** The old modules, until the session is restarted; the reason is in `detail`. */
  | "stale"
  /** There is no Spark in the session, or nothing was sent. */
  | "none";

export interface ModuleReloadResult {
  /** How many files went out, and their bytes. */
  files: integer;
  bytes: integer;
  /** In the order in which they were loaded. */
  reloaded: string[];
  kept: KeptModule[];
  executors: ExecutorState;
  /** What happened, as a sentence. */
  detail: string;
}

export interface StandaloneParams {
  profile: string;
  /** The script that it runs; absent: it only carries the packages. */
  file?: string;
  /** `sys.argv[1:]` unless it is given others. */
  arguments: string[];
  /** Absolute path of the file to be written. */
  output: string;
}

export interface StandaloneResult {
  output: string;
  bytes: integer;
  /** Of the packages inside. */
  files: integer;
  hash: string;
  remarks: string[];
}

// ---------------------------------------------------------------- batches

export interface BatchSubmitParams {
  profile: string;
  /** Absolute path on this machine, or a URI of the cluster ("hdfs:///jobs/etl.py"). */
  file: string;
  arguments: string[];
  /** Packed with the packages into one file first. */
  standalone: boolean;
  /** Names its `transfer/progress`; absent: none is sent. */
  transfer?: string;
}

export interface BatchInfo {
  profile: string;
  batch: string;
  /** Livy's word: starting, running, success, dead, killed, … */
  state: string;
  /** Nothing more will happen. */
  finished: boolean;
  name?: string;
  applicationId?: string;
  owner?: string;
  proxyUser?: string;
  sparkUiUrl?: string;
  driverLogUrl?: string;
  /** Submitted by livyd for this user. */
  mine: boolean;
  /** One sentence: what it waits for, or why it failed. */
  detail?: string;
}

export interface BatchParams {
  profile: string;
  batch: string;
}

export interface BatchListResult {
  /** The user's own first, the newest first. */
  batches: BatchInfo[];
}

export interface BatchLogParams {
  profile: string;
  batch: string;
  /** The first line wanted; absent: the last `size` lines. */
  from?: integer;
  size: integer;
}

export interface BatchLogPage {
  batch: string;
  from: integer;
  /** How many lines the server has now. */
  total: integer;
  lines: string[];
}

/** New lines of a followed batch. */
export interface BatchLines {
  profile: string;
  batch: string;
  section: LogSection;
  lines: string[];
  /** Present when lines may be missing before these: about how many, 0 = nobody knows. */
  gap?: integer;
  /** Nothing follows. */
  ended?: boolean;
}

// ---------------------------------------------------------------- notices

export type Severity = "info" | "warning" | "error";

/** What the user may want to do about a notice; the client offers a button for each. */
export type NoticeAction =
  | "showLog"
  | "startSession"
  | "restartSession"
  | "openSettings"
  | "runAgain"
  | "lookAgain"
  | "keepSession"
  | "useAgent"
  | "openTerminal"
  | "diagnose";

/** Something that the user should know and did not ask for. */
export interface Notice {
  severity: Severity;
  text: string;
  profile?: string;
  /** The run it is about. */
  run?: string;
  actions: NoticeAction[];
}

export interface Empty {}

// ---------------------------------------------------------------- requests

export const initialize = new RequestType<InitializeParams, InitializeResult, Failure>(
  "initialize",
);
export const configure = new RequestType<Configuration, ConfigureResult, Failure>("configure");

export const secretGive = new RequestType<SecretGiveParams, Empty, Failure>("secret/give");
/** Forgets every secret of a profile. */
export const secretForget = new RequestType<ProfileParams, Empty, Failure>("secret/forget");
/** Tries each link on the way to the server; stops at the first broken one. */
export const doctorRun = new RequestType<DoctorParams, DoctorResult, Failure>("doctor/run");
export const profileImport = new RequestType<ProfileImportParams, ProfileImportResult, Failure>(
  "profile/import",
);

/** Answers when the session is idle; cancelling deletes what was begun. */
export const sessionStart = new RequestType<ProfileParams, SessionInfo, Failure>("session/start");
/** Deletes the session on the server; nothing restarts it until the user does. */
export const sessionStop = new RequestType<ProfileParams, SessionInfo, Failure>("session/stop");
/** What is known, after looking whether a stored session is still there. */
export const sessionGet = new RequestType<ProfileParams, SessionInfo, Failure>("session/get");
/** Makes an existing session the active one. */
export const sessionAttach = new RequestType<SessionAttachParams, SessionInfo, Failure>(
  "session/attach",
);
/** Ends the active session, if there is one, and starts a new one. */
export const sessionRestart = new RequestType<ProfileParams, SessionInfo, Failure>(
  "session/restart",
);
/** Deletes any session of the server by id or name. */
export const sessionKill = new RequestType<SessionParams, Empty, Failure>("session/kill");
/** Deletes every session of this user that livyd created, and others' when told so. */
export const sessionKillAll = new RequestType<SessionKillAllParams, SessionKillAllResult, Failure>(
  "session/killAll",
);
export const sessionDetails = new RequestType<SessionParams, SessionDetails, Failure>(
  "session/details",
);
/** Counts as use: the server's idle countdown starts again. */
export const sessionKeep = new RequestType<ProfileParams, SessionInfo, Failure>("session/keep");
/** The answer to the agent's state "ask". */
export const sessionUseAgent = new RequestType<SessionUseAgentParams, SessionInfo, Failure>(
  "session/useAgent",
);
export const sessionList = new RequestType<ProfileParams, SessionListResult, Failure>(
  "session/list",
);

/** The session's statements, read one by one. */
export const statementList = new RequestType<SessionParams, StatementListResult, Failure>(
  "statement/list",
);
export const statementCancel = new RequestType<StatementParams, Empty, Failure>("statement/cancel");

export const logRead = new RequestType<LogReadParams, LogPage, Failure>("log/read");
/** Answers when the first lines are on their way; the rest arrives as `log/lines`. */
export const logFollow = new RequestType<SessionParams, Empty, Failure>("log/follow");
export const logUnfollow = new RequestType<ProfileParams, Empty, Failure>("log/unfollow");

/** Answers as soon as the run is accepted; the rest arrives as notifications. */
export const runStart = new RequestType<RunStartParams, RunInfo, Failure>("run/start");
export const runStop = new RequestType<RunParams, RunStopResult, Failure>("run/stop");
export const runAttach = new RequestType<RunAttachParams, RunInfo, Failure>("run/attach");
export const runList = new RequestType<Empty, RunListResult, Failure>("run/list");
/** Sends a held run. */
export const runRelease = new RequestType<RunParams, RunInfo, Failure>("run/release");
/** Forgets a held or finished run and its output. */
export const runDiscard = new RequestType<RunParams, Empty, Failure>("run/discard");
/** Looks again for a run whose outcome is unknown. */
export const runLook = new RequestType<RunParams, RunInfo, Failure>("run/look");
export const runCode = new RequestType<RunParams, RunCodeResult, Failure>("run/code");

export const historySearch = new RequestType<HistorySearchParams, HistorySearchResult, Failure>(
  "history/search",
);
/** Forgets every finished run and its output. */
export const historyClear = new RequestType<Empty, Empty, Failure>("history/clear");

export const hdfsStatus = new RequestType<HdfsParams, HdfsStatusResult, Failure>("hdfs/status");
export const hdfsList = new RequestType<HdfsParams, HdfsListResult, Failure>("hdfs/list");
/** With its parents. */
export const hdfsMakeFolder = new RequestType<HdfsParams, HdfsStatusResult, Failure>(
  "hdfs/makeFolder",
);
export const hdfsMove = new RequestType<HdfsMoveParams, Empty, Failure>("hdfs/move");
export const hdfsRemove = new RequestType<HdfsRemoveParams, Empty, Failure>("hdfs/remove");
/** From this machine; nothing half-written is left when it fails or is cancelled. */
export const hdfsUpload = new RequestType<HdfsTransferParams, HdfsStatusResult, Failure>(
  "hdfs/upload",
);
/** To this machine; the same. */
export const hdfsDownload = new RequestType<HdfsTransferParams, HdfsStatusResult, Failure>(
  "hdfs/download",
);

/** What `deploy/run` would do now. */
export const deployPlan = new RequestType<DeployParams, DeployResult, Failure>("deploy/plan");
/** Sends what has changed. Where only a session can take it, the active one does. */
export const deployRun = new RequestType<DeployParams, DeployResult, Failure>("deploy/run");
export const deployList = new RequestType<DeployParams, DeployListResult, Failure>("deploy/list");
/** Removes it from its target, and forgets it. */
export const deployRemove = new RequestType<DeployRemoveParams, Empty, Failure>("deploy/remove");
/** A statement: it runs behind what the session executes. */
export const moduleReload = new RequestType<ModuleReloadParams, ModuleReloadResult, Failure>(
  "module/reload",
);
export const standaloneBuild = new RequestType<StandaloneParams, StandaloneResult, Failure>(
  "standalone/build",
);

export const batchSubmit = new RequestType<BatchSubmitParams, BatchInfo, Failure>("batch/submit");
export const batchList = new RequestType<ProfileParams, BatchListResult, Failure>("batch/list");
export const batchGet = new RequestType<BatchParams, BatchInfo, Failure>("batch/get");
export const batchKill = new RequestType<BatchParams, Empty, Failure>("batch/kill");
export const batchLog = new RequestType<BatchLogParams, BatchLogPage, Failure>("batch/log");
/** Answers at once; its log arrives as `batch/lines`, its states as `batch/changed`. */
export const batchFollow = new RequestType<BatchParams, Empty, Failure>("batch/follow");
export const batchUnfollow = new RequestType<BatchParams, Empty, Failure>("batch/unfollow");

export const stateShow = new RequestType<Empty, StateResult, Failure>("state/show");

export const watch = new RequestType<WatchParams, Empty, Failure>("watch");

// ---------------------------------------------------------------- notifications, daemon to editor

export const secretNeeded = new NotificationType<SecretNeeded>("secret/needed");
export const credentialsChanged = new NotificationType<Credentials>("credentials/changed");
export const sessionChanged = new NotificationType<SessionInfo>("session/changed");
export const runChanged = new NotificationType<RunInfo>("run/changed");
export const runOutput = new NotificationType<RunOutput>("run/output");
/** The last notification of a run: the same as a `run/changed` with its result. */
export const runFinished = new NotificationType<RunInfo>("run/finished");
export const logLines = new NotificationType<LogLines>("log/lines");
export const transferProgress = new NotificationType<TransferProgress>("transfer/progress");
/** Bundles were sent or removed, or what is here has changed since. */
export const deployChanged = new NotificationType<ProfileParams>("deploy/changed");
/** Of the batches that were submitted or are followed here. */
export const batchChanged = new NotificationType<BatchInfo>("batch/changed");
export const batchLines = new NotificationType<BatchLines>("batch/lines");
export const notice = new NotificationType<Notice>("notice");
