// Offers a terminal with kinit; what a ticket's state is stands in the status bar.

import * as vscode from "vscode";
import type { Context } from "./context.ts";
import { kinitLine } from "./renderCredentials.ts";
import { writtenCache } from "./renderProfile.ts";

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
function openTerminal({ daemon, settings }: Context, profile = ""): void {
  const principal = daemon.credentials(profile)?.principal;
  const cache = writtenCache(profile, settings.profiles);
  const terminal = vscode.window.createTerminal({ name: "kinit" });
  terminal.show();
  terminal.sendText(kinitLine(principal, cache), false);
}
