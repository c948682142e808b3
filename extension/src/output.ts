// The Output Channel "Livy": draws what the daemon says of runs, links places to files, and draws
// everything again after a reload of the window.

import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import * as vscode from "vscode";
import type { RunInfo, RunOutcome } from "../../protocol/protocol.ts";
import type { Daemon } from "./daemon.ts";
import { count, fileLabel, size, sourceLabel } from "./render.ts";
import { type Place, placesIn } from "./renderLinks.ts";
import { worthDrawing } from "./renderRuns.ts";
import { isUnderWay, Transcript } from "./renderTranscript.ts";
import type { Settings } from "./settings.ts";

/** The language of everything that looks like the channel. */
export const outputLanguage = "livyd-output";
/** How many of the latest outputs that were too long can be chosen from. */
const offeredOutputs = 50;

/** Output that was too long for the channel. */
interface FullOutput {
  label: string;
  description: string;
  file: string;
}

export class Output implements vscode.Disposable {
  readonly #settings: Settings;
  readonly #transcript = new Transcript((text) => this.#open().append(text));
  /** The runs that this window started and whose channel was not revealed yet. */
  readonly #unrevealed = new Set<string>();
  /** The runs that stand in the channel: others are only looked at, by those who attach to them. */
  readonly #drawn = new Set<string>();
  /** The files behind the names that stand in headers. */
  readonly #files = new Map<string, string>();
  readonly #fullOutputs: FullOutput[] = [];
  #channel: vscode.OutputChannel | undefined;
  #restoring: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  dispose(): void {
    this.#channel?.dispose();
  }

  /**
   * Until this is done only what `redraw` draws is written, so that the past stands above what goes
   * on. Nothing is missed: attaching brings all of a run.
   */
  restoreBy(work: Promise<void>): void {
    this.#restoring = work.finally(() => {
      this.#restoring = undefined;
    });
  }

  /** Until the past is drawn: what is started now stands below it. */
  async restored(): Promise<void> {
    await this.#restoring;
  }

  /** To be called before a run is started by the user. */
  expect(run: string): void {
    this.#unrevealed.add(run);
    this.#drawn.add(run);
  }

  /** A line of livyd's own. */
  notice(text: string): void {
    this.#transcript.notice(text);
  }

  show(): void {
    this.#open().show(true);
  }

  /** Follows what the daemon says. */
  follow(daemon: Daemon): vscode.Disposable {
    return vscode.Disposable.from(
      daemon.onRunChanged((run) => this.#changed(run)),
      daemon.onRunOutput((piece) => {
        if (this.#drawn.has(piece.run)) this.#transcript.output(piece);
      }),
      daemon.onRunFinished((run) => {
        if (this.#drawn.has(run.run)) this.#finished(run);
      }),
    );
  }

  /** Draws the latest of the runs that a daemon knows; returns all of them. Throws Failed. */
  async redraw(daemon: Daemon): Promise<RunInfo[]> {
    const runs = await daemon.listRuns();
    const { drawn, earlier } = worthDrawing(runs);
    if (earlier > 0 && this.#drawn.size === 0) {
      this.notice(`${count(earlier, "earlier run")}: see the Runs view`);
    }
    for (const { run } of drawn) {
      this.#drawn.add(run);
      await daemon.attachRun(run, this.#transcript.received(run));
    }
    return runs;
  }

  /** Ends a run's block when the daemon will not: nothing will ever be heard of the run again. */
  end(run: RunInfo, outcome: RunOutcome, message: string): void {
    const sentBytes = this.#transcript.received(run.run);
    const outputBytes = Math.max(run.outputBytes, sentBytes);
    const result = { outcome, message, milliseconds: 0, parts: [], outputBytes, sentBytes };
    this.#finished({ ...run, state: "finished", result });
  }

  /** Of one run, or of one that is chosen from those whose output did not fit. */
  async openFullOutput(run?: RunInfo): Promise<void> {
    const file = run?.result?.outputFile;
    if (file !== undefined) return openFile(file);
    const [latest] = this.#fullOutputs;
    if (!latest) {
      vscode.window.setStatusBarMessage("No output was cut: all of it is in the channel.", 5000);
      return;
    }
    const chosen =
      this.#fullOutputs.length > 1
        ? await vscode.window.showQuickPick(this.#fullOutputs, { placeHolder: "Which run?" })
        : latest;
    if (chosen) await openFile(chosen.file);
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    return placesIn(document.getText()).flatMap((place) => {
      const target = this.#target(place);
      const range = new vscode.Range(place.line, place.start, place.line, place.end);
      return target ? [new vscode.DocumentLink(range, target)] : [];
    });
  }

  #open(): vscode.OutputChannel {
    this.#channel ??= vscode.window.createOutputChannel("Livy", outputLanguage);
    return this.#channel;
  }

  #changed(run: RunInfo): void {
    if (run.source) this.#files.set(fileLabel(run.source), run.source.file);
    // One that goes on belongs here; one that ended long ago may only be looked at.
    if (run.state !== "finished" && !this.#restoring) this.#drawn.add(run.run);
    if (!this.#drawn.has(run.run)) return;
    this.#transcript.changed(run);
    if (isUnderWay(run)) this.#reveal(run);
    if (run.result) this.#ended(run);
  }

  #finished(run: RunInfo): void {
    if (run.source) this.#files.set(fileLabel(run.source), run.source.file);
    this.#transcript.finished(run);
    this.#reveal(run);
    this.#ended(run);
  }

  /** Once for each run, without the focus. */
  #reveal(run: RunInfo): void {
    const { reveal } = this.#settings;
    const failed = run.result !== undefined && !["ok", "stopped"].includes(run.result.outcome);
    const wanted = reveal === "always" || (reveal === "onError" && failed);
    if (wanted && this.#unrevealed.delete(run.run)) this.show();
  }

  #ended(run: RunInfo): void {
    if (run.state !== "finished") return;
    this.#unrevealed.delete(run.run);
    const { result } = run;
    const file = result?.outputFile;
    if (!result || file === undefined || result.outputBytes <= result.sentBytes) return;
    if (this.#fullOutputs.some((known) => known.file === file)) return;
    const label = sourceLabel(run.source);
    this.#fullOutputs.unshift({ label, description: size(result.outputBytes), file });
    this.#fullOutputs.length = Math.min(this.#fullOutputs.length, offeredOutputs);
  }

  #target(place: Place): vscode.Uri | undefined {
    if (place.kind === "command") return vscode.Uri.parse(`command:${place.file}`);
    const file = place.kind === "header" ? this.#files.get(place.file) : place.file;
    const uri = file === undefined ? undefined : uriOf(file);
    if (!uri || place.firstLine === undefined) return uri;
    const last = place.lastLine === undefined ? "" : `-L${place.lastLine}`;
    return uri.with({ fragment: `L${place.firstLine}${last}` });
  }
}

/** Not showTextDocument, which refuses files over 50 MB. */
async function openFile(file: string): Promise<void> {
  await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(file));
}

/** A file of this machine, or a document that was never saved and is still open. */
export function uriOf(file: string): vscode.Uri | undefined {
  if (isAbsolute(file)) return existsSync(file) ? vscode.Uri.file(file) : undefined;
  const open = vscode.workspace.textDocuments.find(
    ({ uri }) => uri.scheme === "untitled" && uri.path === file,
  );
  return open?.uri;
}

/** Registers what belongs to the channel. */
export function activateOutput(output: Output, log: vscode.LogOutputChannel): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.languages.registerDocumentLinkProvider({ language: outputLanguage }, output),
    vscode.commands.registerCommand("livyd.showOutput", () => output.show()),
    vscode.commands.registerCommand("livyd.openFullOutput", (row?: { run?: RunInfo }) =>
      output.openFullOutput(row?.run),
    ),
    vscode.commands.registerCommand("livyd.showLog", () => log.show(true)),
  );
}
