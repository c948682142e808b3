// The results panel: what a run returned that is not plain text, in a page that loads nothing.

import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import * as vscode from "vscode";
import type { ResultPart, RunInfo } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { size, sourceLabel } from "./render.ts";
import {
  longestPart,
  type PanelRequest,
  panelPage,
  type ShownPart,
  shownPart,
  unreadPart,
} from "./renderResults.ts";
import { inOrder, runRow } from "./renderRuns.ts";

export function activate(context: Context): vscode.Disposable {
  const panel = new Panel(context);
  return vscode.Disposable.from(
    panel,
    vscode.commands.registerCommand("livyd.showResults", (one?: { run?: RunInfo }) =>
      show(context, panel, one?.run),
    ),
  );
}

/** Of a row of the Runs view; else of the newest run when it has some; else of a chosen one. */
async function show({ daemon, notices }: Context, panel: Panel, named?: RunInfo): Promise<void> {
  try {
    const run = named ?? (await newestOrChosen(await daemon.listRuns()));
    if (run) panel.show(run);
    else if (run === undefined) {
      notices.say(
        "info",
        "No run has returned a table, a figure or a page. Output stands in the channel.",
      );
    }
  } catch (error) {
    notices.failed(error);
  }
}

/** Undefined: there is none. Null: the user chose none. */
async function newestOrChosen(runs: RunInfo[]): Promise<RunInfo | undefined | null> {
  const ordered = inOrder(runs.map((run) => ({ run }))).map(({ run }) => run);
  const newest = ordered.find(({ state }) => state === "finished");
  const withParts = ordered.filter(({ result }) => (result?.parts.length ?? 0) > 0);
  if (withParts.length === 0) return undefined;
  if (withParts[0] === newest) return newest;
  const choices = withParts.map((run) => {
    const { label, description, icon } = runRow(run, Date.now());
    return { label: `$(${icon}) ${label}`, description, run };
  });
  return (await vscode.window.showQuickPick(choices, { title: "Show Results" }))?.run ?? null;
}

/** One panel, which shows one run at a time. */
class Panel implements vscode.Disposable {
  readonly #context: Context;
  #panel: vscode.WebviewPanel | undefined;
  #parts: ResultPart[] = [];
  #label = "";

  constructor(context: Context) {
    this.#context = context;
  }

  dispose(): void {
    this.#panel?.dispose();
  }

  show(run: RunInfo): void {
    this.#parts = run.result?.parts ?? [];
    this.#label = sourceLabel(run.source);
    const panel = this.#panel ?? this.#create();
    panel.title = `Results of ${this.#label}`;
    panel.webview.html = this.#page(panel);
    panel.reveal(undefined, true);
  }

  #create(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(
      "livyd.results",
      "Results",
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, enableForms: false, localResourceRoots: [this.#own] },
    );
    panel.onDidDispose(() => {
      this.#panel = undefined;
    });
    panel.webview.onDidReceiveMessage((request: PanelRequest) => void this.#answer(request));
    this.#panel = panel;
    return panel;
  }

  get #own(): vscode.Uri {
    return vscode.Uri.joinPath(this.#context.extension.extensionUri, "dist");
  }

  #page({ title, webview }: vscode.WebviewPanel): string {
    const script = webview.asWebviewUri(vscode.Uri.joinPath(this.#own, "results.js")).toString();
    const nonce = randomBytes(16).toString("hex");
    return panelPage({ title, nonce, script, ownSource: webview.cspSource });
  }

  async #answer(request: PanelRequest): Promise<void> {
    try {
      switch (request.ask) {
        case "parts": {
          const parts = await Promise.all(this.#parts.map(read));
          await this.#panel?.webview.postMessage({ parts });
          return;
        }
        case "copy":
          await vscode.env.clipboard.writeText(request.text);
          vscode.window.setStatusBarMessage("Copied.", 5000);
          return;
        case "csv":
          return await this.#save(request.part, request.text);
        case "open":
          return await openPart(this.#parts[request.part]);
      }
    } catch (error) {
      this.#context.notices.failed(error);
    }
  }

  async #save(part: number, text: string): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file("/");
    const name = `${this.#label.replace(/\.\w+(?=:|$)/, "").replace(/[^\w-]+/g, "-")}-${part + 1}.csv`;
    const uri = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(folder, name),
      filters: { CSV: ["csv"] },
    });
    if (uri) await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  }
}

async function openPart(part: ResultPart | undefined): Promise<void> {
  if (part) await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(part.file));
}

async function read(part: ResultPart): Promise<ShownPart> {
  try {
    const bytes = (await stat(part.file)).size;
    if (bytes > longestPart) return unreadPart(part, `${size(bytes)} are too much for this page.`);
    return shownPart(part, await readFile(part.file));
  } catch {
    return unreadPart(part, "It is not kept any more.");
  }
}
