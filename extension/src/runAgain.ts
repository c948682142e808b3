// Runs something once more, and looks again for a run whose outcome is unknown.

import * as vscode from "vscode";
import { type RunInfo, runCode } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import type { Order } from "./runner.ts";
import { argumentsIn } from "./words.ts";

/** A row of the Runs view, or what a notice's button carries. */
interface OfRun {
  run: Pick<RunInfo, "run">;
}

export function activate(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.rerunLast", () => rerunLast(context)),
    vscode.commands.registerCommand("livyd.runAgain", (one?: OfRun) => runAgain(context, one)),
    vscode.commands.registerCommand("livyd.lookAgain", (one?: OfRun) => lookAgain(context, one)),
  );
}

/** A whole file runs as it is now, a part of one as it was. */
async function rerunLast(context: Context): Promise<void> {
  const { runner } = context;
  if (runner.last.length === 0) return runNewest(context);
  const orders: Order[] = [];
  for (const order of runner.last) orders.push(await upToDate(order));
  await runner.run(orders);
}

/** After a reload of the window: what the daemon remembers. */
async function runNewest(context: Context): Promise<void> {
  try {
    const newest = (await context.daemon.listRuns()).at(-1);
    if (newest) return await repeat(context, newest);
  } catch (error) {
    return context.notices.failed(error);
  }
  context.notices.say("info", "Nothing has run yet. Select some code and run it.");
}

async function upToDate(order: Order): Promise<Order> {
  if (!order.source?.whole) return order;
  const open = vscode.workspace.textDocuments.find(
    ({ uri }) =>
      uri.scheme !== "output" && [uri.fsPath, uri.path].includes(order.source?.file ?? ""),
  );
  return open ? { ...order, code: open.getText().replace(/\r\n?/g, "\n").toWellFormed() } : order;
}

async function runAgain(context: Context, one?: OfRun): Promise<void> {
  if (!one) return rerunLast(context);
  try {
    const known = (await context.daemon.listRuns()).find(({ run }) => run === one.run.run);
    if (known) await repeat(context, known);
  } catch (error) {
    context.notices.failed(error);
  }
}

/** The code as it was, on the profile where it ran. */
async function repeat({ daemon, extension, runner }: Context, known: RunInfo): Promise<void> {
  const { code } = await daemon.ask(runCode, { run: known.run });
  const { language, source, profile } = known;
  const remembered = vscode.Uri.file(source?.file ?? "").toString();
  const line = extension.workspaceState.get(`livyd.arguments.${remembered}`, "");
  const order: Order = {
    language,
    code,
    ...(source ? { source } : {}),
    ...(known.program ? { program: { arguments: argumentsIn(line) } } : {}),
  };
  await runner.run([order], profile);
}

/** The channel says what was found; only that nothing was found is worth a notification. */
async function lookAgain({ daemon, notices }: Context, one?: OfRun): Promise<void> {
  if (!one) return;
  try {
    const { state, result } = await daemon.lookForRun(one.run.run);
    if (state === "finished" && result?.outcome === "unknown") {
      notices.say("warning", result.message, [
        { verb: "Look Again", command: "livyd.lookAgain", arguments: [one] },
        { verb: "Run Again", command: "livyd.runAgain", arguments: [one] },
      ]);
    }
  } catch (error) {
    notices.failed(error);
  }
}
