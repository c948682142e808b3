// Standalone scripts: one file that carries the packages inside, to keep or to run at once.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import {
  type StandaloneParams,
  type StandaloneResult,
  standaloneBuild,
} from "../../protocol/protocol.ts";
import { argumentsKey, askArguments } from "./askArguments.ts";
import type { Context } from "./context.ts";
import { fileInSight, saveFiles } from "./editorFile.ts";
import { registerOnProfile } from "./onProfile.ts";
import { standaloneName, standaloneSentence } from "./renderDeploy.ts";
import { argumentsIn } from "./words.ts";

export function activate(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    registerOnProfile("livyd.buildStandalone", context, buildOne),
    registerOnProfile("livyd.runStandalone", context, runOne),
  );
}

async function buildOne(context: Context, profile: string): Promise<void> {
  const { notices } = context;
  const file = script();
  const given = file === undefined ? [] : await argumentsOf(context, file);
  if (!given) return;
  const target = await vscode.window.showSaveDialog({
    title: "Build a standalone script",
    saveLabel: "Build",
    filters: { Python: ["py"] },
    ...beside(file, standaloneName(file)),
  });
  if (!target) return;
  const result = await build(context, {
    profile,
    ...(file === undefined ? {} : { file }),
    arguments: given,
    output: target.fsPath,
  });
  notices.say("info", standaloneSentence(result), [
    { verb: "Open", command: "vscode.open", arguments: [target] },
  ]);
}

/** Built below the extension's folder, where places of a traceback find it again. */
async function runOne(context: Context, profile: string): Promise<void> {
  const { daemon, notices, runner } = context;
  const file = script();
  if (file === undefined) {
    notices.say("info", "There is no open Python file to run. Open the script.");
    return;
  }
  const given = await argumentsOf(context, file);
  if (!given) return;
  const folder = join(daemon.stateFolder.fsPath, "standalone");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const output = join(folder, standaloneName(file));
  await build(context, { profile, file, arguments: given, output });
  const code = await readFile(output, "utf8");
  const lastLine = code.trimEnd().split("\n").length;
  const source = { file: output, firstLine: 1, lastLine, whole: true };
  const program = { arguments: given };
  await runner.run([{ language: "python", code, source, program }], profile);
}

async function build(
  { daemon, output }: Context,
  params: StandaloneParams,
): Promise<StandaloneResult> {
  await saveFiles();
  const location = vscode.ProgressLocation.Notification;
  const title = "Livy: building a standalone script";
  const result = await vscode.window.withProgress(
    { location, title, cancellable: true },
    (_progress, token) => daemon.ask(standaloneBuild, params, token),
  );
  for (const remark of result.remarks) output.notice(remark);
  return result;
}

function script(): string | undefined {
  const file = fileInSight();
  return file?.endsWith(".py") ? file : undefined;
}

async function argumentsOf({ extension }: Context, file: string): Promise<string[] | undefined> {
  const line = await askArguments(
    extension.workspaceState,
    argumentsKey(vscode.Uri.file(file)),
    `Arguments of ${standaloneName(file)}`,
    "What sys.argv[1:] shall be, as in a shell. Empty: none.",
  );
  return line === undefined ? undefined : argumentsIn(line);
}

function beside(file: string | undefined, name: string): { defaultUri?: vscode.Uri } {
  if (file !== undefined) return { defaultUri: vscode.Uri.file(join(file, "..", name)) };
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
  return folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, name) } : {};
}
