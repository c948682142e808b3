// The Deployed view: what livyd has put on the cluster of the chosen profile, and what is stale.

import * as vscode from "vscode";
import {
  type Deployed,
  type DeployListResult,
  deployList,
  deployRemove,
} from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { withFileInSight } from "./editorFile.ts";
import { deployedRow, removeQuestion } from "./renderDeploy.ts";
import { chosenProfile } from "./runner.ts";

interface Element {
  profile: string;
  deployed: Deployed;
}

export function activate(context: Context): vscode.Disposable {
  const tree = new DeployedTree(context);
  const view = vscode.window.createTreeView<Element>("livyd.deployed", { treeDataProvider: tree });
  tree.shownIn(view);
  const { daemon, settings } = context;
  const ofThis = ({ profile }: { profile: string }): void => {
    if (profile === settings.profile) tree.refresh();
  };
  const register = (
    command: string,
    act: (context: Context, element: Element) => Promise<void>,
  ): vscode.Disposable =>
    vscode.commands.registerCommand(command, (one?: Element) => onDeployed(context, one, act));
  return vscode.Disposable.from(
    view,
    tree,
    view.onDidChangeVisibility(() => tree.refresh()),
    settings.onDidChange(() => tree.refresh()),
    daemon.onDeployChanged(ofThis),
    daemon.onSessionChanged(({ profile, state }) => {
      // A session that has just started was given what is deployed.
      if (state === "idle" || state === "none") ofThis({ profile });
    }),
    vscode.workspace.onDidSaveTextDocument(() => tree.refresh()),
    vscode.commands.registerCommand("livyd.refreshDeployed", () => tree.refresh()),
    register("livyd.removeDeployed", remove),
    register("livyd.copyDeployedTarget", copyTarget),
  );
}

class DeployedTree implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly #context: Context;
  readonly #changed = new vscode.EventEmitter<undefined>();
  #view: vscode.TreeView<Element> | undefined;

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

  /** Nothing is asked while nobody looks. */
  refresh(): void {
    if (this.#view?.visible) this.#changed.fire(undefined);
  }

  async getChildren(element?: Element): Promise<Element[]> {
    const { profile } = this.#context.settings;
    if (element || profile === undefined) return [];
    try {
      const { deployed } = await listed(this.#context, profile);
      this.#say(profile, undefined);
      return deployed.map((one) => ({ profile, deployed: one }));
    } catch (error) {
      this.#say(profile, failedFrom(error).message);
      return [];
    }
  }

  getTreeItem({ profile, deployed }: Element): vscode.TreeItem {
    const row = deployedRow(deployed, Date.now());
    const item = new vscode.TreeItem(row.label);
    item.id = `${profile} ${deployed.target}`;
    item.description = row.description;
    const colour = row.colour === undefined ? undefined : new vscode.ThemeColor(row.colour);
    item.iconPath = new vscode.ThemeIcon(row.icon, colour);
    item.contextValue = row.context;
    item.tooltip = new vscode.MarkdownString(row.tooltip);
    item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
    return item;
  }

  #say(profile: string, problem: string | undefined): void {
    if (!this.#view) return;
    this.#view.description = profile;
    if (problem === undefined) delete this.#view.message;
    else this.#view.message = problem;
  }
}

async function listed({ daemon }: Context, profile: string): Promise<DeployListResult> {
  return daemon.ask(deployList, { profile, ...withFileInSight() });
}

/** Of a row, or of one that is chosen. */
async function onDeployed(
  context: Context,
  one: Element | undefined,
  act: (context: Context, element: Element) => Promise<void>,
): Promise<void> {
  try {
    const element = one ?? (await choose(context));
    if (element) await act(context, element);
  } catch (error) {
    context.notices.failed(error);
  }
}

async function choose(context: Context): Promise<Element | undefined> {
  const profile = await chosenProfile();
  if (profile === undefined) return undefined;
  const { deployed } = await listed(context, profile);
  if (deployed.length === 0) {
    context.notices.say("info", `livyd has deployed nothing to ${profile}.`, [
      { verb: "Deploy Now", command: "livyd.deployNow" },
    ]);
    return undefined;
  }
  const choices = deployed.map((one) => {
    const { icon, label, description } = deployedRow(one, Date.now());
    return { label: `$(${icon}) ${label}`, description, profile, deployed: one };
  });
  return vscode.window.showQuickPick(choices, { title: "Which one?", matchOnDescription: true });
}

async function remove(context: Context, { profile, deployed }: Element): Promise<void> {
  const { question, detail } = removeQuestion(deployed, profile);
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail },
    "Remove",
  );
  if (answer !== "Remove") return;
  await context.daemon.ask(deployRemove, { profile, target: deployed.target });
  await vscode.commands.executeCommand("livyd.refreshDeployed");
  vscode.window.setStatusBarMessage(`${deployed.bundle} is removed from ${profile}.`, 5000);
}

async function copyTarget(_context: Context, { deployed }: Element): Promise<void> {
  await vscode.env.clipboard.writeText(deployed.target);
  vscode.window.setStatusBarMessage(`${deployed.target} is in the clipboard.`, 5000);
}
