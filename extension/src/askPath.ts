// Asks for a path of the cluster, where no row of the view says which is meant.

import * as vscode from "vscode";
import type { ClusterPath } from "./clusterFiles.ts";
import type { Context } from "./context.ts";
import { pathIn } from "./renderHdfs.ts";
import { hasWebhdfs } from "./renderProfile.ts";
import { chosenProfile } from "./runner.ts";

/** The folder that the HDFS view shows; undefined after saying that there is none. */
export async function folderShown({
  files,
  notices,
  settings,
}: Context): Promise<ClusterPath | undefined> {
  const profile = await chosenProfile();
  if (profile === undefined) return undefined;
  if (hasWebhdfs(profile, settings.profiles)) return { profile, path: files.shownFolder(profile) };
  const text = `The profile "${profile}" does not say where the files of its cluster are.`;
  notices.say("info", text, [{ verb: "Set the WebHDFS Address", command: "livyd.setHdfsAddress" }]);
  return undefined;
}

/** A path that is typed: absolute, or below the folder that is shown. Empty: that folder. */
export async function askPath(context: Context, title: string): Promise<ClusterPath | undefined> {
  const shown = await folderShown(context);
  if (!shown) return undefined;
  const below = shown.path === "" ? "your home folder" : shown.path;
  const typed = await vscode.window.showInputBox({
    title,
    prompt: `A path on ${shown.profile}: absolute, or below ${below}.`,
    placeHolder: "/user/alice/etl.py",
    value: shown.path,
  });
  if (typed === undefined) return undefined;
  const path = typed.trim();
  if (path === "" || path === "~") return { ...shown, path: "" };
  // Below the home folder the daemon knows where that is.
  return { ...shown, path: shown.path === "" ? path : pathIn(shown.path, path) };
}
