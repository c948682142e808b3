// The Runs view: what was run here, the newest first, what waits for the user's word on top.

import * as vscode from "vscode";
import { type RunInfo, runCode } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { uriOf } from "./output.ts";
import { count } from "./render.ts";
import { inOrder, longestView, runRow } from "./renderRuns.ts";

/** A row. The object stays the same while the run changes. */
interface Element {
  run: RunInfo;
}

export function activate(context: Context): vscode.Disposable {
  const { daemon, documents } = context;
  const runs = new Runs();
  const view = vscode.window.createTreeView<Element>("livyd.runs", { treeDataProvider: runs });
  runs.shownIn(view);
  const register = (command: string, act: (run: RunInfo) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(command, (one?: Element) => onRun(context, one, act));
  return vscode.Disposable.from(
    view,
    runs,
    daemon.onRunsListed((all) => runs.replace(all)),
    daemon.onRunChanged((run) => runs.changed(run)),
    daemon.onRunFinished((run) => runs.changed(run)),
    vscode.commands.registerCommand("livyd.refreshRuns", () => refresh(context)),
    register("livyd.openRunPlace", openPlace),
    register("livyd.showRunOutput", (run) => documents.showRun(run)),
    register("livyd.copyRunCode", async ({ run }) => {
      const { code } = await daemon.ask(runCode, { run });
      await vscode.env.clipboard.writeText(code);
      vscode.window.setStatusBarMessage("The code is in the clipboard.", 5000);
    }),
  );
}

class Runs implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<Element | undefined>();
  readonly #elements = new Map<string, Element>();
  #view: vscode.TreeView<Element> | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  dispose(): void {
    this.#changed.dispose();
  }

  shownIn(view: vscode.TreeView<Element>): void {
    this.#view = view;
  }

  replace(runs: RunInfo[]): void {
    const there = new Set(runs.map(({ run }) => run));
    for (const run of this.#elements.keys()) if (!there.has(run)) this.#elements.delete(run);
    for (const run of runs) this.#take(run);
    this.#changed.fire(undefined);
  }

  changed(run: RunInfo): void {
    const before = this.#elements.get(run.run);
    const moves = !before || (before.run.state === "held") !== (run.state === "held");
    const element = this.#take(run);
    this.#changed.fire(moves ? undefined : element);
  }

  getChildren(element?: Element): Element[] {
    if (element) return [];
    this.#describe();
    return inOrder([...this.#elements.values()]);
  }

  getTreeItem({ run }: Element): vscode.TreeItem {
    const { label, description, icon, colour, context, tooltip } = runRow(run, Date.now());
    const item = new vscode.TreeItem(label);
    item.id = run.run;
    item.description = description;
    const themed = colour === undefined ? undefined : new vscode.ThemeColor(colour);
    item.iconPath = new vscode.ThemeIcon(icon, themed);
    item.contextValue = context;
    item.tooltip = new vscode.MarkdownString(tooltip);
    item.accessibilityInformation = { label: `${label}, ${description}` };
    item.command = { title: "Open", command: "livyd.openRunPlace", arguments: [{ run }] };
    return item;
  }

  #take(run: RunInfo): Element {
    const known = this.#elements.get(run.run);
    if (known) known.run = run;
    const element = known ?? { run };
    this.#elements.set(run.run, element);
    return element;
  }

  #describe(): void {
    if (!this.#view) return;
    const { size } = this.#elements;
    if (size <= longestView) delete this.#view.message;
    else
      this.#view.message = `The ${longestView} newest of ${count(size, "run")}. Search History finds the others.`;
  }
}

/** Of a row, or of a run that is chosen. */
async function onRun(
  context: Context,
  one: Element | undefined,
  act: (run: RunInfo) => Promise<void>,
): Promise<void> {
  try {
    const run = one?.run ?? (await choose(context));
    if (run) await act(run);
  } catch (error) {
    context.notices.failed(error);
  }
}

async function choose({ daemon }: Context): Promise<RunInfo | undefined> {
  const runs = inOrder((await daemon.listRuns()).map((run) => ({ run })));
  const choices = runs.map(({ run }) => {
    const { icon, label, description } = runRow(run, Date.now());
    return { label: `$(${icon}) ${label}`, description, run };
  });
  const chosen = await vscode.window.showQuickPick(choices, { title: "Which run?" });
  return chosen?.run;
}

async function refresh({ daemon, notices }: Context): Promise<void> {
  try {
    await daemon.listRuns();
  } catch (error) {
    notices.failed(error);
  }
}

/** The code in its file, or what is left of it when there is no such file. */
async function openPlace({ source, run }: RunInfo): Promise<void> {
  const uri = source && uriOf(source.file);
  if (!source || !uri) {
    vscode.window.setStatusBarMessage("The file of this run is not there any more.", 5000);
    await vscode.commands.executeCommand("livyd.showRunOutput", { run: { run, source } });
    return;
  }
  const document = await vscode.workspace.openTextDocument(uri);
  const end = Math.min(source.lastLine, document.lineCount) - 1;
  const start = Math.min(source.firstLine - 1, end);
  const last = document.lineAt(end).range.end;
  const selection = source.whole
    ? new vscode.Range(0, 0, 0, 0)
    : new vscode.Range(new vscode.Position(start, 0), last);
  await vscode.window.showTextDocument(document, { selection, preview: true });
}
