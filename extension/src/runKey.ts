// Whether Shift+Enter is ours: asked once, after the first run, and never taken without an answer.

import * as vscode from "vscode";
import type { Context } from "./context.ts";

const asked = "livyd.shiftEnterWasAsked";

export function activate(context: Context): vscode.Disposable {
  const { daemon, settings } = context;
  setKeys(context);
  return vscode.Disposable.from(
    settings.onDidChange(() => setKeys(context)),
    daemon.onRunFinished(() => void askOnce(context)),
  );
}

/** The context keys that key bindings and editor buttons depend on. */
function setKeys({ settings }: Context): void {
  const attached = settings.profile !== undefined;
  const owns = attached && settings.shiftEnter === "run";
  const hasProfile = attached || Object.keys(settings.profiles).length > 0;
  void vscode.commands.executeCommand("setContext", "livyd.ownsSelection", owns);
  void vscode.commands.executeCommand("setContext", "livyd.hasProfile", hasProfile);
  void vscode.commands.executeCommand("setContext", "livyd.attached", attached);
  // Besides the built-in one.
  const several = Object.keys(settings.profiles).length > 0;
  void vscode.commands.executeCommand("setContext", "livyd.manyProfiles", several);
}

async function askOnce({ extension, settings }: Context): Promise<void> {
  if (settings.shiftEnter !== "ask" || extension.globalState.get(asked) === true) return;
  await extension.globalState.update(asked, true);
  const run = "Run in Livy";
  const answer = await vscode.window.showInformationMessage(
    "Shall Shift+Enter run the selection in Livy, wherever a profile is selected? Ctrl+K Ctrl+Enter always does.",
    run,
    "Leave It",
  );
  if (answer !== undefined) await settings.setShiftEnter(answer === run ? "run" : "leave");
}
