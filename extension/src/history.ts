// Searches what was run and what it printed, and forgets it on request.

import * as vscode from "vscode";
import {
  type HistoryMatch,
  historyClear,
  historySearch,
  type RunInfo,
} from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { count, sourceLabel } from "./render.ts";
import { runRow } from "./renderRuns.ts";

const limit = 200;

interface Found extends vscode.QuickPickItem {
  run: RunInfo;
}

export function activate(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.searchHistory", () => search(context)),
    vscode.commands.registerCommand("livyd.clearHistory", () => clear(context)),
  );
}

async function search(context: Context): Promise<void> {
  const { daemon, documents, notices } = context;
  try {
    const runs = new Map((await daemon.listRuns()).map((run) => [run.run, run]));
    if (runs.size === 0) return notices.say("info", "Nothing has run yet, so there is no history.");
    const found = await ask(context, runs);
    if (found) await documents.showRun(found.run);
  } catch (error) {
    notices.failed(error);
  }
}

/** Every letter asks anew; an answer that is late is not looked at. */
function ask(context: Context, runs: Map<string, RunInfo>): Promise<Found | undefined> {
  const pick = vscode.window.createQuickPick<Found>();
  pick.title = "Search History";
  pick.placeholder = "Words in the code or in the output of earlier runs";
  let latest = "";
  pick.onDidChangeValue(async (text) => {
    latest = text;
    pick.busy = true;
    const items = await matches(context, runs, text);
    if (latest !== text) return;
    pick.items = items;
    pick.busy = false;
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.activeItems[0]);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

async function matches(
  { daemon }: Context,
  runs: Map<string, RunInfo>,
  text: string,
): Promise<Found[]> {
  if (text.trim() === "") return [];
  try {
    const answer = await daemon.ask(historySearch, { text, limit });
    return answer.matches.flatMap((match) => item(match, runs.get(match.run)) ?? []);
  } catch (error) {
    daemon.warn(`The history could not be searched: ${failedFrom(error).message}`);
    return [];
  }
}

function item({ line, code }: HistoryMatch, run: RunInfo | undefined): Found | undefined {
  if (!run) return undefined;
  const { description } = runRow(run, Date.now());
  return {
    label: `$(${code ? "code" : "output"}) ${line.trim()}`,
    description: `${sourceLabel(run.source)} · ${description}`,
    alwaysShow: true,
    run,
  };
}

async function clear({ daemon, notices }: Context): Promise<void> {
  try {
    const ended = (await daemon.listRuns()).filter(({ state }) => state === "finished");
    if (ended.length === 0) return notices.say("info", "The history is empty.");
    const question = `Forget ${count(ended.length, "run")} and their outputs?`;
    const detail = "They are deleted from this machine. What runs now is kept.";
    const answer = await vscode.window.showWarningMessage(
      question,
      { modal: true, detail },
      "Clear",
    );
    if (answer !== "Clear") return;
    await daemon.ask(historyClear, {});
    await daemon.listRuns();
  } catch (error) {
    notices.failed(error);
  }
}
