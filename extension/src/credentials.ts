// Offers a terminal with kinit; what a ticket's state is stands in the status bar.

import * as vscode from "vscode";
import type { Context } from "./context.ts";
import { kinitLine } from "./renderCredentials.ts";

export function activate(context: Context): vscode.Disposable {
  const { daemon, settings } = context;
  const showTicket = (): void => {
    const watched = settings.profile !== undefined && daemon.credentials(settings.profile);
    void vscode.commands.executeCommand("setContext", "livyd.watchesTicket", Boolean(watched));
  };
  return vscode.Disposable.from(
    daemon.onCredentialsChanged(showTicket),
    settings.onDidChange(showTicket),
    vscode.commands.registerCommand("livyd.openKinitTerminal", (profile) =>
      openTerminal(context, typeof profile === "string" ? profile : settings.profile),
    ),
  );
}

/** The line is typed and not executed: the user reads it first, and types the password there. */
function openTerminal({ daemon }: Context, profile: string | undefined): void {
  const principal = profile === undefined ? undefined : daemon.credentials(profile)?.principal;
  const terminal = vscode.window.createTerminal({ name: "kinit" });
  terminal.show();
  terminal.sendText(kinitLine(principal), false);
}
