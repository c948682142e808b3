// What can be done with any session of a server: attach to it, end it, read its details.

import * as vscode from "vscode";
import {
  type ListedSession,
  type ProfileSummary,
  sessionDetails,
  sessionKill,
  sessionKillAll,
} from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { count } from "./render.ts";
import { detailsPage, type SessionRow, sessionName, sessionRows } from "./renderSessions.ts";

export function activate(context: Context): vscode.Disposable {
  const register = (
    command: string,
    act: (context: Context, profile: string, row: SessionRow | undefined) => Promise<void>,
  ): vscode.Disposable =>
    vscode.commands.registerCommand(command, (row?: SessionRow) => guarded(context, row, act));
  return vscode.Disposable.from(
    register("livyd.attachSession", attach),
    register("livyd.killSession", kill),
    register("livyd.killAllSessions", killAll),
    register("livyd.sessionDetails", showDetails),
  );
}

async function guarded(
  context: Context,
  row: SessionRow | undefined,
  act: (context: Context, profile: string, row: SessionRow | undefined) => Promise<void>,
): Promise<void> {
  const profile =
    row?.profile ??
    (await vscode.commands.executeCommand<string | undefined>("livyd.chosenProfile"));
  if (profile === undefined) return;
  try {
    await act(context, profile, row);
  } catch (error) {
    context.notices.failed(error);
  }
}

/** A row to choose; without a session it means "the first that can be used". */
interface Choice extends vscode.QuickPickItem {
  row?: SessionRow;
}

async function choose(
  { daemon, notices }: Context,
  profile: string,
  title: string,
  fits: (row: SessionRow) => boolean,
  more: Choice[] = [],
): Promise<Choice | undefined> {
  const listed = await daemon.listSessions(profile);
  const rows = sessionRows(profile, listed, daemon.session(profile), Date.now()).filter(fits);
  if (rows.length === 0) {
    notices.say("info", `There is no such session on ${profile}.`, [
      { verb: "Start Session", command: "livyd.startSession", arguments: [profile] },
    ]);
    return undefined;
  }
  const choices = rows.map((row): Choice => {
    const { icon, label, description } = row;
    return { label: `$(${icon}) ${label}`, description, row };
  });
  return vscode.window.showQuickPick([...more, ...choices], { title, matchOnDescription: true });
}

async function attach(
  context: Context,
  profile: string,
  row: SessionRow | undefined,
): Promise<void> {
  const first: Choice = {
    label: "$(star) The first that can be used",
    description: "own ones first",
  };
  const chosen = row
    ? { row }
    : await choose(context, profile, "Attach to Session", canAttach, [first]);
  if (!chosen || !(await mayAttach(context, profile, chosen.row))) return;
  const session = chosen.row?.session.id;
  const info = await context.daemon.attachSession(
    session === undefined ? { profile } : { profile, session },
  );
  const name = info.name ?? `session ${info.id ?? ""}`;
  vscode.window.setStatusBarMessage(`Runs go to ${name} now.`, 5000);
}

function canAttach(row: SessionRow): boolean {
  return row.context.includes("attachable");
}

async function mayAttach(
  { daemon, notices }: Context,
  profile: string,
  row: SessionRow | undefined,
): Promise<boolean> {
  await daemon.profiles();
  if (row?.group === "others") {
    const question = `${row.label} belongs to ${ownerOf(row.session)}. Attach to it?`;
    return modal(question, "What you run there changes its variables.", "Attach");
  }
  return notices.confirmed(daemon.profile(profile), `Attach to a session on ${profile}?`, "Attach");
}

async function kill(context: Context, profile: string, row: SessionRow | undefined): Promise<void> {
  const chosen = row ?? (await choose(context, profile, "Kill Session", () => true))?.row;
  if (!chosen) return;
  // What this window uses is stopped as Stop Session does it, so that nothing starts by itself.
  if (chosen.group === "window") {
    await vscode.commands.executeCommand("livyd.stopSession");
    return;
  }
  if (!(await mayKill(context, chosen))) return;
  await context.daemon.ask(sessionKill, { profile, session: chosen.session.id });
  await vscode.commands.executeCommand("livyd.refreshSessions");
}

/** Others' sessions ask twice, busy ones once, the rest as the profile wants it. */
async function mayKill({ daemon, notices }: Context, row: SessionRow): Promise<boolean> {
  await daemon.profiles();
  const { session, label, profile } = row;
  const question = `Kill ${label} on ${profile}?`;
  const busy = session.state === "busy" ? "It is running something. " : "";
  const detail = `${busy}Its variables are lost.`;
  if (row.group === "others") {
    const owner = ownerOf(session);
    if (!(await modal(question, `It belongs to ${owner}. ${detail}`, "Kill"))) return false;
    return modal(`${label} is not yours.`, `${owner} loses it at once.`, `Kill It for ${owner}`);
  }
  if (busy !== "") return modal(question, detail, "Kill");
  return notices.confirmed(daemon.profile(profile), question, "Kill");
}

async function killAll(context: Context, profile: string): Promise<void> {
  const { daemon, notices } = context;
  const listed = await daemon.listSessions(profile);
  const mine = listed.filter((one) => one.mine);
  const theirs = listed.filter((one) => !one.mine);
  if (listed.length === 0) return notices.say("info", `There is no session on ${profile}.`);
  const others = await mayKillAll(daemon.profile(profile), mine, theirs);
  if (others === undefined) return;
  const { killed, problems } = await daemon.ask(sessionKillAll, { profile, others });
  await vscode.commands.executeCommand("livyd.refreshSessions");
  if (problems.length > 0) notices.say("warning", problems.join(" "));
  else vscode.window.setStatusBarMessage(`${count(killed.length, "session")} killed.`, 5000);
}

/** Whether others' too; undefined: none. Each question names what it is about. */
async function mayKillAll(
  profile: ProfileSummary,
  mine: ListedSession[],
  theirs: ListedSession[],
): Promise<boolean | undefined> {
  const more = "Others' Too…";
  const verbs = [...(mine.length > 0 ? ["Kill"] : []), ...(theirs.length > 0 ? [more] : [])];
  const question =
    mine.length === 0
      ? `You have no session on ${profile.name}.`
      : `Kill ${count(mine.length, "session")} of yours on ${profile.name}?`;
  const detail = mine.map(lineOf).join("\n");
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail },
    ...verbs,
  );
  if (answer === "Kill") return false;
  if (answer !== more) return undefined;
  const all = `Kill ${count(theirs.length, "session")} of others as well?`;
  return (await modal(all, theirs.map(lineOf).join("\n"), "Kill All of These")) || undefined;
}

function lineOf(session: ListedSession): string {
  return `${sessionName(session)} · ${session.state}${session.mine ? "" : ` · ${ownerOf(session)}`}`;
}

function ownerOf({ owner, proxyUser }: ListedSession): string {
  return proxyUser ?? owner ?? "somebody else";
}

async function modal(question: string, detail: string, verb: string): Promise<boolean> {
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, verb);
  return answer === verb;
}

/** Of the row; without one, of this window's session. */
async function showDetails(
  { daemon, documents }: Context,
  profile: string,
  row: SessionRow | undefined,
): Promise<void> {
  const session = row?.session.id;
  const params = session === undefined ? { profile } : { profile, session };
  const details = await daemon.ask(sessionDetails, params);
  await documents.show(`${sessionName(details.session)} (details)`, detailsPage(details));
}
