// The file that the user looks at, as it stands on the disk, which is where the daemon reads it.

import * as vscode from "vscode";

/** A document of this machine: the active one, else one that can be seen; the channel is none. */
export function documentInSight(): vscode.TextDocument | undefined {
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  const seen = activeTextEditor ? [activeTextEditor, ...visibleTextEditors] : visibleTextEditors;
  return seen.find(({ document }) => document.uri.scheme === "file")?.document;
}

/** Absolute path of the file that the user looks at. */
export function fileInSight(): string | undefined {
  return documentInSight()?.uri.fsPath;
}

/** The same for requests, where a field is left out rather than undefined. */
export function withFileInSight(): { file?: string } {
  const file = fileInSight();
  return file === undefined ? {} : { file };
}

/** What is deployed is what is seen: files with changes are saved first. */
export async function saveFiles(): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    if (document.isDirty && document.uri.scheme === "file") await document.save();
  }
}
