// The daemon as the features see it: typed requests, events, and the last word on each run and
// session, which is all that the window draws from.

import { mkdir } from "node:fs/promises";
import * as vscode from "vscode";
import {
  type MessageConnection,
  type RequestParam,
  type RequestType,
  ResponseError,
} from "vscode-jsonrpc/node";
import { protocolHash } from "../../protocol/hash.ts";
import * as protocol from "../../protocol/protocol.ts";
import { DaemonDown, Supervisor } from "./process.ts";
import { logLine } from "./renderLog.ts";
import type { Settings } from "./settings.ts";

/** What went wrong, as a sentence for the user. */
export class Failed extends Error {
  readonly kind: protocol.FailureKind | "daemonDown" | "daemonSetting";
  readonly detail: string | undefined;

  constructor(kind: Failed["kind"], message: string, detail?: string) {
    super(message);
    this.name = "Failed";
    this.kind = kind;
    this.detail = detail;
  }
}

type SessionRequest =
  | typeof protocol.sessionGet
  | typeof protocol.sessionStart
  | typeof protocol.sessionStop;

export class Daemon implements vscode.Disposable {
  readonly #extension: vscode.ExtensionContext;
  readonly #settings: Settings;
  readonly #log: vscode.LogOutputChannel;
  readonly #supervisor: Supervisor;
  readonly #sessionChanged = new vscode.EventEmitter<protocol.SessionInfo>();
  readonly #runChanged = new vscode.EventEmitter<protocol.RunInfo>();
  readonly #runOutput = new vscode.EventEmitter<protocol.RunOutput>();
  readonly #runFinished = new vscode.EventEmitter<protocol.RunInfo>();
  readonly #notice = new vscode.EventEmitter<protocol.Notice>();
  readonly #profilesChanged = new vscode.EventEmitter<void>();
  readonly #restarted = new vscode.EventEmitter<void>();
  readonly #down = new vscode.EventEmitter<Failed>();
  readonly #sessions = new Map<string, protocol.SessionInfo>();
  readonly #unfinished = new Map<string, protocol.RunInfo>();
  #profiles: protocol.ProfileSummary[] = [];
  /** The configuration that the running daemon has, as JSON. */
  #configured = "";

  readonly onSessionChanged = this.#sessionChanged.event;
  readonly onRunChanged = this.#runChanged.event;
  readonly onRunOutput = this.#runOutput.event;
  /** The last event of a run. */
  readonly onRunFinished = this.#runFinished.event;
  readonly onNotice = this.#notice.event;
  readonly onProfilesChanged = this.#profilesChanged.event;
  /** It stopped by itself and is up again; what it was doing has to be looked for. */
  readonly onRestarted = this.#restarted.event;
  /** It stopped by itself and stays down. */
  readonly onDown = this.#down.event;

  constructor(
    extension: vscode.ExtensionContext,
    settings: Settings,
    log: vscode.LogOutputChannel,
  ) {
    this.#extension = extension;
    this.#settings = settings;
    this.#log = log;
    this.#supervisor = new Supervisor({
      program: () => this.#program(),
      connect: (connection) => this.#listen(connection),
      initialize: (connection) => this.#initialize(connection),
      log: (line) => this.#write(line),
      restarted: () => this.#restarted.fire(),
      down: (reason) => this.#down.fire(failedFrom(reason)),
      now: () => Date.now(),
    });
    extension.subscriptions.push(settings.onDidChange(() => void this.#reconfigure()));
  }

  dispose(): void {
    for (const emitter of [
      this.#sessionChanged,
      this.#runChanged,
      this.#runOutput,
      this.#runFinished,
      this.#notice,
      this.#profilesChanged,
      this.#restarted,
      this.#down,
    ]) {
      emitter.dispose();
    }
  }

  /** Ends the daemon, which lets what runs on servers run on. */
  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  /** It is up or coming up. */
  get up(): boolean {
    return this.#supervisor.wanted;
  }

  /** A line in Livy Log about something that nobody asked for. */
  warn(text: string): void {
    this.#log.warn(text);
  }

  /** The folder of the store: what survives a reload of the window. */
  get stateFolder(): vscode.Uri {
    return this.#extension.storageUri ?? this.#extension.globalStorageUri;
  }

  /** What is known of a profile; what the settings say of it before the daemon was asked. */
  profile(name: string): protocol.ProfileSummary {
    const known = this.#profiles.find((profile) => profile.name === name);
    if (known) return known;
    const written = this.#settings.profiles[name];
    const confirm =
      typeof written === "object" &&
      written !== null &&
      "confirm" in written &&
      written.confirm === true;
    return { name, local: false, confirm, unverified: false };
  }

  /** All profiles, as the daemon reads them. Starts it. Throws Failed. */
  async profiles(): Promise<protocol.ProfileSummary[]> {
    await this.#connection();
    return this.#profiles;
  }

  /** The last word on a profile's session. */
  session(profile: string): protocol.SessionInfo | undefined {
    return this.#sessions.get(profile);
  }

  /** Runs that have not ended, oldest first. */
  get unfinishedRuns(): protocol.RunInfo[] {
    return [...this.#unfinished.values()].sort((one, other) => one.accepted - other.accepted);
  }

  /** Throws Failed. */
  async startRun(params: protocol.RunStartParams): Promise<protocol.RunInfo> {
    return this.#took(await this.#request(protocol.runStart, params));
  }

  async stopRun(run: string): Promise<protocol.RunStopResult> {
    return this.#request(protocol.runStop, { run });
  }

  async attachRun(run: string, from: number): Promise<protocol.RunInfo> {
    return this.#took(await this.#request(protocol.runAttach, { run, from }));
  }

  async listRuns(): Promise<protocol.RunInfo[]> {
    const { runs } = await this.#request(protocol.runList, {});
    return [...runs].sort((one, other) => one.accepted - other.accepted);
  }

  /** A run that the restarted daemon does not know any more. */
  forgetRun(run: string): void {
    this.#unfinished.delete(run);
  }

  /** Gets, starts or stops the session of a profile. Throws Failed. */
  async askSession(
    request: SessionRequest,
    profile: string,
    token?: vscode.CancellationToken,
  ): Promise<protocol.SessionInfo> {
    const info = await this.#request(request, { profile }, token);
    this.#sessions.set(info.profile, info);
    this.#sessionChanged.fire(info);
    return info;
  }

  /** What a server lists; also the way to look whether a profile works. */
  async listSessions(
    profile: string,
    token?: vscode.CancellationToken,
  ): Promise<protocol.ListedSession[]> {
    const { sessions } = await this.#request(protocol.sessionList, { profile }, token);
    return sessions;
  }

  async #request<P, R>(
    type: RequestType<P, R, protocol.Failure>,
    params: RequestParam<P>,
    token?: vscode.CancellationToken,
  ): Promise<R> {
    const connection = await this.#connection();
    try {
      return await connection.sendRequest(type, params, token);
    } catch (error) {
      throw failedFrom(error);
    }
  }

  /** A connection to a daemon that knows the present settings. */
  async #connection(): Promise<MessageConnection> {
    try {
      const connection = await this.#supervisor.connection();
      await this.#configure(connection);
      return connection;
    } catch (error) {
      throw failedFrom(error);
    }
  }

  async #reconfigure(): Promise<void> {
    if (!this.#supervisor.wanted) return;
    try {
      await this.#connection();
    } catch (error) {
      this.#log.warn(`The settings did not reach livyd: ${failedFrom(error).message}`);
    }
  }

  async #configure(connection: MessageConnection): Promise<void> {
    const { configuration } = this.#settings;
    const written = JSON.stringify(configuration);
    if (written === this.#configured) return;
    const { profiles } = await connection.sendRequest(protocol.configure, configuration);
    this.#configured = written;
    this.#learn(profiles);
  }

  async #initialize(connection: MessageConnection): Promise<void> {
    await mkdir(this.stateFolder.fsPath, { recursive: true });
    const { configuration } = this.#settings;
    const result = await connection.sendRequest(protocol.initialize, {
      protocolHash,
      client: `vscode ${vscode.version}`,
      stateFolder: this.stateFolder.fsPath,
      configuration,
    });
    this.#configured = JSON.stringify(configuration);
    this.#log.info(`livyd ${result.version} is up (process ${result.process}).`);
    this.#learn(result.profiles);
  }

  #learn(profiles: protocol.ProfileSummary[]): void {
    this.#profiles = profiles;
    this.#profilesChanged.fire();
  }

  #listen(connection: MessageConnection): void {
    connection.onNotification(protocol.sessionChanged, (info) => {
      this.#sessions.set(info.profile, info);
      this.#sessionChanged.fire(info);
    });
    connection.onNotification(protocol.runChanged, (info) => void this.#took(info));
    connection.onNotification(protocol.runOutput, (piece) => this.#runOutput.fire(piece));
    connection.onNotification(protocol.runFinished, (info) => {
      this.#unfinished.delete(info.run);
      this.#runFinished.fire(info);
    });
    connection.onNotification(protocol.notice, (notice) => this.#notice.fire(notice));
  }

  #took(info: protocol.RunInfo): protocol.RunInfo {
    if (info.state === "finished") this.#unfinished.delete(info.run);
    else this.#unfinished.set(info.run, info);
    this.#runChanged.fire(info);
    return info;
  }

  #program() {
    const path = this.#settings.daemonPath;
    const own = vscode.Uri.joinPath(this.#extension.extensionUri, "bin", "livyd").fsPath;
    return {
      path: path === "" ? own : path,
      fromSetting: path !== "",
      environment: { LIVYD_LOG: logLevelNames[this.#log.logLevel] ?? "info" },
      folder: this.#settings.configuration.workspaceFolder,
    };
  }

  #write(line: string): void {
    const { level, text } = logLine(line);
    this.#log[level](text);
  }
}

/** By vscode.LogLevel, from Off to Error. */
const logLevelNames = ["off", "trace", "debug", "info", "warn", "error"];

/** Whatever was thrown, as a sentence for the user and a kind to choose buttons by. */
export function failedFrom(error: unknown): Failed {
  if (error instanceof Failed) return error;
  if (error instanceof DaemonDown) {
    return new Failed(error.fromSetting ? "daemonSetting" : "daemonDown", error.message);
  }
  if (error instanceof ResponseError && isFailure(error.data)) {
    return new Failed(error.data.kind, error.message, error.data.detail);
  }
  const text = error instanceof Error ? error.message : String(error);
  // The rest is said by the supervisor's own sentence, which follows when the restart is done.
  if (/disposed|closed|destroyed/i.test(text)) {
    return new Failed("daemonDown", "livyd stopped before it could answer. Try again.", text);
  }
  return new Failed("internal", `livyd could not do this: ${text}`);
}

function isFailure(value: unknown): value is protocol.Failure {
  return typeof value === "object" && value !== null && "kind" in value;
}
