// The HDFS view: a folder of the cluster of the chosen profile, read as far as it is opened.

import * as vscode from "vscode";
import type { HdfsEntry } from "../../protocol/protocol.ts";
import { askPath, folderShown } from "./askPath.ts";
import { type ClusterPath, uriFor } from "./clusterFiles.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { hdfsRow, inListOrder, pathIn, remarkRow } from "./renderHdfs.ts";
import { hasWebhdfs, likelyWebhdfs, whyNoAddress, writtenProfile } from "./renderProfile.ts";
import { chosenProfile } from "./runner.ts";

/** A file or folder; or, without one, a remark about the others. */
interface Element extends ClusterPath {
  entry?: HdfsEntry;
  remark?: string;
}

export function activate(context: Context): vscode.Disposable {
  const tree = new HdfsTree(context);
  const view = vscode.window.createTreeView<Element>("livyd.hdfs", {
    treeDataProvider: tree,
    showCollapseAll: true,
  });
  tree.shownIn(view);
  const register = (command: string, act: (element?: Element) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(command, act);
  return vscode.Disposable.from(
    view,
    tree,
    context.files.onChanged(() => tree.refresh()),
    context.settings.onDidChange(() => tree.refresh()),
    context.daemon.onReplaced(() => tree.refresh()),
    register("livyd.refreshHdfs", () => tree.refresh()),
    register("livyd.hdfsOpen", (element) => open(context, element)),
    register("livyd.hdfsGoTo", () => goTo(context, tree)),
    register("livyd.hdfsCopyPath", (element) => copyPath(context, element)),
    register("livyd.setHdfsAddress", () => setAddress(context)),
  );
}

class HdfsTree implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly #context: Context;
  readonly #changed = new vscode.EventEmitter<undefined>();
  #view: vscode.TreeView<Element> | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(context: Context) {
    this.#context = context;
    this.#showWhy(false);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  shownIn(view: vscode.TreeView<Element>): void {
    this.#view = view;
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  async getChildren(element?: Element): Promise<Element[]> {
    return element ? this.#below(element) : this.#top();
  }

  getTreeItem(element: Element): vscode.TreeItem {
    const { profile, path, entry, remark } = element;
    const row = entry ? hdfsRow(path, entry) : remarkRow(remark ?? "");
    const { Collapsed, None } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(row.label, entry?.folder ? Collapsed : None);
    item.id = `${profile} ${path} ${remark ?? ""}`;
    item.description = row.description;
    item.contextValue = row.context;
    item.tooltip = row.tooltip;
    item.iconPath = row.icon === "info" ? new vscode.ThemeIcon("info") : icons[row.icon];
    if (!entry) return item;
    item.resourceUri = uriFor(element);
    if (!entry.folder) {
      item.command = { title: "Open", command: "livyd.hdfsOpen", arguments: [element] };
    }
    return item;
  }

  /** The shown folder's content; without one, the view says why. */
  async #top(): Promise<Element[]> {
    const { settings, files } = this.#context;
    const { profile } = settings;
    this.#say(undefined, profile ?? "");
    this.#showWhy(false);
    if (profile === undefined || !hasWebhdfs(profile, settings.profiles)) return [];
    try {
      const { path, rows } = await this.#list({ profile, path: files.shownFolder(profile) });
      this.#say(undefined, `${profile}: ${path}`);
      this.#showWhy(rows.length === 0);
      return rows;
    } catch (error) {
      this.#say(failedFrom(error).message, profile);
      return [];
    }
  }

  async #below(folder: Element): Promise<Element[]> {
    try {
      return (await this.#list(folder)).rows;
    } catch (error) {
      const { profile, path } = folder;
      return [{ profile, path, remark: failedFrom(error).message }];
    }
  }

  async #list(folder: ClusterPath): Promise<{ path: string; rows: Element[] }> {
    const { profile } = folder;
    const { path, entries, detail } = await this.#context.files.list(folder);
    const rows: Element[] = inListOrder(entries).map((entry) => ({
      profile,
      path: pathIn(path, entry.name),
      entry,
    }));
    if (detail !== undefined && detail !== "") rows.push({ profile, path, remark: detail });
    return { path, rows };
  }

  #say(message: string | undefined, description: string): void {
    if (!this.#view) return;
    this.#view.description = description;
    if (message === undefined) delete this.#view.message;
    else this.#view.message = message;
  }

  /** Which welcome an empty view has: there is no address, or there is nothing in the folder. */
  #showWhy(empty: boolean): void {
    const { profile, profiles } = this.#context.settings;
    const known = profile !== undefined && hasWebhdfs(profile, profiles);
    void vscode.commands.executeCommand("setContext", "livyd.hasHdfs", known);
    void vscode.commands.executeCommand("setContext", "livyd.hdfsEmpty", empty);
  }
}

const icons = { folder: vscode.ThemeIcon.Folder, file: vscode.ThemeIcon.File };

async function open(context: Context, element: Element | undefined): Promise<void> {
  await guarded(context, async () => {
    const place = element ?? (await askPath(context, "Open an HDFS File"));
    if (!place) return;
    const path = element?.path ?? (await context.files.status(place)).path;
    await vscode.commands.executeCommand("vscode.open", uriFor({ ...place, path }));
  });
}

/** Of a row, or of the folder that is shown. */
async function copyPath(context: Context, element: Element | undefined): Promise<void> {
  await guarded(context, async () => {
    const place = element ?? (await folderShown(context));
    if (!place) return;
    const path = element?.path ?? (await context.files.status(place)).path;
    await vscode.env.clipboard.writeText(path);
    vscode.window.setStatusBarMessage(`${path} is in the clipboard.`, 5000);
  });
}

async function goTo(context: Context, tree: HdfsTree): Promise<void> {
  const place = await askPath(context, "Go to an HDFS Folder");
  if (!place) return;
  context.files.showFolder(place.profile, place.path);
  tree.refresh();
  await vscode.commands.executeCommand("livyd.hdfs.focus");
}

/** Writes where WebHDFS is into the profile that has to know it. */
async function setAddress({ notices, settings }: Context): Promise<void> {
  const profile = await chosenProfile();
  if (profile === undefined) return;
  const { url } = writtenProfile(profile, settings.profiles);
  const address = await vscode.window.showInputBox({
    title: `WebHDFS of ${profile}`,
    prompt: "The address of WebHDFS, at the gateway or at a name node.",
    placeHolder: "https://gw.example.com:8443/gateway/default/webhdfs/v1",
    value: likelyWebhdfs(url),
    validateInput: whyNoAddress,
    ignoreFocusOut: true,
  });
  if (address === undefined) return;
  try {
    await settings.setProfileField(profile, "webhdfs", address.trim());
    await vscode.commands.executeCommand("livyd.hdfs.focus");
  } catch (error) {
    notices.failed(error);
  }
}

async function guarded({ notices }: Context, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    notices.failed(error);
  }
}
