// Starts, stops, restarts and keeps the session of the chosen profile.

import * as vscode from "vscode";
import { sessionKeep, sessionRestart, sessionStart, sessionStop } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { sourceLabel } from "./render.ts";
import { isUnderWay } from "./renderTranscript.ts";

export function activate(context: Context): vscode.Disposable {
  const named = (value: unknown): string | undefined =>
    typeof value === "string" ? value : context.settings.profile;
  return vscode.Disposable.from(
    context.daemon.onSessionChanged(() => showAgentQuestion(context)),
    context.settings.onDidChange(() => showAgentQuestion(context)),
    vscode.commands.registerCommand("livyd.startSession", (profile) =>
      start(context, typeof profile === "string" ? profile : undefined),
    ),
    vscode.commands.registerCommand("livyd.stopSession", () => stop(context)),
    vscode.commands.registerCommand("livyd.restartSession", (profile, asked) =>
      restart(context, named(profile), asked === true),
    ),
    vscode.commands.registerCommand("livyd.keepSession", (profile) =>
      keep(context, named(profile)),
    ),
    vscode.commands.registerCommand("livyd.useAgent", (profile, use) =>
      useAgent(context, named(profile), use !== false),
    ),
  );
}

async function start(context: Context, profile: string | undefined): Promise<void> {
  const name =
    profile ?? (await vscode.commands.executeCommand<string | undefined>("livyd.chosenProfile"));
  if (name === undefined) return;
  await guarded(context, async () => {
    if (!(await mayTouch(context, name, `Start a session on ${name}?`, "Start"))) return;
    await withProgress(context, name, "starting", sessionStart);
  });
}

async function stop(context: Context): Promise<void> {
  const { daemon, settings } = context;
  const { profile } = settings;
  if (profile === undefined) return sayNoProfile(context);
  await guarded(context, async () => {
    if (await mayEnd(context, profile, "Stop")) await daemon.askSession(sessionStop, profile);
  });
}

/** `asked`: the user has just read what it means. */
async function restart(
  context: Context,
  profile: string | undefined,
  asked: boolean,
): Promise<void> {
  if (profile === undefined) return start(context, undefined);
  await guarded(context, async () => {
    if (!asked && !(await mayEnd(context, profile, "Restart"))) return;
    await withProgress(context, profile, "restarting", sessionRestart);
  });
}

async function keep(context: Context, profile: string | undefined): Promise<void> {
  if (profile === undefined) return sayNoProfile(context);
  await guarded(context, async () => {
    await context.daemon.askSession(sessionKeep, profile);
    vscode.window.setStatusBarMessage("The session is kept: its idle time starts again.", 5000);
  });
}

async function useAgent(
  context: Context,
  profile: string | undefined,
  use: boolean,
): Promise<void> {
  if (profile === undefined) return sayNoProfile(context);
  await guarded(context, async () => {
    await context.daemon.useAgent({ profile, use });
  });
}

/** The palette offers the agent where it waits for an answer. */
function showAgentQuestion({ daemon, settings }: Context): void {
  const { profile } = settings;
  const asks = profile !== undefined && daemon.session(profile)?.agent === "ask";
  void vscode.commands.executeCommand("setContext", "livyd.asksForAgent", asks);
}

function sayNoProfile({ notices }: Context): void {
  notices.say("info", "There is no session: no profile was chosen yet.", [
    { verb: "Select Profile", command: "livyd.selectProfile" },
  ]);
}

/** A session takes from seconds to minutes to start: the notification can cancel it. */
async function withProgress(
  { daemon }: Context,
  profile: string,
  doing: string,
  request: typeof sessionStart,
): Promise<void> {
  const location = vscode.ProgressLocation.Notification;
  const title = `Livy: ${doing} the session (${profile})`;
  await vscode.window.withProgress(
    { location, title, cancellable: true },
    async (progress, token) => {
      const follow = daemon.onSessionChanged((session) => {
        if (session.profile === profile && session.detail !== undefined) {
          progress.report({ message: session.detail });
        }
      });
      try {
        await daemon.askSession(request, profile, token);
      } finally {
        follow.dispose();
      }
    },
  );
}

async function mayTouch(
  { daemon, notices }: Context,
  name: string,
  question: string,
  verb: string,
): Promise<boolean> {
  await daemon.profiles();
  return notices.confirmed(daemon.profile(name), question, verb);
}

/** Asks before the end of what runs; else as the profile wants it. */
async function mayEnd(context: Context, name: string, verb: string): Promise<boolean> {
  await context.daemon.profiles();
  const running = context.daemon.unfinishedRuns.find(
    (run) => run.profile === name && run.state !== "starting" && isUnderWay(run),
  );
  if (!running) {
    return mayTouch(context, name, `${verb} the session on ${name}?`, verb);
  }
  const question = `${verb} the session on ${name}?`;
  const detail = `${sourceLabel(running.source)} is running there. It ends, and the session's variables are lost.`;
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, verb);
  return answer === verb;
}

async function guarded({ notices }: Context, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    notices.failed(error);
  }
}
