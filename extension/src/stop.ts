// Stops runs and says what Stop really did; and what ended without its code having had a say.

import * as vscode from "vscode";
import type { RunInfo, RunStopResult } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { sourceLabel } from "./render.ts";
import { activeRun } from "./renderStatus.ts";

export function activate(context: Context): vscode.Disposable {
  const { daemon } = context;
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.stopRun", (row?: { run?: RunInfo }) =>
      stop(context, row?.run),
    ),
    daemon.onRunChanged(() => showRunning(context)),
    daemon.onRunsListed(() => showRunning(context)),
    daemon.onRunFinished(() => showRunning(context)),
    daemon.onRunEnded((run) => sayEnd(context, run)),
  );
}

/** Stops a run of the view, or the one that is on the server; of the active profile, if it has one. */
async function stop(context: Context, named: RunInfo | undefined): Promise<void> {
  const { daemon, settings, notices } = context;
  const unfinished = daemon.unfinishedRuns;
  const own = unfinished.filter((one) => one.profile === settings.profile);
  const wanted = unfinished.find((one) => one.run === named?.run);
  const target = named ? wanted : (activeRun(own) ?? activeRun(unfinished));
  if (!target) return notices.say("info", "Nothing is running.");
  if (target.state === "stopping") return sayStopping(context, target);
  const profile = daemon.profile(target.profile);
  const question = `Stop ${sourceLabel(target.source)} on ${target.profile}?`;
  if (!(await notices.confirmed(profile, question, "Stop"))) return;
  try {
    sayTruth(context, target, await daemon.stopRun(target.run));
  } catch (error) {
    notices.failed(error);
  }
}

function sayStopping({ notices }: Context, run: RunInfo): void {
  const text = `${sourceLabel(run.source)} is being stopped already. Restarting the session stops it for certain and clears its variables.`;
  notices.say("warning", text, waitOrRestart(run));
}

function waitOrRestart({ profile }: RunInfo) {
  return [
    { verb: "Keep Waiting", command: "livyd.showOutput" },
    { verb: "Restart Session", command: "livyd.restartSession", arguments: [profile, true] },
  ];
}

/** The block in the channel says what ended; only what did not is worth a notification. */
function sayTruth({ notices }: Context, run: RunInfo, { truth, message }: RunStopResult): void {
  if (truth === "busy") notices.say("warning", message, waitOrRestart(run));
  else if (truth === "unknown") notices.say("warning", message, unknownButtons(run));
  else vscode.window.setStatusBarMessage(message, 5000);
}

/** An exception is the code's own result and stands in the channel; that it never ran is not. */
function sayEnd({ daemon, notices }: Context, run: RunInfo): void {
  const { result } = run;
  if (result?.outcome === "failed") {
    const removed = daemon.session(run.profile)?.state === "removed";
    const kind = result.failure ?? (removed ? "sessionRemoved" : "internal");
    const profile = daemon.profile(run.profile);
    notices.say("error", result.message, notices.buttonsFor(kind, result.message, profile));
  } else if (result?.outcome === "unknown") {
    notices.say("warning", result.message, unknownButtons(run));
  }
}

function unknownButtons(run: RunInfo) {
  return [
    { verb: "Look Again", command: "livyd.lookAgain", arguments: [{ run }] },
    { verb: "Run Again", command: "livyd.runAgain", arguments: [{ run }] },
  ];
}

function showRunning({ daemon }: Context): void {
  const running = daemon.unfinishedRuns.length > 0;
  void vscode.commands.executeCommand("setContext", "livyd.running", running);
  const holding = daemon.heldRuns.length > 0;
  void vscode.commands.executeCommand("setContext", "livyd.holding", holding);
}
