// Wires the features; does nothing but register. The daemon starts when something is first asked.
//
// Why `onLanguage`: the run key, the buttons in the editor's title and the status bar depend on
// context keys and an item that only an active extension can set, and a reloaded window shall show
// its session without a click. It is as late as possible: a window without code stays untouched.

import * as vscode from "vscode";
import type { Context } from "./context.ts";
import { Daemon } from "./daemon.ts";
import * as notices from "./notices.ts";
import { activateOutput, Output } from "./output.ts";
import * as profiles from "./profiles.ts";
import * as run from "./run.ts";
import * as runKey from "./runKey.ts";
import * as session from "./session.ts";
import { Settings } from "./settings.ts";
import * as statusbar from "./statusbar.ts";

let daemon: Daemon | undefined;

export function activate(extension: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Livy Log", { log: true });
  const settings = new Settings();
  daemon = new Daemon(extension, settings, log);
  const output = new Output(settings);
  const shared = { extension, settings, daemon, output };
  const context: Context = { ...shared, notices: notices.createNotices(output) };
  extension.subscriptions.push(log, settings, daemon, output);
  extension.subscriptions.push(output.follow(daemon), activateOutput(output, log));
  for (const feature of [notices, profiles, statusbar, run, runKey, session]) {
    extension.subscriptions.push(feature.activate(context));
  }
}

/** VS Code waits for this a few seconds: long enough for the daemon to leave in order. */
export function deactivate(): Promise<void> | undefined {
  return daemon?.stop();
}
