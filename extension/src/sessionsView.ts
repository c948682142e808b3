// The Sessions view: what the server of the chosen profile lists, this window's first.

import * as vscode from "vscode";
import { type ListedSession, type SessionInfo, sessionDetails } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import {
  briefTooltip,
  detailsTooltip,
  groupTitles,
  type SessionGroup,
  type SessionRow,
  sessionRows,
} from "./renderSessions.ts";

type Element = SessionGroup | SessionRow;

/** By this scheme the rows of others are dimmed. */
const otherScheme = "livyd-others-session";

export function activate(context: Context): vscode.Disposable {
  const sessions = new Sessions(context);
  const view = vscode.window.createTreeView<Element>("livyd.sessions", {
    treeDataProvider: sessions,
  });
  sessions.shownIn(view);
  return vscode.Disposable.from(
    view,
    sessions,
    view.onDidChangeVisibility(() => sessions.refresh()),
    context.settings.onDidChange(() => sessions.refresh()),
    context.daemon.onSessionChanged((session) => sessions.changed(session)),
    vscode.window.registerFileDecorationProvider({
      provideFileDecoration: ({ scheme }) =>
        scheme === otherScheme ? { color: new vscode.ThemeColor("disabledForeground") } : undefined,
    }),
    vscode.commands.registerCommand("livyd.refreshSessions", () => sessions.refresh()),
  );
}

class Sessions implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly #context: Context;
  readonly #changed = new vscode.EventEmitter<undefined>();
  #view: vscode.TreeView<Element> | undefined;
  /** What the server said last, and for which state of this window's session it was asked. */
  #listed: ListedSession[] = [];
  #asked: string | undefined;
  #problem: string | undefined;

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
    this.#asked = undefined;
    this.#changed.fire(undefined);
  }

  changed(session: SessionInfo): void {
    if (session.profile === this.#context.settings.profile) this.#changed.fire(undefined);
  }

  async getChildren(element?: Element): Promise<Element[]> {
    const { profile } = this.#context.settings;
    if (profile === undefined) return [];
    if (element === undefined) await this.#list(profile);
    const rows = sessionRows(
      profile,
      this.#listed,
      this.#context.daemon.session(profile),
      Date.now(),
    );
    if (element === undefined) {
      const groups: SessionGroup[] = ["window", "mine", "others"];
      return groups.filter((group) => rows.some((row) => row.group === group));
    }
    return typeof element === "string" ? rows.filter((row) => row.group === element) : [];
  }

  getTreeItem(element: Element): vscode.TreeItem {
    return typeof element === "string" ? groupItem(element) : sessionItem(element);
  }

  /** The details are asked for when the mouse rests on a row. */
  async resolveTreeItem(item: vscode.TreeItem, element: Element): Promise<vscode.TreeItem> {
    if (typeof element === "string") return item;
    const { profile, session } = element;
    try {
      const details = await this.#context.daemon.ask(sessionDetails, {
        profile,
        session: session.id,
      });
      item.tooltip = new vscode.MarkdownString(detailsTooltip(element, details), true);
    } catch (error) {
      item.tooltip = failedFrom(error).message;
    }
    return item;
  }

  /** Once for each identity of this window's session: a run that begins or ends changes no list. */
  async #list(profile: string): Promise<void> {
    const { daemon } = this.#context;
    const known = daemon.session(profile);
    const key = JSON.stringify([profile, known?.id, known?.name, isSettled(known)]);
    if (this.#asked !== key) {
      this.#asked = key;
      try {
        this.#listed = await daemon.listSessions(profile);
        this.#problem = undefined;
      } catch (error) {
        this.#listed = [];
        this.#problem = failedFrom(error).message;
      }
    }
    this.#describe(profile);
  }

  #describe(profile: string): void {
    if (!this.#view) return;
    this.#view.description = profile;
    if (this.#problem === undefined) delete this.#view.message;
    else this.#view.message = this.#problem;
  }
}

/** It is on the server for good, or not there (any more): worth another look at the list. */
function isSettled(session: SessionInfo | undefined): string {
  if (!session) return "unknown";
  if (session.state === "idle" || session.state === "busy") return "there";
  return session.state;
}

function groupItem(group: SessionGroup): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(groupTitles[group], group === "others" ? Collapsed : Expanded);
  item.id = group;
  return item;
}

function sessionItem(row: SessionRow): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label);
  item.id = `${row.group} ${row.session.id} ${row.label}`;
  item.description = row.description;
  const colour = row.colour === undefined ? undefined : new vscode.ThemeColor(row.colour);
  item.iconPath = new vscode.ThemeIcon(row.icon, colour);
  item.contextValue = row.context;
  item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
  if (row.group === "others") {
    item.resourceUri = vscode.Uri.from({ scheme: otherScheme, path: `/${row.session.id}` });
  }
  // A row without an id is not on the server yet: what is known stands in the status bar.
  if (row.session.id === "") item.tooltip = new vscode.MarkdownString(briefTooltip(row), true);
  return item;
}
