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
import { writtenProfile, writtenProfiles } from "./renderProfile.ts";
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

/** The requests that answer with what the session of a profile is then. */
type SessionRequest = RequestType<protocol.ProfileParams, protocol.SessionInfo, protocol.Failure>;

export class Daemon implements vscode.Disposable {
  readonly #extension: vscode.ExtensionContext;
  readonly #settings: Settings;
  readonly #log: vscode.LogOutputChannel;
  readonly #supervisor: Supervisor;
  readonly #sessionChanged = new vscode.EventEmitter<protocol.SessionInfo>();
  readonly #runChanged = new vscode.EventEmitter<protocol.RunInfo>();
  readonly #runOutput = new vscode.EventEmitter<protocol.RunOutput>();
  readonly #runFinished = new vscode.EventEmitter<protocol.RunInfo>();
  readonly #runEnded = new vscode.EventEmitter<protocol.RunInfo>();
  readonly #runsListed = new vscode.EventEmitter<protocol.RunInfo[]>();
  readonly #logLines = new vscode.EventEmitter<protocol.LogLines>();
  readonly #secretNeeded = new vscode.EventEmitter<protocol.SecretNeeded>();
  readonly #credentialsChanged = new vscode.EventEmitter<protocol.Credentials>();
  readonly #transferProgress = new vscode.EventEmitter<protocol.TransferProgress>();
  readonly #deployChanged = new vscode.EventEmitter<protocol.ProfileParams>();
  readonly #batchChanged = new vscode.EventEmitter<protocol.BatchInfo>();
  readonly #batchLines = new vscode.EventEmitter<protocol.BatchLines>();
  readonly #notice = new vscode.EventEmitter<protocol.Notice>();
  readonly #profilesChanged = new vscode.EventEmitter<void>();
  readonly #replaced = new vscode.EventEmitter<void>();
  readonly #restarted = new vscode.EventEmitter<void>();
  readonly #down = new vscode.EventEmitter<Failed>();
  readonly #sessions = new Map<string, protocol.SessionInfo>();
  readonly #credentials = new Map<string, protocol.Credentials>();
  readonly #unfinished = new Map<string, protocol.RunInfo>();
  #profiles: protocol.ProfileSummary[] = [];
  /** The configuration that the running daemon has, as JSON. */
  #configured = "";

  readonly onSessionChanged = this.#sessionChanged.event;
  readonly onRunChanged = this.#runChanged.event;
  readonly onRunOutput = this.#runOutput.event;
  /** The last event of a run; again whenever somebody attaches to one that has ended. */
  readonly onRunFinished = this.#runFinished.event;
  /** A run that was seen going on has ended: once, before its `onRunFinished`. */
  readonly onRunEnded = this.#runEnded.event;
  /** All runs that the daemon keeps, oldest first: after each look at them. */
  readonly onRunsListed = this.#runsListed.event;
  readonly onLogLines = this.#logLines.event;
  /** Something waits for a secret of the user's. */
  readonly onSecretNeeded = this.#secretNeeded.event;
  readonly onCredentialsChanged = this.#credentialsChanged.event;
  readonly onTransferProgress = this.#transferProgress.event;
  /** What is deployed, or what could be, is not what it was. */
  readonly onDeployChanged = this.#deployChanged.event;
  readonly onBatchChanged = this.#batchChanged.event;
  readonly onBatchLines = this.#batchLines.event;
  readonly onNotice = this.#notice.event;
  readonly onProfilesChanged = this.#profilesChanged.event;
  /** Another process is talked to from here on: what an earlier one asked is void. */
  readonly onReplaced = this.#replaced.event;
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
      this.#runEnded,
      this.#runsListed,
      this.#logLines,
      this.#secretNeeded,
      this.#credentialsChanged,
      this.#transferProgress,
      this.#deployChanged,
      this.#batchChanged,
      this.#batchLines,
      this.#notice,
      this.#profilesChanged,
      this.#replaced,
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

  /** A line in Livy Log. */
  note(text: string): void {
    this.#log.info(text);
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
    return writtenProfile(name, this.#settings.profiles);
  }

  /** What is known of all profiles without waiting for the daemon. */
  get knownProfiles(): protocol.ProfileSummary[] {
    return this.#profiles.length > 0 ? this.#profiles : writtenProfiles(this.#settings.profiles);
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

  /** The last word on a profile's ticket. */
  credentials(profile: string): protocol.Credentials | undefined {
    return this.#credentials.get(profile);
  }

  /** Runs that wait or go on, oldest first. Held ones wait for the user, not for a server. */
  get unfinishedRuns(): protocol.RunInfo[] {
    return this.#sorted().filter((run) => run.state !== "held");
  }

  /** Runs that were never sent and wait for the user's word, oldest first. */
  get heldRuns(): protocol.RunInfo[] {
    return this.#sorted().filter((run) => run.state === "held");
  }

  /** Throws Failed. */
  async startRun(params: protocol.RunStartParams): Promise<protocol.RunInfo> {
    const info = await this.ask(protocol.runStart, params);
    this.#log.info(`run ${info.run} is accepted for ${info.profile}`);
    return this.#took(info);
  }

  /** Throws Failed. */
  async stopRun(run: string): Promise<protocol.RunStopResult> {
    return this.ask(protocol.runStop, { run });
  }

  /** Sends a held run. Throws Failed. */
  async releaseRun(run: string): Promise<protocol.RunInfo> {
    return this.#took(await this.ask(protocol.runRelease, { run }));
  }

  /** Forgets held or finished runs and their outputs. Throws Failed. */
  async discardRuns(runs: string[]): Promise<void> {
    for (const run of runs) {
      await this.ask(protocol.runDiscard, { run });
      this.#unfinished.delete(run);
    }
    await this.listRuns();
  }

  /** Looks again for a run whose outcome is unknown. Throws Failed. */
  async lookForRun(run: string): Promise<protocol.RunInfo> {
    return this.#took(await this.ask(protocol.runLook, { run }));
  }

  /** Sends the output from an offset again, as events. Throws Failed. */
  async attachRun(run: string, from: number): Promise<protocol.RunInfo> {
    return this.#took(await this.ask(protocol.runAttach, { run, from }));
  }

  /** All runs that the daemon keeps, oldest first. Throws Failed. */
  async listRuns(): Promise<protocol.RunInfo[]> {
    const { runs } = await this.ask(protocol.runList, {});
    const sorted = [...runs].sort((one, other) => one.accepted - other.accepted);
    for (const run of sorted) this.#know(run);
    this.#runsListed.fire(sorted);
    return sorted;
  }

  /** A run that the restarted daemon does not know any more. */
  forgetRun(run: string): void {
    this.#unfinished.delete(run);
  }

  /** Gets, starts, restarts, stops or keeps the session of a profile. Throws Failed. */
  async askSession(
    request: SessionRequest,
    profile: string,
    token?: vscode.CancellationToken,
  ): Promise<protocol.SessionInfo> {
    return this.#tookSession(await this.ask(request, { profile }, token));
  }

  /** Makes a session of the server the active one. Throws Failed. */
  async attachSession(params: protocol.SessionAttachParams): Promise<protocol.SessionInfo> {
    return this.#tookSession(await this.ask(protocol.sessionAttach, params));
  }

  /** Answers whether the agent may be installed in a session of somebody else. Throws Failed. */
  async useAgent(params: protocol.SessionUseAgentParams): Promise<protocol.SessionInfo> {
    return this.#tookSession(await this.ask(protocol.sessionUseAgent, params));
  }

  /** What a server lists; also the way to look whether a profile works. */
  async listSessions(
    profile: string,
    token?: vscode.CancellationToken,
  ): Promise<protocol.ListedSession[]> {
    const { sessions } = await this.ask(protocol.sessionList, { profile }, token);
    return sessions;
  }

  /** Any request of the protocol. Starts the daemon. Throws Failed. */
  async ask<P, R>(
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
    this.#credentials.clear();
    this.#replaced.fire();
    connection.onNotification(protocol.sessionChanged, (info) => void this.#tookSession(info));
    connection.onNotification(protocol.runChanged, (info) => void this.#took(info));
    connection.onNotification(protocol.runOutput, (piece) => this.#runOutput.fire(piece));
    connection.onNotification(protocol.runFinished, (info) => {
      if (this.#unfinished.delete(info.run)) this.#runEnded.fire(info);
      this.#runFinished.fire(info);
    });
    connection.onNotification(protocol.logLines, (lines) => this.#logLines.fire(lines));
    connection.onNotification(protocol.transferProgress, (progress) =>
      this.#transferProgress.fire(progress),
    );
    connection.onNotification(protocol.deployChanged, (where) => this.#deployChanged.fire(where));
    connection.onNotification(protocol.batchChanged, (batch) => this.#batchChanged.fire(batch));
    connection.onNotification(protocol.batchLines, (lines) => this.#batchLines.fire(lines));
    connection.onNotification(protocol.secretNeeded, (needed) => this.#secretNeeded.fire(needed));
    connection.onNotification(protocol.credentialsChanged, (credentials) => {
      this.#credentials.set(credentials.profile, credentials);
      this.#credentialsChanged.fire(credentials);
    });
    connection.onNotification(protocol.notice, (notice) => this.#notice.fire(notice));
  }

  #took(info: protocol.RunInfo): protocol.RunInfo {
    this.#know(info);
    this.#runChanged.fire(info);
    return info;
  }

  #know(info: protocol.RunInfo): void {
    if (info.state === "finished") this.#unfinished.delete(info.run);
    else this.#unfinished.set(info.run, info);
  }

  #sorted(): protocol.RunInfo[] {
    return [...this.#unfinished.values()].sort((one, other) => one.accepted - other.accepted);
  }

  #tookSession(info: protocol.SessionInfo): protocol.SessionInfo {
    this.#sessions.set(info.profile, info);
    this.#sessionChanged.fire(info);
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
