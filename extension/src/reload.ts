// Reload and Push: changed modules go into the running session, and what became of each is said.

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { type KeptModule, type ModuleReloadParams, moduleReload } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { fileInSight, saveFiles, withFileInSight } from "./editorFile.ts";
import {
  lineInReason,
  moduleFiles,
  moduleName,
  namesIn,
  reloadWords,
  whyNoModules,
} from "./renderDeploy.ts";
import { chosenProfile } from "./runner.ts";

/** What to send; undefined when the user changed their mind. */
type Wanted = Pick<ModuleReloadParams, "modules" | "push">;

export function activate(context: Context): vscode.Disposable {
  const marks = vscode.languages.createDiagnosticCollection("livyd-reload");
  const register = (
    command: string,
    wanted: (context: Context) => Promise<Wanted | undefined>,
  ): vscode.Disposable =>
    vscode.commands.registerCommand(command, async () => {
      try {
        const what = await wanted(context);
        if (what) await reload(context, marks, what);
      } catch (error) {
        context.notices.failed(error);
      }
    });
  return vscode.Disposable.from(
    marks,
    register("livyd.reloadModule", named),
    register("livyd.reloadChangedModules", async () => ({ modules: [], push: false })),
    register("livyd.pushModule", inSight),
  );
}

/** The module of the open file is offered. */
async function named(): Promise<Wanted | undefined> {
  const file = fileInSight();
  const value = file?.endsWith(".py") ? moduleName(file, isPackage) : "";
  const typed = await vscode.window.showInputBox({
    title: "Reload Module",
    prompt: "The module to load again, by its dotted name; several are separated by blanks.",
    placeHolder: "pkg.part",
    value,
    validateInput: whyNoModules,
  });
  return typed === undefined ? undefined : { modules: namesIn(typed), push: false };
}

function isPackage(folder: string): boolean {
  return existsSync(join(folder, "__init__.py"));
}

async function inSight({ notices }: Context): Promise<Wanted | undefined> {
  if (fileInSight()?.endsWith(".py")) return { modules: [], push: true };
  notices.say("info", "There is no open Python file to push. Open the module.");
  return undefined;
}

async function reload(
  context: Context,
  marks: vscode.DiagnosticCollection,
  wanted: Wanted,
): Promise<void> {
  const { daemon, notices, output } = context;
  const profile = await chosenProfile();
  if (profile === undefined) return;
  await daemon.profiles();
  const question = `Reload modules in the session on ${profile}?`;
  if (!(await notices.confirmed(daemon.profile(profile), question, "Reload"))) return;
  await saveFiles();
  const location = vscode.ProgressLocation.Notification;
  const title = `Livy: reloading modules on ${profile}`;
  const result = await vscode.window.withProgress(
    { location, title, cancellable: true },
    (_progress, token) =>
      daemon.ask(moduleReload, { profile, ...withFileInSight(), ...wanted }, token),
  );
  const { severity, message, lines } = reloadWords(result);
  for (const line of lines) output.notice(line);
  await mark(marks, result.kept);
  if (severity === "info") vscode.window.setStatusBarMessage(message, 5000);
  else notices.say(severity, message, [{ verb: "Show Output", command: "livyd.showOutput" }]);
}

/** The line that keeps a module from being loaded is underlined until the next reload. */
async function mark(marks: vscode.DiagnosticCollection, kept: KeptModule[]): Promise<void> {
  marks.clear();
  for (const { module, reason } of kept) {
    const uri = await fileOf(module);
    if (!uri) continue;
    const document = await vscode.workspace.openTextDocument(uri);
    const line = document.lineAt(Math.min(lineInReason(reason), document.lineCount - 1));
    const start = line.range.start.with({ character: line.firstNonWhitespaceCharacterIndex });
    const text = `The session keeps the old ${module}. ${reason}`;
    const found = new vscode.Diagnostic(
      new vscode.Range(start, line.range.end),
      text,
      vscode.DiagnosticSeverity.Warning,
    );
    found.source = "Livy";
    marks.set(uri, [found]);
  }
}

async function fileOf(module: string): Promise<vscode.Uri | undefined> {
  for (const pattern of moduleFiles(module)) {
    const [found] = await vscode.workspace.findFiles(pattern, undefined, 1);
    if (found) return found;
  }
  return undefined;
}
