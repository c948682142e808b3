// The one status bar item: profile and state; a click offers what can be done now.

import * as vscode from "vscode";
import type { Context } from "./context.ts";
import { actionsFor, type Situation, statusItem } from "./renderStatus.ts";

export function activate(context: Context): vscode.Disposable {
  const { daemon, settings } = context;
  const item = vscode.window.createStatusBarItem("livyd", vscode.StatusBarAlignment.Left, 50);
  item.name = "Livy";
  item.command = "livyd.showActions";
  const clock = new Clock(() => draw());
  const draw = (): void => {
    const situation = situationOf(context);
    if (situation) drawItem(item, situation);
    else item.hide();
    clock.run(situation !== undefined && statusItem(situation).ticking);
  };
  draw();
  return vscode.Disposable.from(
    item,
    clock,
    settings.onDidChange(draw),
    daemon.onProfilesChanged(draw),
    daemon.onSessionChanged(draw),
    daemon.onRunChanged(draw),
    daemon.onRunFinished(draw),
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
    runs: daemon.unfinishedRuns.filter((run) => run.profile === name),
    now: Date.now(),
  };
}

function drawItem(item: vscode.StatusBarItem, situation: Situation): void {
  const { text, background, tooltip } = statusItem(situation);
  item.text = text;
  item.tooltip = new vscode.MarkdownString(tooltip, true);
  item.backgroundColor =
    background && new vscode.ThemeColor(`statusBarItem.${background}Background`);
  item.show();
}

async function showActions(context: Context): Promise<void> {
  const situation = situationOf(context);
  if (!situation) {
    await vscode.commands.executeCommand("livyd.selectProfile");
    return;
  }
  const placeHolder = statusItem(situation).text.replace(/^\$\([^)]*\) /, "");
  const chosen = await vscode.window.showQuickPick(actionsFor(situation), { placeHolder });
  if (chosen) await vscode.commands.executeCommand(chosen.command);
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
