// Submits a file as a batch: by itself, or packed with its packages into one.

import * as vscode from "vscode";
import { type BatchInfo, batchSubmit } from "../../protocol/protocol.ts";
import { argumentsKey, askArguments } from "./askArguments.ts";
import type { Context } from "./context.ts";
import { fileInSight, saveFiles } from "./editorFile.ts";
import { batchName, whyNoBatchFile } from "./renderBatches.ts";
import { chosenProfile } from "./runner.ts";
import { withTransfer } from "./transfer.ts";
import { argumentsIn } from "./words.ts";

export function activate(context: Context): vscode.Disposable {
  const register = (command: string, standalone: boolean): vscode.Disposable =>
    vscode.commands.registerCommand(command, async () => {
      try {
        const batch = await submit(context, standalone);
        if (batch) await show(batch);
      } catch (error) {
        context.notices.failed(error);
      }
    });
  return vscode.Disposable.from(
    register("livyd.submitBatch", false),
    register("livyd.submitStandaloneBatch", true),
  );
}

async function submit(context: Context, standalone: boolean): Promise<BatchInfo | undefined> {
  const { daemon, extension, notices } = context;
  const profile = await chosenProfile();
  if (profile === undefined) return undefined;
  const file = await askFile(profile, standalone);
  if (file === undefined) return undefined;
  const name = file.slice(file.lastIndexOf("/") + 1);
  const line = await askArguments(
    extension.workspaceState,
    argumentsKey(vscode.Uri.file(file)),
    `Arguments of ${name}`,
    "What the batch is given, as in a shell. Empty: nothing.",
  );
  if (line === undefined) return undefined;
  await daemon.profiles();
  const question = `Submit ${name} as a batch on ${profile}?`;
  if (!(await notices.confirmed(daemon.profile(profile), question, "Submit"))) return undefined;
  await saveFiles();
  const what = { profile, file, arguments: argumentsIn(line), standalone };
  return withTransfer(daemon, `Livy: submitting ${name} to ${profile}`, (transfer, token) =>
    daemon.ask(batchSubmit, { ...what, transfer }, token),
  );
}

/** The open file is offered; another one, or one of the cluster, can be named. */
async function askFile(profile: string, standalone: boolean): Promise<string | undefined> {
  const file = await vscode.window.showInputBox({
    title: standalone ? "Submit Standalone as Batch" : "Submit as Batch",
    prompt: standalone
      ? `The script that runs on ${profile}, with its packages inside: an absolute path.`
      : `What runs on ${profile}: an absolute path of this machine, or an address of the cluster.`,
    placeHolder: standalone ? "/home/alice/etl.py" : "hdfs:///jobs/etl.py",
    value: fileInSight() ?? "",
    validateInput: standalone ? whyNotHere : whyNoBatchFile,
  });
  return file?.trim();
}

function whyNotHere(text: string): string | undefined {
  return text.trim().startsWith("/") ? undefined : "Write an absolute path of this machine.";
}

/** Its log is what comes next. */
async function show(batch: BatchInfo): Promise<void> {
  vscode.window.setStatusBarMessage(`${batchName(batch)} is submitted to ${batch.profile}.`, 5000);
  await vscode.commands.executeCommand("livyd.refreshBatches");
  await vscode.commands.executeCommand("livyd.showBatchLog", { batch });
}
