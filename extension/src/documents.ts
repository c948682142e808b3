// Read-only pages: texts that a command shows in an editor of their own, and the outputs of single
// runs, which go on while the run does.

import * as vscode from "vscode";
import type { RunInfo } from "../../protocol/protocol.ts";
import type { Daemon } from "./daemon.ts";
import { outputLanguage } from "./output.ts";
import { sourceLabel } from "./render.ts";
import { Transcript } from "./renderTranscript.ts";

const pageScheme = "livyd-page";
const runScheme = "livyd-run";
const forgotten = "This page was made before the window was loaded again. Ask for it once more.\n";

/** The block of one run, as the channel would show it. */
class RunPage implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #run: string;
  readonly #changed: () => void;
  readonly #transcript = new Transcript((text) => {
    this.#text += text;
  });
  readonly #subscriptions: vscode.Disposable[];
  #text = "";

  constructor(daemon: Daemon, run: string, changed: () => void) {
    this.#daemon = daemon;
    this.#run = run;
    this.#changed = changed;
    const own = <T extends { run: string }>(take: (event: T) => void) => {
      return (event: T): void => {
        if (event.run !== run) return;
        take(event);
        this.#changed();
      };
    };
    this.#subscriptions = [
      daemon.onRunChanged(own((info: RunInfo) => this.#transcript.changed(info))),
      daemon.onRunOutput(own((piece) => this.#transcript.output(piece))),
      daemon.onRunFinished(own((info: RunInfo) => this.#transcript.finished(info))),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async text(): Promise<string> {
    if (this.#text === "") await this.#daemon.attachRun(this.#run, 0);
    return this.#text;
  }
}

export class Documents implements vscode.Disposable, vscode.TextDocumentContentProvider {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #pages = new Map<string, string>();
  readonly #runPages = new Map<string, RunPage>();
  readonly #subscriptions: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
    this.#subscriptions = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(pageScheme, this),
      vscode.workspace.registerTextDocumentContentProvider(runScheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
    ];
  }

  dispose(): void {
    for (const page of this.#runPages.values()) page.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Shows a text under a title; the same title again replaces it. */
  async show(title: string, text: string, language = "plaintext"): Promise<void> {
    const uri = vscode.Uri.from({ scheme: pageScheme, path: `/${title.replaceAll("/", "∕")}` });
    this.#pages.set(uri.toString(), text);
    this.#changed.fire(uri);
    await open(uri, language);
  }

  /** Shows what a run has printed so far, and what it goes on to print. Throws Failed. */
  async showRun(run: RunInfo): Promise<void> {
    const path = `/${sourceLabel(run.source)} (output)`;
    const uri = vscode.Uri.from({ scheme: runScheme, path, query: run.run });
    await this.#runPage(uri).text();
    await open(uri, outputLanguage);
  }

  provideTextDocumentContent(uri: vscode.Uri): string | Promise<string> {
    if (uri.scheme === pageScheme) return this.#pages.get(uri.toString()) ?? forgotten;
    return this.#runPage(uri)
      .text()
      .catch((error) => `${error instanceof Error ? error.message : String(error)}\n`);
  }

  #runPage(uri: vscode.Uri): RunPage {
    const key = uri.toString();
    const known = this.#runPages.get(key);
    if (known) return known;
    const page = new RunPage(this.#daemon, uri.query, () => this.#changed.fire(uri));
    this.#runPages.set(key, page);
    return page;
  }

  #forget(uri: vscode.Uri): void {
    const key = uri.toString();
    this.#pages.delete(key);
    this.#runPages.get(key)?.dispose();
    this.#runPages.delete(key);
  }
}

async function open(uri: vscode.Uri, language: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.languages.setTextDocumentLanguage(document, language);
  await vscode.window.showTextDocument(document, { preview: true });
}
