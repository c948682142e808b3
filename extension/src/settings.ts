// The one reader and writer of the settings `livyd.*`.

import { homedir } from "node:os";
import * as vscode from "vscode";
import type { Configuration, json } from "../../protocol/protocol.ts";
import { absolutePath } from "./words.ts";

export type Reveal = "always" | "onError" | "never";
export type ShiftEnter = "ask" | "run" | "leave";

/** The profile that is built in: it runs on this machine. */
export const localProfile = "local";

export class Settings implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  /** In a folder that is not trusted nothing is written; the choice of `local` is for this window. */
  #localWhileUntrusted = false;

  /** A setting of livyd or the workspace's trust changed. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscriptions = [
      this.#changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("livyd")) this.#changed.fire();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** The profile that runs use; undefined until the user has chosen one. */
  get profile(): string | undefined {
    if (!vscode.workspace.isTrusted) return this.#localWhileUntrusted ? localProfile : undefined;
    return this.#read("profile", "") || undefined;
  }

  /** The profiles as they are written, unread. */
  get profiles(): Record<string, json> {
    // What VS Code returns is a proxy that cannot be sent.
    return JSON.parse(JSON.stringify(this.#read<Record<string, json>>("profiles", {})));
  }

  get reveal(): Reveal {
    return this.#read<Reveal>("output.reveal", "always");
  }

  get shiftEnter(): ShiftEnter {
    return this.#read<ShiftEnter>("shiftEnter", "ask");
  }

  /** Empty: the program that came with the extension. */
  get daemonPath(): string {
    return this.#read("daemon.path", "").trim();
  }

  /** What the daemon is told. */
  get configuration(): Configuration {
    const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
    const outputFile = absolutePath(this.#read("output.file", ""), folder?.uri.fsPath, homedir());
    return {
      trusted: vscode.workspace.isTrusted,
      profiles: this.profiles,
      stopOnError: this.#read("run.stopOnError", false),
      historyBytes: this.#read("history.maxBytes", 2_000_000_000),
      trace: this.#read("trace", false),
      ...(outputFile === undefined ? {} : { outputFile }),
      ...(folder ? { workspaceFolder: folder.uri.fsPath } : {}),
    };
  }

  /**
   * Makes a profile the one that runs use: in the workspace's settings when they name one already,
   * else in the user's, so that nobody's repository changes by a click.
   */
  async chooseProfile(name: string): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      this.#localWhileUntrusted = name === localProfile;
      this.#changed.fire();
      return;
    }
    const written = this.#section.inspect<string>("profile")?.workspaceValue !== undefined;
    const { Workspace, Global } = vscode.ConfigurationTarget;
    await this.#section.update("profile", name, written ? Workspace : Global);
  }

  /** Which settings hold a profile, for a report; undefined for one that is in none. */
  originOf(profile: string): string | undefined {
    const written = this.#section.inspect<Record<string, json>>("profiles");
    const holds = (profiles: Record<string, json> | undefined) => profile in (profiles ?? {});
    if (holds(written?.workspaceFolderValue) || holds(written?.workspaceValue)) {
      return "the workspace's settings";
    }
    return holds(written?.globalValue) ? "the user's settings" : undefined;
  }

  /** Adds a profile to the user's settings, or replaces it. */
  async addProfile(name: string, profile: Record<string, json>): Promise<void> {
    await this.addProfiles({ [name]: profile });
  }

  async addProfiles(profiles: Record<string, json>): Promise<void> {
    await this.#writeProfiles({ ...this.#ownProfiles, ...profiles });
  }

  /** Sets a field of a profile where the profile is written; the built-in one gets the user's settings. */
  async setProfileField(name: string, field: string, value: json): Promise<void> {
    const written = this.#section.inspect<Record<string, json>>("profiles");
    const here = written?.workspaceValue ?? {};
    const { Workspace, Global } = vscode.ConfigurationTarget;
    const [all, target] = name in here ? [here, Workspace] : [this.#ownProfiles, Global];
    const profile = { ...(all[name] ?? {}), [field]: value };
    await this.#section.update("profiles", { ...all, [name]: profile }, target);
  }

  /** Takes back what addProfile did. */
  async removeProfile(name: string): Promise<void> {
    const { [name]: _removed, ...others } = this.#ownProfiles;
    await this.#writeProfiles(Object.keys(others).length > 0 ? others : undefined);
  }

  async setShiftEnter(answer: ShiftEnter): Promise<void> {
    await this.#section.update("shiftEnter", answer, vscode.ConfigurationTarget.Global);
  }

  get #ownProfiles(): Record<string, json> {
    return this.#section.inspect<Record<string, json>>("profiles")?.globalValue ?? {};
  }

  async #writeProfiles(all: Record<string, json> | undefined): Promise<void> {
    await this.#section.update("profiles", all, vscode.ConfigurationTarget.Global);
  }

  get #section(): vscode.WorkspaceConfiguration {
    return vscode.workspace.getConfiguration("livyd");
  }

  #read<T>(key: string, fallback: T): T {
    return this.#section.get<T>(key) ?? fallback;
  }
}
