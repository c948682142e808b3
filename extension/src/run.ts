// Runs what stands in the editor: the selection, a line, what is above or below, the whole file.

import * as vscode from "vscode";
import type { Language } from "../../protocol/protocol.ts";
import { argumentsKey, askArguments } from "./askArguments.ts";
import type { Context } from "./context.ts";
import type { Order } from "./runner.ts";
import {
  languageOf,
  lineAfter,
  lineAt,
  linesAbove,
  linesFrom,
  type Piece,
  selectedPieces,
  wholeDocument,
} from "./selection.ts";
import { argumentsIn, setArgumentsCode } from "./words.ts";

export function activate(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.runSelection", () => run(context, selection)),
    vscode.commands.registerCommand("livyd.runLine", () => runLine(context)),
    vscode.commands.registerCommand("livyd.runAbove", () => run(context, atCursor(linesAbove))),
    vscode.commands.registerCommand("livyd.runFromHere", () => run(context, atCursor(linesFrom))),
    vscode.commands.registerCommand("livyd.runFile", () => run(context, file([]))),
    vscode.commands.registerCommand("livyd.runFileWithArguments", () => runWithArguments(context)),
    vscode.commands.registerCommand("livyd.setArguments", () => setArguments(context)),
  );
}

type OrdersOf = (editor: vscode.TextEditor, language: Language) => Order[];

async function run(context: Context, ordersOf: OrdersOf): Promise<void> {
  const orders = ordersFrom(context, ordersOf);
  if (orders) await context.runner.run(orders);
}

/** Undefined after saying why there is nothing to run. */
function ordersFrom({ notices }: Context, ordersOf: OrdersOf): Order[] | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    notices.say("info", "There is no open editor to run from. Open a file and select code in it.");
    return undefined;
  }
  const language = languageOf(editor.document.languageId);
  if (!language) {
    const text = `Livy runs Python, Scala, SQL and R, and this file's language is "${editor.document.languageId}".`;
    notices.say("info", text, [
      { verb: "Change Language", command: "workbench.action.editor.changeLanguageMode" },
    ]);
    return undefined;
  }
  const orders = ordersOf(editor, language);
  if (orders.length > 0) return orders;
  notices.say("info", "There is nothing to run here. Write some code or select some.");
  return undefined;
}

const selection: OrdersOf = ({ document, selections }, language) => {
  const spans = selections.map(({ start, end }) => ({
    startLine: start.line,
    startCharacter: start.character,
    endLine: end.line,
    endCharacter: end.character,
  }));
  const pieces = selectedPieces(document.getText(), spans, language);
  return pieces.map((piece) => order(document, language, piece));
};

type PieceAt = (text: string, line: number, language: Language) => Piece | undefined;

function atCursor(pieceAt: PieceAt): OrdersOf {
  return ({ document, selection: { active } }, language) => {
    const piece = pieceAt(document.getText(), active.line, language);
    return piece ? [order(document, language, piece)] : [];
  };
}

/** The file as a program: only Python knows arguments. */
function file(given: string[]): OrdersOf {
  return ({ document }, language) => {
    const piece = wholeDocument(document.getText());
    if (!piece) return [];
    const program = language === "python" ? { program: { arguments: given } } : {};
    return [{ ...order(document, language, piece), ...program }];
  };
}

function order(document: vscode.TextDocument, language: Language, piece: Piece): Order {
  const { uri } = document;
  const path = uri.scheme === "file" ? uri.fsPath : uri.path;
  const source = { file: path, ...piece.lines, ...(piece.whole ? { whole: true } : {}) };
  return { language, code: piece.code, source };
}

/** A selection runs as it is; without one the line runs and the cursor goes on to the next. */
async function runLine(context: Context): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.selections.some((one) => !one.isEmpty)) return run(context, selection);
  const line = editor.selection.active.line;
  const text = editor.document.getText();
  const language = languageOf(editor.document.languageId);
  const blank = language !== undefined && lineAt(text, line, language) === undefined;
  const running = blank ? undefined : run(context, atCursor(lineAt));
  if (language !== undefined) advance(editor, lineAfter(text, line));
  await running;
}

function advance(editor: vscode.TextEditor, line: number): void {
  const place = new vscode.Position(
    line,
    editor.document.lineAt(line).firstNonWhitespaceCharacterIndex,
  );
  editor.selection = new vscode.Selection(place, place);
  editor.revealRange(new vscode.Range(place, place));
}

/** The arguments of each file are remembered with the workspace. */
async function runWithArguments(context: Context): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const name = editor?.document.uri.path.split("/").at(-1);
  const key = argumentsKey(editor?.document.uri);
  if (!ordersFrom(context, file([]))) return;
  const line = await askArguments(
    context.extension.workspaceState,
    key,
    `Run ${name} with arguments`,
    "What sys.argv[1:] shall be, as in a shell.",
  );
  if (line !== undefined) await run(context, file(argumentsIn(line)));
}

/** For all that runs from now on, until the session ends. */
async function setArguments(context: Context): Promise<void> {
  const line = await askArguments(
    context.extension.workspaceState,
    "livyd.arguments",
    "Set the session's arguments",
    "What sys.argv[1:] shall be in this session, as in a shell.",
  );
  if (line === undefined) return;
  const source = { file: "Set Arguments", firstLine: 1, lastLine: 3, whole: true };
  const code = setArgumentsCode(argumentsIn(line));
  await context.runner.run([{ language: "python", code, source }]);
}
