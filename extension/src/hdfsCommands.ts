// What is done with the cluster's files: upload, download, new folder, rename, delete.

import { basename } from "node:path";
import * as vscode from "vscode";
import type { HdfsEntry } from "../../protocol/protocol.ts";
import { askPath, folderShown } from "./askPath.ts";
import type { ClusterPath } from "./clusterFiles.ts";
import type { Context } from "./context.ts";
import {
  baseName,
  deleteQuestion,
  hdfsScheme,
  parentOf,
  pathIn,
  profileNamed,
  whyNoName,
} from "./renderHdfs.ts";
import { withTransfer } from "./transfer.ts";

/** A row of the HDFS view, or the address of a file in an editor. */
type Target = (ClusterPath & { entry?: HdfsEntry }) | vscode.Uri;

export function activate(context: Context): vscode.Disposable {
  const register = (
    command: string,
    act: (context: Context, place: ClusterPath | undefined) => Promise<void>,
  ): vscode.Disposable =>
    vscode.commands.registerCommand(command, async (target?: Target) => {
      try {
        await act(context, await placeOf(context, target));
      } catch (error) {
        context.notices.failed(error);
      }
    });
  return vscode.Disposable.from(
    register("livyd.hdfsUpload", upload),
    register("livyd.hdfsDownload", download),
    register("livyd.hdfsNewFolder", makeFolder),
    register("livyd.hdfsRename", rename),
    register("livyd.hdfsDelete", remove),
  );
}

/** The view passes a row, an editor its address, the palette nothing. */
async function placeOf(
  { daemon }: Context,
  target: Target | undefined,
): Promise<ClusterPath | undefined> {
  if (!(target instanceof vscode.Uri)) {
    return typeof target?.path === "string" && "profile" in target ? target : undefined;
  }
  if (target.scheme !== hdfsScheme) return undefined;
  const names = (await daemon.profiles()).map(({ name }) => name);
  const profile = profileNamed(target.authority, names);
  return profile === undefined ? undefined : { profile, path: target.path };
}

/** The absolute path of a folder to put something into: a file's own one. */
async function folderFor(
  context: Context,
  place: ClusterPath | undefined,
): Promise<ClusterPath | undefined> {
  const wanted = place ?? (await folderShown(context));
  if (!wanted) return undefined;
  const { path, entry } = await context.files.status(wanted);
  return { profile: wanted.profile, path: entry.folder ? path : parentOf(path) };
}

async function upload(context: Context, place: ClusterPath | undefined): Promise<void> {
  const folder = await folderFor(context, place);
  if (!folder) return;
  const chosen = await vscode.window.showOpenDialog({
    title: `Upload to ${folder.path}`,
    openLabel: "Upload",
    canSelectMany: true,
  });
  const files = (chosen ?? []).filter(({ scheme }) => scheme === "file");
  if (files.length === 0) return;
  if (!(await mayChange(context, folder, "Upload to"))) return;
  for (const { fsPath } of files) await uploadOne(context, folder, fsPath);
}

async function uploadOne(context: Context, folder: ClusterPath, file: string): Promise<void> {
  const { daemon, files } = context;
  const place = { profile: folder.profile, path: pathIn(folder.path, basename(file)) };
  const there = await files.look(place);
  if (there && !(await mayReplace(place))) return;
  const title = `Livy: uploading ${basename(file)} to ${folder.path}`;
  await withTransfer(daemon, title, (transfer, token) =>
    files.upload(place, file, { overwrite: there !== undefined, transfer, token }),
  );
  vscode.window.setStatusBarMessage(`${place.path} is on ${place.profile}.`, 5000);
}

async function mayReplace({ profile, path }: ClusterPath): Promise<boolean> {
  const question = `Replace ${path} on ${profile}?`;
  const detail = "What is there now is lost.";
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail },
    "Replace",
  );
  return answer === "Replace";
}

async function download(context: Context, place: ClusterPath | undefined): Promise<void> {
  const { daemon, files } = context;
  const wanted = place ?? (await askPath(context, "Download an HDFS File"));
  if (!wanted) return;
  const { path, entry } = await files.status(wanted);
  if (entry.folder) {
    context.notices.say("info", `${path} is a folder. Files are downloaded one by one.`);
    return;
  }
  const target = await vscode.window.showSaveDialog({
    title: `Download ${path}`,
    saveLabel: "Download",
    ...besideWorkspace(baseName(path)),
  });
  if (!target) return;
  const title = `Livy: downloading ${baseName(path)}`;
  // That a file is replaced was asked by the dialog.
  await withTransfer(daemon, title, (transfer, token) =>
    files.download({ ...wanted, path }, target.fsPath, { overwrite: true, transfer, token }),
  );
  vscode.window.setStatusBarMessage(`${baseName(path)} is downloaded.`, 5000);
}

function besideWorkspace(name: string): { defaultUri?: vscode.Uri } {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
  return folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, name) } : {};
}

async function makeFolder(context: Context, place: ClusterPath | undefined): Promise<void> {
  const folder = await folderFor(context, place);
  if (!folder) return;
  const name = await vscode.window.showInputBox({
    title: `New folder in ${folder.path}`,
    prompt: "Its name. Folders between are made, too.",
    validateInput: whyNoName,
  });
  if (name === undefined) return;
  if (!(await mayChange(context, folder, "Make a folder in"))) return;
  await context.files.makeFolder({ ...folder, path: pathIn(folder.path, name) });
}

async function rename(context: Context, place: ClusterPath | undefined): Promise<void> {
  const wanted = place ?? (await askPath(context, "Rename an HDFS File or Folder"));
  if (!wanted) return;
  const { profile } = wanted;
  const { path: from } = await context.files.status(wanted);
  const name = await vscode.window.showInputBox({
    title: `Rename ${from}`,
    prompt: "Its new name; an absolute path moves it there.",
    value: baseName(from),
    validateInput: whyNoName,
  });
  const to = name === undefined ? from : pathIn(parentOf(from), name);
  if (to === from) return;
  if (!(await mayChange(context, { profile, path: from }, "Rename"))) return;
  await context.files.move(profile, { from, to, overwrite: false });
}

/** Always asked: nothing brings it back. */
async function remove(context: Context, place: ClusterPath | undefined): Promise<void> {
  const wanted = place ?? (await askPath(context, "Delete an HDFS File or Folder"));
  if (!wanted) return;
  const { profile } = wanted;
  const { path, entry } = await context.files.status(wanted);
  const { question, detail } = deleteQuestion(profile, path, entry.folder);
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail },
    "Delete",
  );
  if (answer !== "Delete") return;
  await context.files.remove({ profile, path }, entry.folder);
  vscode.window.setStatusBarMessage(`${path} is deleted.`, 5000);
}

async function mayChange(
  { daemon, notices }: Context,
  { profile, path }: ClusterPath,
  doing: string,
): Promise<boolean> {
  const verb = doing.split(" ")[0] ?? doing;
  await daemon.profiles();
  return notices.confirmed(daemon.profile(profile), `${doing} ${path} on ${profile}?`, verb);
}
