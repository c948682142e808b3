// Starts, stops and restarts the session of the chosen profile, and finds everything again after a
// reload of the window or a restart of the daemon.

import { readdir } from "node:fs/promises";
import * as vscode from "vscode";
import { sessionGet, sessionStart, sessionStop } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";

export function activate(context: Context): vscode.Disposable {
  void findAgain(context);
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.startSession", () => start(context)),
    vscode.commands.registerCommand("livyd.stopSession", () => stop(context)),
    vscode.commands.registerCommand("livyd.restartSession", () => restart(context)),
    context.daemon.onRestarted(() => void afterRestart(context)),
    context.settings.onDidChange(() => void lookAfterSwitch(context)),
  );
}

async function start(context: Context): Promise<void> {
  const profile = await vscode.commands.executeCommand<string | undefined>("livyd.chosenProfile");
  if (profile === undefined) return;
  await guarded(context, async () => {
    if (await mayTouch(context, profile, "Start a session", "Start")) await begin(context, profile);
  });
}

async function stop(context: Context): Promise<void> {
  const profile = context.settings.profile;
  if (profile === undefined) {
    context.notices.say("info", "There is no session: no profile was chosen yet.", [
      { verb: "Select Profile", command: "livyd.selectProfile" },
    ]);
    return;
  }
  await guarded(context, async () => {
    if (await mayTouch(context, profile, "Stop the session", "Stop")) await end(context, profile);
  });
}

async function restart(context: Context): Promise<void> {
  const profile = context.settings.profile;
  if (profile === undefined) return start(context);
  await guarded(context, async () => {
    if (!(await mayTouch(context, profile, "Restart the session", "Restart"))) return;
    await end(context, profile);
    await begin(context, profile);
  });
}

/** A session takes from seconds to minutes to start: the notification can cancel it. */
async function begin({ daemon }: Context, profile: string): Promise<void> {
  const location = vscode.ProgressLocation.Notification;
  const title = `Livy: starting a session (${profile})`;
  await vscode.window.withProgress(
    { location, title, cancellable: true },
    async (progress, token) => {
      const follow = daemon.onSessionChanged((session) => {
        if (session.profile === profile && session.detail !== undefined) {
          progress.report({ message: session.detail });
        }
      });
      try {
        await daemon.askSession(sessionStart, profile, token);
      } finally {
        follow.dispose();
      }
    },
  );
}

async function end({ daemon }: Context, profile: string): Promise<void> {
  await daemon.askSession(sessionStop, profile);
}

async function mayTouch(
  { daemon, notices }: Context,
  name: string,
  what: string,
  verb: string,
): Promise<boolean> {
  await daemon.profiles();
  return notices.confirmed(daemon.profile(name), `${what} on ${name}?`, verb);
}

async function guarded({ notices }: Context, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    notices.failed(error);
  }
}

/** A window that had a session before finds it; one that never ran anything does nothing at all. */
async function findAgain(context: Context): Promise<void> {
  const { profile } = context.settings;
  if (profile === undefined || !(await hasStore(context))) return;
  try {
    await context.daemon.askSession(sessionGet, profile);
    await context.output.redraw(context.daemon);
  } catch (error) {
    // Nobody asked for it: the status bar and the next run say it where it matters.
    context.daemon.warn(`The session could not be looked for: ${String(error)}`);
  }
}

/** The daemon writes its store as JSON when there is something worth finding again. */
async function hasStore({ daemon }: Context): Promise<boolean> {
  const files = await readdir(daemon.stateFolder.fsPath).catch(() => []);
  return files.some((file) => file.endsWith(".json"));
}

/** Another profile's session may be there from before; a daemon that is not up is not started. */
async function lookAfterSwitch({ daemon, settings }: Context): Promise<void> {
  const { profile } = settings;
  if (profile === undefined || !daemon.up || daemon.session(profile)) return;
  try {
    await daemon.askSession(sessionGet, profile);
  } catch (error) {
    daemon.warn(`The session of ${profile} could not be looked for: ${String(error)}`);
  }
}

/** Finds the runs again that the daemon was busy with, and says what was found. */
async function afterRestart(context: Context): Promise<void> {
  const { daemon, output, notices, settings } = context;
  const before = daemon.unfinishedRuns;
  await guarded(context, async () => {
    if (settings.profile !== undefined) await daemon.askSession(sessionGet, settings.profile);
    const found = new Set((await output.redraw(daemon)).map(({ run }) => run));
    const lost = before.filter(({ run }) => !found.has(run));
    for (const run of lost) {
      daemon.forgetRun(run.run);
      output.end(run, "unknown", "livyd stopped while this ran and cannot tell what became of it.");
    }
    const text = restartSentence(before.length - lost.length, lost.length);
    output.notice(text);
    notices.say("warning", text, [{ verb: "Show Log", command: "livyd.showLog" }]);
  });
}

function restartSentence(found: number, lost: number): string {
  const runs = (count: number): string => (count === 1 ? "1 run" : `${count} runs`);
  const opening = "livyd stopped unexpectedly and was restarted.";
  if (lost > 0) return `${opening} The session is kept; what became of ${runs(lost)} is not known.`;
  if (found === 0) return `${opening} Nothing was lost.`;
  return `${opening} Nothing was lost; ${runs(found)} ${found === 1 ? "was" : "were"} found again.`;
}
