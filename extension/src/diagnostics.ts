// Underlines the line on which a run failed, until its file runs again or the line is edited.

import * as vscode from "vscode";
import type { RunInfo } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { uriOf } from "./output.ts";
import { lineAfterEdit, type Mark, markOf } from "./renderDiagnostics.ts";

export function activate({ daemon }: Context): vscode.Disposable {
  const marks = vscode.languages.createDiagnosticCollection("livyd");
  return vscode.Disposable.from(
    marks,
    daemon.onRunChanged((run) => {
      if (run.state !== "finished") clear(marks, run);
    }),
    daemon.onRunEnded((run) => {
      const mark = markOf(run);
      if (mark) void show(marks, mark);
    }),
    vscode.workspace.onDidChangeTextDocument((event) => follow(marks, event)),
  );
}

function clear(marks: vscode.DiagnosticCollection, { source }: RunInfo): void {
  const uri = source && uriOf(source.file);
  if (uri && marks.has(uri)) marks.delete(uri);
}

async function show(marks: vscode.DiagnosticCollection, mark: Mark): Promise<void> {
  const uri = uriOf(mark.file);
  if (!uri) return;
  const document = await vscode.workspace.openTextDocument(uri);
  if (mark.line >= document.lineCount) return;
  marks.set(uri, [diagnostic(document.lineAt(mark.line), mark.message)]);
}

function diagnostic(line: vscode.TextLine, message: string): vscode.Diagnostic {
  const start = line.range.start.with({ character: line.firstNonWhitespaceCharacterIndex });
  const end = line.range.start.with({ character: line.text.trimEnd().length });
  const made = new vscode.Diagnostic(new vscode.Range(start, end), message);
  made.source = "Livy";
  return made;
}

/** Moves with the text around it; an edit of the line itself clears it. */
function follow(
  marks: vscode.DiagnosticCollection,
  { document, contentChanges }: vscode.TextDocumentChangeEvent,
): void {
  const known = marks.get(document.uri)?.[0];
  if (!known) return;
  let line: number | undefined = known.range.start.line;
  for (const { range, text } of contentChanges) {
    if (line === undefined) break;
    const [start, end] = [range.start, range.end];
    // A line end that is put before the line's text, or behind another line's, does not touch it.
    const above: boolean = end.line === line && end.character === 0 && text.endsWith("\n");
    const added = text.split("\n").length - 1;
    if (above) line += added - (end.line - start.line);
    else
      line = lineAfterEdit(line, { firstLine: start.line, lastLine: end.line, lines: added + 1 });
  }
  if (line === known.range.start.line) return;
  if (line === undefined || line >= document.lineCount) marks.delete(document.uri);
  else marks.set(document.uri, [diagnostic(document.lineAt(line), known.message)]);
}
