// The statements of the session, whoever sent them: to read, and to cancel.

import * as vscode from "vscode";
import { type ListedStatement, statementCancel, statementList } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import type { SessionRow } from "./renderSessions.ts";
import { canCancel, statementRow } from "./renderStatements.ts";

interface Choice extends vscode.QuickPickItem {
  statement: ListedStatement;
}

export function activate(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.listStatements", (row?: SessionRow) =>
      list(context, row),
    ),
    vscode.commands.registerCommand("livyd.cancelStatement", (row?: SessionRow) =>
      cancel(context, row),
    ),
  );
}

/** A chosen one is shown as it was sent. */
async function list(context: Context, row: SessionRow | undefined): Promise<void> {
  const chosen = await choose(context, row, "Statements", () => true);
  if (!chosen) return;
  const { statement } = chosen.choice;
  const title = `statement ${statement.statement}`;
  await context.documents.show(title, `${statement.code}\n`, "python");
}

async function cancel(context: Context, row: SessionRow | undefined): Promise<void> {
  const chosen = await choose(context, row, "Cancel Statement", canCancel);
  if (!chosen) return;
  const { statement } = chosen.choice.statement;
  const question = `Cancel statement ${statement}?`;
  const own = chosen.choice.statement.run !== undefined;
  const detail = own ? "It is a run of this window." : "Somebody else may have sent it.";
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail },
    "Cancel It",
  );
  if (answer === undefined) return;
  try {
    await context.daemon.ask(statementCancel, { ...chosen.where, statement });
    vscode.window.setStatusBarMessage(`Statement ${statement} is being cancelled.`, 5000);
  } catch (error) {
    context.notices.failed(error);
  }
}

async function choose(
  context: Context,
  row: SessionRow | undefined,
  title: string,
  fits: (statement: ListedStatement) => boolean,
) {
  const { daemon, notices, settings } = context;
  const profile = row?.profile ?? settings.profile;
  if (profile === undefined) {
    notices.say("info", "There is no session: no profile was chosen yet.");
    return undefined;
  }
  const session = row?.session.id;
  const where = session === undefined ? { profile } : { profile, session };
  try {
    const { statements, detail } = await daemon.ask(statementList, where);
    const choices = statements.filter(fits).map((statement): Choice => {
      return { ...statementRow(statement), statement };
    });
    if (choices.length === 0) {
      notices.say("info", detail ?? "There is no such statement in the session.");
      return undefined;
    }
    const placeHolder = detail ?? "The newest first";
    const choice = await vscode.window.showQuickPick(choices, {
      title,
      placeHolder,
      matchOnDescription: true,
    });
    return choice && { choice, where };
  } catch (error) {
    notices.failed(error);
    return undefined;
  }
}
