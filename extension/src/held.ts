// Offers runs that an earlier livyd accepted and never sent: once, and nothing is sent unasked.
// Discard is also how a run that has ended is forgotten.

import * as vscode from "vscode";
import type { RunInfo } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { sourceLabel } from "./render.ts";
import { heldSentence } from "./renderRuns.ts";

export function activate(context: Context): vscode.Disposable {
  const offered = new Set<string>();
  return vscode.Disposable.from(
    context.daemon.onRunsListed(() => void offer(context, offered)),
    vscode.commands.registerCommand("livyd.releaseRun", (row: { run: RunInfo }) =>
      release(context, [row.run]),
    ),
    vscode.commands.registerCommand("livyd.discardRun", (row: { run: RunInfo }) =>
      forget(context, [row.run]),
    ),
    vscode.commands.registerCommand("livyd.releaseHeldRuns", () => releaseAll(context)),
    vscode.commands.registerCommand("livyd.discardHeldRuns", () => discardAll(context)),
  );
}

async function offer(context: Context, offered: Set<string>): Promise<void> {
  const held = context.daemon.heldRuns.filter(({ run }) => !offered.has(run));
  for (const { run } of held) offered.add(run);
  const [first] = held;
  if (!first) return;
  const which = held.length === 1 ? ` (${sourceLabel(first.source)})` : "";
  const text = heldSentence(held.length).replace(" was", `${which} was`);
  const run = held.length === 1 ? "Run" : "Run All";
  const discard = held.length === 1 ? "Discard" : "Discard All";
  const answer = await vscode.window.showInformationMessage(text, run, discard);
  if (answer === run) await release(context, held);
  const still = new Set(context.daemon.heldRuns.map(({ run }) => run));
  if (answer === discard)
    await forget(
      context,
      held.filter(({ run }) => still.has(run)),
    );
}

async function releaseAll(context: Context): Promise<void> {
  await release(context, context.daemon.heldRuns);
}

async function discardAll(context: Context): Promise<void> {
  await forget(context, context.daemon.heldRuns);
}

/** In the order in which they were asked for; what was answered elsewhere meanwhile is left. */
async function release({ daemon, notices, output }: Context, runs: RunInfo[]): Promise<void> {
  try {
    for (const { run, profile, source } of runs) {
      if (!daemon.heldRuns.some((held) => held.run === run)) continue;
      const question = `Run ${sourceLabel(source)} on ${profile}?`;
      if (!(await notices.confirmedRun(daemon.profile(profile), question))) continue;
      output.expect(run);
      await daemon.releaseRun(run);
    }
  } catch (error) {
    notices.failed(error);
  }
}

async function forget({ daemon, notices }: Context, runs: RunInfo[]): Promise<void> {
  try {
    const known = new Set((await daemon.listRuns()).map(({ run }) => run));
    await daemon.discardRuns(runs.map(({ run }) => run).filter((run) => known.has(run)));
  } catch (error) {
    notices.failed(error);
  }
}
