// Finds sessions and runs again after a reload of the window or a restart of the daemon.

import { readdir } from "node:fs/promises";
import * as vscode from "vscode";
import { sessionGet } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { count } from "./render.ts";

export function activate(context: Context): vscode.Disposable {
  context.output.restoreBy(drawAgain(context));
  return vscode.Disposable.from(
    context.daemon.onRestarted(() => void afterRestart(context)),
    context.settings.onDidChange(() => void lookAfterSwitch(context)),
  );
}

/** A window that had a session before finds it; one that never ran anything does nothing at all. */
async function drawAgain(context: Context): Promise<void> {
  const { daemon, output, settings } = context;
  const { profile } = settings;
  let found = 0;
  if (profile !== undefined && (await hasStore(context))) {
    // Nobody asked for it: the status bar and the next run say it where it matters.
    await quietly(context, "The runs could not be drawn again", async () => {
      found = (await output.redraw(daemon)).length;
    });
    void lookFor(context, profile);
  }
  daemon.note(`The window is ready; ${count(found, "run")} found again.`);
}

/** The daemon writes its store as JSON when there is something worth finding again. */
async function hasStore({ daemon }: Context): Promise<boolean> {
  const files = await readdir(daemon.stateFolder.fsPath).catch(() => []);
  return files.some((file) => file.endsWith(".json"));
}

/** Another profile's session may be there from before; a daemon that is not up is not started. */
async function lookAfterSwitch(context: Context): Promise<void> {
  const { daemon, settings } = context;
  const { profile } = settings;
  if (profile === undefined || !daemon.up || daemon.session(profile)) return;
  await lookFor(context, profile);
}

async function lookFor(context: Context, profile: string): Promise<void> {
  await quietly(context, `The session of ${profile} could not be looked for`, () =>
    context.daemon.askSession(sessionGet, profile),
  );
}

async function quietly({ daemon }: Context, what: string, work: () => Promise<unknown>) {
  try {
    await work();
  } catch (error) {
    daemon.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Finds the runs again that the daemon was busy with, and says what was found. */
async function afterRestart(context: Context): Promise<void> {
  const { daemon, output, notices, settings } = context;
  const before = daemon.unfinishedRuns;
  try {
    const found = new Set((await output.redraw(daemon)).map(({ run }) => run));
    const lost = before.filter(({ run }) => !found.has(run));
    for (const run of lost) {
      daemon.forgetRun(run.run);
      output.end(run, "unknown", "livyd stopped while this ran and cannot tell what became of it.");
    }
    // Those that are held now are offered in a sentence of their own.
    const held = new Set(daemon.heldRuns.map(({ run }) => run));
    const again = before.filter(({ run }) => found.has(run) && !held.has(run));
    const text = restartSentence(again.length, lost.length);
    output.notice(text);
    notices.say("warning", text, [{ verb: "Show Log", command: "livyd.showLog" }]);
  } catch (error) {
    notices.failed(error);
  }
  if (settings.profile !== undefined) await lookFor(context, settings.profile);
}

function restartSentence(found: number, lost: number): string {
  const opening = "livyd stopped unexpectedly and was restarted.";
  if (lost > 0) {
    return `${opening} The session is kept; what became of ${count(lost, "run")} is not known.`;
  }
  if (found === 0) return `${opening} Nothing was lost.`;
  return `${opening} Nothing was lost; ${count(found, "run")} ${found === 1 ? "was" : "were"} found again.`;
}
