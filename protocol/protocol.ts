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
  /** Why it cannot be used: a sentence for the user. */
  problem?: string;
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
  /** The id or the name of a session on the profile's server. */
  session: string;
}

export interface SessionListResult {
  sessions: ListedSession[];
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
  runs: RunInfo[];
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

// ---------------------------------------------------------------- notices

export type Severity = "info" | "warning" | "error";

/** What the user may want to do about a notice; the client offers a button for each. */
export type NoticeAction = "showLog" | "startSession" | "openSettings" | "runAgain";

/** Something that the user should know and did not ask for. */
export interface Notice {
  severity: Severity;
  text: string;
  profile?: string;
  actions: NoticeAction[];
}

export interface Empty {}

// ---------------------------------------------------------------- requests

export const initialize = new RequestType<InitializeParams, InitializeResult, Failure>(
  "initialize",
);
export const configure = new RequestType<Configuration, ConfigureResult, Failure>("configure");

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
/** Deletes any session of the server by id or name. */
export const sessionKill = new RequestType<SessionAttachParams, Empty, Failure>("session/kill");
export const sessionList = new RequestType<ProfileParams, SessionListResult, Failure>(
  "session/list",
);

/** Answers as soon as the run is accepted; the rest arrives as notifications. */
export const runStart = new RequestType<RunStartParams, RunInfo, Failure>("run/start");
export const runStop = new RequestType<RunParams, RunStopResult, Failure>("run/stop");
export const runAttach = new RequestType<RunAttachParams, RunInfo, Failure>("run/attach");
export const runList = new RequestType<Empty, RunListResult, Failure>("run/list");

// ---------------------------------------------------------------- notifications, daemon to editor

export const sessionChanged = new NotificationType<SessionInfo>("session/changed");
export const runChanged = new NotificationType<RunInfo>("run/changed");
export const runOutput = new NotificationType<RunOutput>("run/output");
/** The last notification of a run: the same as a `run/changed` with its result. */
export const runFinished = new NotificationType<RunInfo>("run/finished");
export const notice = new NotificationType<Notice>("notice");
