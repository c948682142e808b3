// What every feature is given.

import type * as vscode from "vscode";
import type { ProfileSummary } from "../../protocol/protocol.ts";
import type { ClusterFiles } from "./clusterFiles.ts";
import type { Daemon, Failed } from "./daemon.ts";
import type { Documents } from "./documents.ts";
import type { Output } from "./output.ts";
import type { Runner } from "./runner.ts";
import type { Settings } from "./settings.ts";

/** Notifications for what the user just did or must do. */
export interface Notices {
  /**
   * Says why something that the user asked for failed: as a notification and, unless it is `shown`
   * there already, in the channel.
   */
  failed(error: unknown, shown?: boolean): void;
  /** A sentence with verb buttons; each command runs when its button is pressed. */
  say(severity: "info" | "warning" | "error", text: string, buttons?: Button[]): void;
  /** The next steps after a failure, by what kind it is and, where it is known, on which profile. */
  buttonsFor(kind: Failed["kind"], message: string, profile?: ProfileSummary): Button[];
  /** Asks before something is done with a profile that wants to be asked. True: go on. */
  confirmed(profile: ProfileSummary, question: string, verb: string): Promise<boolean>;
  /** The same for runs, of which there are many: the user may say "not again" for this window. */
  confirmedRun(profile: ProfileSummary, question: string): Promise<boolean>;
}

export interface Button {
  verb: string;
  command: string;
  arguments?: unknown[];
}

export interface Context {
  readonly extension: vscode.ExtensionContext;
  readonly settings: Settings;
  readonly daemon: Daemon;
  readonly output: Output;
  readonly notices: Notices;
  readonly runner: Runner;
  readonly documents: Documents;
  readonly files: ClusterFiles;
}
