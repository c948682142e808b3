// Tells the daemon whether somebody looks, so that it asks servers less often when nobody does.

import * as vscode from "vscode";
import { watch } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";

export function activate({ daemon }: Context): vscode.Disposable {
  let told: boolean | undefined;
  const tell = async (): Promise<void> => {
    const looking = isLooking();
    if (looking === told || !daemon.up) return;
    told = looking;
    try {
      await daemon.ask(watch, { looking });
    } catch (error) {
      told = undefined;
      daemon.warn(`livyd was not told that somebody looks: ${failedFrom(error).message}`);
    }
  };
  const tellAgain = (): void => {
    told = undefined;
    void tell();
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeWindowState(() => void tell()),
    vscode.window.onDidChangeVisibleTextEditors(() => void tell()),
    daemon.onProfilesChanged(tellAgain),
    daemon.onRestarted(tellAgain),
  );
}

/** The window has the focus, or one of livyd's channels is on the screen of an active window. */
function isLooking(): boolean {
  const { focused, active } = vscode.window.state;
  const shown = vscode.window.visibleTextEditors.some(
    ({ document: { uri } }) => uri.scheme === "output" && /Livy/.test(uri.path),
  );
  return focused || (active && shown);
}
