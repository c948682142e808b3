// The one status bar item: profile and state; a click offers what can be done now.

import * as vscode from "vscode";
import type { Context } from "./context.ts";
import { profileRow } from "./renderProfile.ts";
import { actionsFor, type Situation, statusItem } from "./renderStatus.ts";

export function activate(context: Context): vscode.Disposable {
  const { daemon, settings } = context;
  const item = vscode.window.createStatusBarItem("livyd", vscode.StatusBarAlignment.Left, 50);
  item.name = "Livy";
  item.command = "livyd.showActions";
  const clock = new Clock(() => draw());
  let drawn = "";
  const draw = (): void => {
    const situation = situationOf(context);
    if (situation) drawn = drawItem(item, situation, drawn);
    else item.hide();
    if (!situation) drawn = "";
    clock.run(situation !== undefined && statusItem(situation).ticking);
  };
  draw();
  return vscode.Disposable.from(
    item,
    clock,
    settings.onDidChange(draw),
    daemon.onProfilesChanged(draw),
    daemon.onSessionChanged(draw),
    daemon.onCredentialsChanged(draw),
    daemon.onRunChanged(draw),
    daemon.onRunFinished(draw),
    daemon.onRunsListed(draw),
    vscode.commands.registerCommand("livyd.showActions", () => showActions(context)),
  );
}

/** Undefined until a profile was chosen: installing shows nothing. */
function situationOf({ daemon, settings }: Context): Situation | undefined {
  const name = settings.profile;
  if (name === undefined) return undefined;
  return {
    profile: daemon.profile(name),
    session: daemon.session(name),
    credentials: daemon.credentials(name),
    runs: daemon.unfinishedRuns.filter((run) => run.profile === name),
    held: daemon.heldRuns.filter((run) => run.profile === name).length,
    now: Date.now(),
  };
}

/** Only what has changed, so that a tooltip that is open stays; returns what is drawn now. */
function drawItem(item: vscode.StatusBarItem, situation: Situation, drawn: string): string {
  const { text, background, tooltip } = statusItem(situation);
  const wanted = JSON.stringify([text, background, tooltip]);
  if (wanted === drawn) return drawn;
  item.text = text;
  const hint = new vscode.MarkdownString(tooltip, true);
  hint.isTrusted = { enabledCommands: [...linkedCommands] };
  item.tooltip = hint;
  item.backgroundColor =
    background && new vscode.ThemeColor(`statusBarItem.${background}Background`);
  item.show();
  return wanted;
}

/** The tooltip's own links; nothing that a server says becomes one of these. */
const linkedCommands = [
  "livyd.keepSession",
  "livyd.useAgent",
  "livyd.releaseHeldRuns",
  "livyd.discardHeldRuns",
  "livyd.openKinitTerminal",
];

async function showActions(context: Context): Promise<void> {
  const situation = situationOf(context);
  if (!situation) {
    await vscode.commands.executeCommand("livyd.selectProfile");
    return;
  }
  const placeHolder = statusItem(situation).text.replace(/\$\([^)]*\) /g, "");
  const actions = actionsFor(situation).map(({ label, command }) => ({
    label,
    act: () => vscode.commands.executeCommand(command),
  }));
  const items = [...actions, ...environments(context, situation.profile.name)];
  const chosen = await vscode.window.showQuickPick(items, { placeHolder });
  await chosen?.act();
}

interface Item extends vscode.QuickPickItem {
  act(): Thenable<unknown>;
}

/** Each other profile, one click away. */
function environments({ daemon, settings }: Context, active: string): Item[] {
  if (!vscode.workspace.isTrusted) return [];
  const others = daemon.knownProfiles.filter(({ name }) => name !== active);
  if (others.length === 0) return [];
  const kind = vscode.QuickPickItemKind.Separator;
  const line = { label: "Switch Profile", kind, act: () => Promise.resolve() };
  const rows = others.map((profile) => ({
    ...profileRow(profile),
    act: () => settings.chooseProfile(profile.name),
  }));
  return [line, ...rows];
}

/** Draws again every second while there is elapsed time to draw. */
class Clock implements vscode.Disposable {
  readonly #tick: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(tick: () => void) {
    this.#tick = tick;
  }

  run(wanted: boolean): void {
    if (!wanted) this.dispose();
    else this.#timer ??= setInterval(this.#tick, 1000);
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
