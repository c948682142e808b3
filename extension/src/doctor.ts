// Diagnose Connection: each link on the way to a profile's server, as a page to read and to copy.

import * as vscode from "vscode";
import { doctorRun } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { diagnosis } from "./renderDoctor.ts";

export function activate(context: Context): vscode.Disposable {
  return vscode.commands.registerCommand("livyd.diagnose", (profile) =>
    diagnose(context, typeof profile === "string" ? profile : undefined),
  );
}

async function diagnose(context: Context, named: string | undefined): Promise<void> {
  const { daemon, documents, notices, settings } = context;
  const profile =
    named ?? (await vscode.commands.executeCommand<string | undefined>("livyd.chosenProfile"));
  if (profile === undefined) return;
  const origin = settings.originOf(profile);
  const asked = origin === undefined ? { profile } : { profile, origin };
  const location = vscode.ProgressLocation.Notification;
  const title = `Livy: looking at each link to ${profile}`;
  try {
    const result = await vscode.window.withProgress(
      { location, title, cancellable: true },
      (_progress, token) => daemon.ask(doctorRun, asked, token),
    );
    await documents.show(`${profile} (diagnosis)`, `${result.report.trimEnd()}\n`);
    const { severity, text } = diagnosis(profile, result);
    void offerCopy(severity, text, result.report);
  } catch (error) {
    notices.failed(error);
  }
}

/** The report carries no secrets: it is made to be pasted into a ticket. */
async function offerCopy(severity: "info" | "warning", text: string, report: string) {
  const copy = "Copy Report";
  const answer =
    severity === "info"
      ? await vscode.window.showInformationMessage(text, copy)
      : await vscode.window.showWarningMessage(text, copy);
  if (answer === copy) await vscode.env.clipboard.writeText(report);
}
