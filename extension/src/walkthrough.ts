// The first steps, one after the other, for whoever wants them: nothing opens by itself.

import * as vscode from "vscode";
import type { Context } from "./context.ts";

export function activate({ extension }: Context): vscode.Disposable {
  // Only then is it offered: VS Code opens one that is there at the installation.
  void vscode.commands.executeCommand("setContext", "livyd.active", true);
  return vscode.commands.registerCommand("livyd.openWalkthrough", () =>
    vscode.commands.executeCommand(
      "workbench.action.openWalkthrough",
      `${extension.extension.id}#start`,
      false,
    ),
  );
}
