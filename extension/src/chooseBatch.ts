// Asks which batch is meant, where no row of the view says it.

import * as vscode from "vscode";
import { type BatchInfo, batchList } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { batchRow } from "./renderBatches.ts";
import { chosenProfile } from "./runner.ts";

/** Undefined when the user changed their mind, or after saying that there is none. Throws Failed. */
export async function chooseBatch({ daemon, notices }: Context): Promise<BatchInfo | undefined> {
  const profile = await chosenProfile();
  if (profile === undefined) return undefined;
  const { batches } = await daemon.ask(batchList, { profile });
  if (batches.length === 0) {
    notices.say("info", `There is no batch on ${profile}.`, [
      { verb: "Submit as Batch", command: "livyd.submitBatch" },
    ]);
    return undefined;
  }
  const choices = batches.map((batch) => {
    const { icon, label, description } = batchRow(batch);
    return { label: `$(${icon.replace("~spin", "")}) ${label}`, description, batch };
  });
  return (await vscode.window.showQuickPick(choices, { title: "Which batch?" }))?.batch;
}
