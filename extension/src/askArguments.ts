// Asks for the arguments of a program, and remembers them with the workspace.

import * as vscode from "vscode";

/** The line as it was typed; undefined when the user changed their mind. */
export async function askArguments(
  memory: vscode.Memento,
  key: string,
  title: string,
  prompt: string,
): Promise<string | undefined> {
  const value = memory.get(key, "");
  const placeHolder = "--date 2026-01-31 'two words'";
  const line = await vscode.window.showInputBox({ title, prompt, placeHolder, value });
  if (line !== undefined) await memory.update(key, line);
  return line;
}

/** Where the arguments of a file are remembered. */
export function argumentsKey(uri: vscode.Uri | undefined): string {
  return `livyd.arguments.${uri?.toString() ?? ""}`;
}
