// The cluster's files (HDFS) as the features see them: whoever changes one tells all others.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import {
  type HdfsEntry,
  type HdfsListResult,
  type HdfsStatusResult,
  hdfsDownload,
  hdfsList,
  hdfsMakeFolder,
  hdfsMove,
  hdfsRemove,
  hdfsStatus,
  hdfsUpload,
} from "../../protocol/protocol.ts";
import { type Daemon, failedFrom } from "./daemon.ts";
import { hdfsScheme } from "./renderHdfs.ts";

export interface ClusterPath {
  profile: string;
  /** Absolute; "" is the user's home folder. */
  path: string;
}

export interface FileChange extends ClusterPath {
  kind: "made" | "changed" | "gone";
}

/** How a file travels: whether it replaces one, and how its progress and its end are known. */
export interface Travel {
  overwrite: boolean;
  transfer?: string;
  token?: vscode.CancellationToken;
}

export class ClusterFiles implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #changed = new vscode.EventEmitter<FileChange[]>();
  /** The folder that the view shows, by profile; the home folder until another one is asked for. */
  readonly #shown = new Map<string, string>();

  readonly onChanged = this.#changed.event;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  shownFolder(profile: string): string {
    return this.#shown.get(profile) ?? "";
  }

  showFolder(profile: string, path: string): void {
    this.#shown.set(profile, path);
  }

  /** Throws Failed, as all that follow. */
  async status({ profile, path }: ClusterPath): Promise<HdfsStatusResult> {
    return this.#daemon.ask(hdfsStatus, { profile, path });
  }

  /** What is there; undefined when nothing is. */
  async look(place: ClusterPath): Promise<HdfsEntry | undefined> {
    try {
      return (await this.status(place)).entry;
    } catch (error) {
      const failed = failedFrom(error);
      if (failed.kind === "notFound") return undefined;
      throw failed;
    }
  }

  async list({ profile, path }: ClusterPath): Promise<HdfsListResult> {
    return this.#daemon.ask(hdfsList, { profile, path });
  }

  async makeFolder({ profile, path }: ClusterPath): Promise<void> {
    await this.#daemon.ask(hdfsMakeFolder, { profile, path });
    this.#changed.fire([{ profile, path, kind: "made" }]);
  }

  async move(
    profile: string,
    { from, to, overwrite }: { from: string; to: string; overwrite: boolean },
  ): Promise<void> {
    await this.#daemon.ask(hdfsMove, { profile, from, to, overwrite });
    this.#changed.fire([
      { profile, path: from, kind: "gone" },
      { profile, path: to, kind: "made" },
    ]);
  }

  async remove({ profile, path }: ClusterPath, recursive: boolean): Promise<void> {
    await this.#daemon.ask(hdfsRemove, { profile, path, recursive });
    this.#changed.fire([{ profile, path, kind: "gone" }]);
  }

  /** `file` is an absolute path of this machine. */
  async upload({ profile, path }: ClusterPath, file: string, travel: Travel): Promise<void> {
    const { token, ...how } = travel;
    await this.#daemon.ask(hdfsUpload, { profile, path, file, ...how }, token);
    this.#changed.fire([{ profile, path, kind: travel.overwrite ? "changed" : "made" }]);
  }

  async download({ profile, path }: ClusterPath, file: string, travel: Travel): Promise<void> {
    const { token, ...how } = travel;
    await this.#daemon.ask(hdfsDownload, { profile, path, file, ...how }, token);
  }

  /** `work` has a folder that only this user can read, and that is gone afterwards. */
  async inPrivateFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const parent = join(this.#daemon.stateFolder.fsPath, "transfers");
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(parent, "file-"));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** The address of a file in the editor. */
export function uriFor({ profile, path }: ClusterPath): vscode.Uri {
  return vscode.Uri.from({ scheme: hdfsScheme, authority: profile, path });
}
