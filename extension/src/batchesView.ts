// The Batches view: what the server of the chosen profile lists, and what can be done with each.

import * as vscode from "vscode";
import { type BatchInfo, batchKill, batchList } from "../../protocol/protocol.ts";
import { chooseBatch } from "./chooseBatch.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { batchName, batchRow, killQuestions, withBatch } from "./renderBatches.ts";
import { isWebAddress } from "./renderSessions.ts";

interface Element {
  batch: BatchInfo;
}

export function activate(context: Context): vscode.Disposable {
  const tree = new Batches(context);
  const view = vscode.window.createTreeView<Element>("livyd.batches", { treeDataProvider: tree });
  tree.shownIn(view);
  const register = (
    command: string,
    act: (context: Context, batch: BatchInfo) => Promise<void>,
  ): vscode.Disposable =>
    vscode.commands.registerCommand(command, (row?: Element) => onBatch(context, row, act));
  return vscode.Disposable.from(
    view,
    tree,
    view.onDidChangeVisibility(() => tree.refresh()),
    context.settings.onDidChange(() => tree.refresh()),
    context.daemon.onBatchChanged((batch) => tree.changed(batch)),
    vscode.commands.registerCommand("livyd.refreshBatches", () => tree.refresh()),
    register("livyd.killBatch", kill),
    register("livyd.copyBatchId", copyId),
    register("livyd.openBatchUi", ({ notices }, { sparkUiUrl }) => open(notices, sparkUiUrl)),
    register("livyd.openBatchDriverLog", ({ notices }, { driverLogUrl }) =>
      open(notices, driverLogUrl),
    ),
  );
}

class Batches implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly #context: Context;
  readonly #changed = new vscode.EventEmitter<undefined>();
  #view: vscode.TreeView<Element> | undefined;
  /** What the server said last of a profile; undefined: it has to be asked. */
  #listed: { profile: string; batches: BatchInfo[] } | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(context: Context) {
    this.#context = context;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  shownIn(view: vscode.TreeView<Element>): void {
    this.#view = view;
  }

  /** Asks the server again when somebody looks. */
  refresh(): void {
    this.#listed = undefined;
    this.#changed.fire(undefined);
  }

  /** The newer word on one of them: the list need not be asked for. */
  changed(batch: BatchInfo): void {
    if (this.#listed?.profile !== batch.profile) return;
    this.#listed.batches = withBatch(this.#listed.batches, batch);
    this.#changed.fire(undefined);
  }

  async getChildren(element?: Element): Promise<Element[]> {
    const { profile } = this.#context.settings;
    if (element || profile === undefined) return [];
    if (this.#listed?.profile !== profile) await this.#list(profile);
    return (this.#listed?.batches ?? []).map((batch) => ({ batch }));
  }

  getTreeItem({ batch }: Element): vscode.TreeItem {
    const row = batchRow(batch);
    const item = new vscode.TreeItem(row.label);
    item.id = `${batch.profile} ${batch.batch}`;
    item.description = row.description;
    const colour = row.colour === undefined ? undefined : new vscode.ThemeColor(row.colour);
    item.iconPath = new vscode.ThemeIcon(row.icon, colour);
    item.contextValue = row.context;
    item.tooltip = new vscode.MarkdownString(row.tooltip);
    item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
    return item;
  }

  async #list(profile: string): Promise<void> {
    try {
      const { batches } = await this.#context.daemon.ask(batchList, { profile });
      this.#listed = { profile, batches };
      this.#say(profile, undefined);
    } catch (error) {
      this.#listed = undefined;
      this.#say(profile, failedFrom(error).message);
    }
  }

  #say(profile: string, problem: string | undefined): void {
    if (!this.#view) return;
    this.#view.description = profile;
    if (problem === undefined) delete this.#view.message;
    else this.#view.message = problem;
  }
}

/** Of a row, or of one that is chosen. */
async function onBatch(
  context: Context,
  row: Element | undefined,
  act: (context: Context, batch: BatchInfo) => Promise<void>,
): Promise<void> {
  try {
    const batch = row?.batch ?? (await chooseBatch(context));
    if (batch) await act(context, batch);
  } catch (error) {
    context.notices.failed(error);
  }
}

async function kill({ daemon }: Context, batch: BatchInfo): Promise<void> {
  for (const { question, detail, verb } of killQuestions(batch)) {
    const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, verb);
    if (answer !== verb) return;
  }
  await daemon.ask(batchKill, { profile: batch.profile, batch: batch.batch });
  await vscode.commands.executeCommand("livyd.refreshBatches");
  vscode.window.setStatusBarMessage(`${batchName(batch)} is killed.`, 5000);
}

/** YARN's id where there is one: that is what other tools ask for. */
async function copyId(_context: Context, { applicationId, batch }: BatchInfo): Promise<void> {
  const id = applicationId ?? batch;
  await vscode.env.clipboard.writeText(id);
  vscode.window.setStatusBarMessage(`${id} is in the clipboard.`, 5000);
}

async function open(notices: Context["notices"], url: string | undefined): Promise<void> {
  if (isWebAddress(url)) await vscode.env.openExternal(vscode.Uri.parse(url));
  else notices.say("info", "The server names no such page for this batch.");
}
