// Wires the features; does nothing but register. The daemon starts when something is first asked.
//
// Why `onLanguage`: the run key, the buttons in the editor's title and the status bar depend on
// context keys and an item that only an active extension can set, and a reloaded window shall show
// its session without a click. It is as late as possible: a window without code stays untouched.

import * as vscode from "vscode";
import * as batch from "./batch.ts";
import * as batchesView from "./batchesView.ts";
import * as batchLog from "./batchLog.ts";
import { ClusterFiles } from "./clusterFiles.ts";
import type { Context } from "./context.ts";
import * as credentials from "./credentials.ts";
import { Daemon } from "./daemon.ts";
import * as deploy from "./deploy.ts";
import * as deployedView from "./deployedView.ts";
import * as diagnostics from "./diagnostics.ts";
import * as doctor from "./doctor.ts";
import { Documents } from "./documents.ts";
import * as findAgain from "./findAgain.ts";
import * as hdfsCommands from "./hdfsCommands.ts";
import * as hdfsFiles from "./hdfsFiles.ts";
import * as hdfsView from "./hdfsView.ts";
import * as held from "./held.ts";
import * as history from "./history.ts";
import * as importProfiles from "./importProfiles.ts";
import * as notices from "./notices.ts";
import { activateOutput, Output } from "./output.ts";
import * as profiles from "./profiles.ts";
import * as reload from "./reload.ts";
import * as results from "./results.ts";
import * as run from "./run.ts";
import * as runAgain from "./runAgain.ts";
import * as runKey from "./runKey.ts";
import { Runner } from "./runner.ts";
import * as runsView from "./runsView.ts";
import * as secrets from "./secrets.ts";
import * as session from "./session.ts";
import * as sessionChoice from "./sessionChoice.ts";
import * as sessionLog from "./sessionLog.ts";
import * as sessionsView from "./sessionsView.ts";
import { Settings } from "./settings.ts";
import * as standalone from "./standalone.ts";
import * as state from "./state.ts";
import * as statements from "./statements.ts";
import * as statusbar from "./statusbar.ts";
import * as stop from "./stop.ts";
import * as walkthrough from "./walkthrough.ts";
import * as watch from "./watch.ts";

const features = [
  notices,
  profiles,
  secrets,
  credentials,
  doctor,
  importProfiles,
  statusbar,
  run,
  runAgain,
  runKey,
  stop,
  session,
  sessionChoice,
  sessionsView,
  runsView,
  held,
  history,
  diagnostics,
  sessionLog,
  statements,
  results,
  hdfsFiles,
  hdfsView,
  hdfsCommands,
  deploy,
  deployedView,
  reload,
  standalone,
  batch,
  batchLog,
  batchesView,
  walkthrough,
  state,
  watch,
  // Last, because it makes the daemon speak, and everybody listens by then.
  findAgain,
];

let daemon: Daemon | undefined;

export function activate(extension: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Livy Log", { log: true });
  const settings = new Settings();
  daemon = new Daemon(extension, settings, log);
  const output = new Output(settings);
  const documents = new Documents(daemon);
  const files = new ClusterFiles(daemon);
  const said = notices.createNotices(output);
  const runner = new Runner(daemon, output, said);
  const shared = { extension, settings, daemon, output, documents, files, runner };
  const context: Context = { ...shared, notices: said };
  extension.subscriptions.push(log, settings, daemon, output, documents, files);
  extension.subscriptions.push(output.follow(daemon), activateOutput(output, log));
  for (const feature of features) {
    extension.subscriptions.push(feature.activate(context));
  }
}

/** VS Code waits for this a few seconds: long enough for the daemon to leave in order. */
export function deactivate(): Promise<void> | undefined {
  return daemon?.stop();
}
