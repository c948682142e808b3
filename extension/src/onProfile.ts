// Commands that act on the profile that is chosen, or is chosen now.

import * as vscode from "vscode";
import type { Context } from "./context.ts";
import { chosenProfile } from "./runner.ts";

/** A command on the chosen profile; what goes wrong is said. */
export function registerOnProfile(
  command: string,
  context: Context,
  act: (context: Context, profile: string) => Promise<void>,
): vscode.Disposable {
  return vscode.commands.registerCommand(command, async () => {
    const profile = await chosenProfile();
    if (profile === undefined) return;
    try {
      await act(context, profile);
    } catch (error) {
      context.notices.failed(error);
    }
  });
}
