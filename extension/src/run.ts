// Runs what is selected, or the whole file, and stops it.

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { Language, RunInfo, RunStartParams, RunStopResult } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { sourceLabel } from "./render.ts";
import { activeRun } from "./renderStatus.ts";
import { languageOf, type Piece, selectedPieces, wholeDocument } from "./selection.ts";

type Order = Omit<RunStartParams, "run" | "profile">;

/** What the user asked for, before a profile is known. */
interface Request {
  orders: Order[];
  whole: boolean;
}

export function activate(context: Context): vscode.Disposable {
  const { daemon } = context;
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.runSelection", () => run(context, selectionOrders)),
    vscode.commands.registerCommand("livyd.runFile", () => run(context, fileOrders)),
    vscode.commands.registerCommand("livyd.stopRun", () => stop(context)),
    daemon.onRunChanged(() => showRunning(context)),
    daemon.onRunFinished((finished) => {
      showRunning(context);
      if (finished.result?.outcome === "failed") sayFailure(context, finished);
    }),
  );
}

type OrdersOf = (editor: vscode.TextEditor, language: Language) => Request;

async function run(context: Context, ordersOf: OrdersOf): Promise<void> {
  const request = requestFrom(context, ordersOf);
  if (!request) return;
  // The code is taken before any question is asked: it is what the user saw when pressing the key.
  const name = await vscode.commands.executeCommand<string | undefined>("livyd.chosenProfile");
  if (name === undefined) return;
  try {
    await context.daemon.profiles();
    const profile = context.daemon.profile(name);
    const question = `Run ${describe(request)} on ${name}?`;
    if (!(await context.notices.confirmed(profile, question, "Run"))) return;
    for (const order of request.orders) await start(context, name, order, request.whole);
  } catch (error) {
    context.notices.failed(error);
  }
}

/** A run that is refused has its block too: its code was asked for and did not run. */
async function start(context: Context, profile: string, order: Order, whole: boolean) {
  const { daemon, output, notices } = context;
  const params: RunStartParams = { run: randomUUID(), profile, ...order };
  output.expect(params.run, whole);
  try {
    await daemon.startRun(params);
  } catch (error) {
    const { run, language, source } = params;
    const info: RunInfo = {
      run,
      profile,
      language,
      state: "finished",
      accepted: Date.now(),
      outputBytes: 0,
      ...(source ? { source } : {}),
    };
    // A daemon that stopped may have sent the code before.
    const failed = failedFrom(error);
    output.end(info, failed.kind === "daemonDown" ? "unknown" : "failed", failed.message);
    notices.failed(error, true);
  }
}

/** Undefined after saying why there is nothing to run. */
function requestFrom(context: Context, ordersOf: OrdersOf): Request | undefined {
  const { notices } = context;
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
  const request = ordersOf(editor, language);
  if (request.orders.length > 0) return request;
  notices.say("info", "There is nothing to run here. Write some code or select some.");
  return undefined;
}

function selectionOrders(editor: vscode.TextEditor, language: Language): Request {
  const spans = editor.selections.map(({ start, end }) => ({
    startLine: start.line,
    startCharacter: start.character,
    endLine: end.line,
    endCharacter: end.character,
  }));
  const pieces = selectedPieces(editor.document.getText(), spans, language);
  const orders = pieces.map((piece) => order(editor.document, language, piece));
  return { orders, whole: pieces.some((piece) => piece.whole) };
}

function fileOrders(editor: vscode.TextEditor, language: Language): Request {
  const piece = wholeDocument(editor.document.getText());
  if (!piece) return { orders: [], whole: true };
  const program = language === "python" ? { program: { arguments: [] } } : {};
  return { orders: [{ ...order(editor.document, language, piece), ...program }], whole: true };
}

function order(document: vscode.TextDocument, language: Language, piece: Piece): Order {
  const { uri } = document;
  const file = uri.scheme === "file" ? uri.fsPath : uri.path;
  return { language, code: piece.code, source: { file, ...piece.lines } };
}

function describe(request: Request): string {
  const [first, ...others] = request.orders;
  const label = sourceLabel(first?.source, request.whole);
  return others.length === 0 ? label : `${label} and ${others.length} more`;
}

/** An exception is the code's own result and stands in the channel; that it never ran is not. */
function sayFailure({ daemon, notices }: Context, { profile, result }: RunInfo): void {
  const removed = daemon.session(profile)?.state === "removed";
  const button = removed
    ? { verb: "Start Session", command: "livyd.startSession" }
    : { verb: "Show Log", command: "livyd.showLog" };
  notices.say("error", result?.message ?? "", [button]);
}

/** Stops the run that is on the server; of the active profile, if it has one. */
async function stop(context: Context): Promise<void> {
  const { daemon, settings, notices } = context;
  const unfinished = daemon.unfinishedRuns;
  const own = unfinished.filter((one) => one.profile === settings.profile);
  const target = activeRun(own) ?? activeRun(unfinished);
  if (!target) {
    notices.say("info", "Nothing is running.");
    return;
  }
  const profile = daemon.profile(target.profile);
  const question = `Stop ${sourceLabel(target.source, false)} on ${target.profile}?`;
  if (!(await notices.confirmed(profile, question, "Stop"))) return;
  try {
    sayTruth(context, await daemon.stopRun(target.run));
  } catch (error) {
    notices.failed(error);
  }
}

/** The block in the channel says what ended; only what did not is worth a notification. */
function sayTruth({ notices }: Context, { truth, message }: RunStopResult): void {
  if (truth === "busy") {
    notices.say("warning", message, [
      { verb: "Keep Waiting", command: "livyd.showOutput" },
      { verb: "Restart Session", command: "livyd.restartSession" },
    ]);
  } else if (truth === "unknown") {
    notices.say("warning", message, [{ verb: "Show Log", command: "livyd.showLog" }]);
  } else {
    vscode.window.setStatusBarMessage(message, 5000);
  }
}

function showRunning({ daemon }: Context): void {
  const running = daemon.unfinishedRuns.length > 0;
  void vscode.commands.executeCommand("setContext", "livyd.running", running);
}
