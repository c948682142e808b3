// The cluster's files in the editor: `webhdfs://<profile>/<path>` is opened, saved, renamed, deleted.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { type ClusterPath, type FileChange, uriFor } from "./clusterFiles.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import {
  baseName,
  fileErrorName,
  hdfsScheme,
  largestOpened,
  profileNamed,
  tooLargeSentence,
} from "./renderHdfs.ts";

export function activate(context: Context): vscode.Disposable {
  const files = new HdfsFiles(context);
  return vscode.Disposable.from(
    files,
    context.files.onChanged((changes) => files.tell(changes)),
    vscode.workspace.registerFileSystemProvider(hdfsScheme, files, { isCaseSensitive: true }),
  );
}

const changeTypes = {
  made: vscode.FileChangeType.Created,
  changed: vscode.FileChangeType.Changed,
  gone: vscode.FileChangeType.Deleted,
};

class HdfsFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #context: Context;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();

  readonly onDidChangeFile = this.#changed.event;

  constructor(context: Context) {
    this.#context = context;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** Only what this window changes is known: WebHDFS tells nobody anything. */
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  tell(changes: FileChange[]): void {
    this.#changed.fire(
      changes.map((change) => ({ type: changeTypes[change.kind], uri: uriFor(change) })),
    );
  }

  stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return this.#at(uri, async (place) => {
      const { entry } = await this.#context.files.status(place);
      const { File, Directory } = vscode.FileType;
      const type = entry.folder ? Directory : File;
      return { type, ctime: entry.modified, mtime: entry.modified, size: entry.bytes };
    });
  }

  readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    return this.#at(uri, async (place) => {
      const { entries } = await this.#context.files.list(place);
      const { File, Directory } = vscode.FileType;
      return entries.map(({ name, folder }) => [name, folder ? Directory : File]);
    });
  }

  readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return this.#at(uri, async (place) => {
      const { files } = this.#context;
      const { entry } = await files.status(place);
      if (entry.folder) throw vscode.FileSystemError.FileIsADirectory(uri);
      if (entry.bytes > largestOpened) throw this.#tooLarge(uri, entry.bytes);
      return files.inPrivateFolder(async (folder) => {
        const file = join(folder, "content");
        await files.download(place, file, { overwrite: false });
        return readFile(file);
      });
    });
  }

  writeFile(
    uri: vscode.Uri,
    content: Uint8Array,
    { create, overwrite }: { create: boolean; overwrite: boolean },
  ): Promise<void> {
    return this.#at(uri, async (place) => {
      const { files } = this.#context;
      const there = (await files.look(place)) !== undefined;
      if (!there && !create) throw vscode.FileSystemError.FileNotFound(uri);
      if (there && create && !overwrite) throw vscode.FileSystemError.FileExists(uri);
      await this.#confirmed(uri, place, "Save");
      await files.inPrivateFolder(async (folder) => {
        const file = join(folder, "content");
        await writeFile(file, content, { mode: 0o600 });
        await files.upload(place, file, { overwrite: there });
      });
    });
  }

  rename(from: vscode.Uri, to: vscode.Uri, { overwrite }: { overwrite: boolean }): Promise<void> {
    return this.#at(from, (place) =>
      this.#at(to, async (target) => {
        const { files } = this.#context;
        if (target.profile !== place.profile) {
          throw new vscode.FileSystemError(
            `${baseName(place.path)} cannot be moved to another cluster. Download it and upload it there.`,
          );
        }
        const there = !overwrite && (await files.look(target)) !== undefined;
        if (there) throw vscode.FileSystemError.FileExists(to);
        await this.#confirmed(from, place, "Move");
        await files.move(place.profile, { from: place.path, to: target.path, overwrite });
      }),
    );
  }

  delete(uri: vscode.Uri, { recursive }: { recursive: boolean }): Promise<void> {
    return this.#at(uri, async (place) => {
      await this.#confirmed(uri, place, "Delete");
      await this.#context.files.remove(place, recursive);
    });
  }

  createDirectory(uri: vscode.Uri): Promise<void> {
    return this.#at(uri, async (place) => {
      await this.#confirmed(uri, place, "Make");
      await this.#context.files.makeFolder(place);
    });
  }

  /** Failures as the editor knows them; their sentences are the daemon's. */
  async #at<T>(uri: vscode.Uri, work: (place: ClusterPath) => Promise<T>): Promise<T> {
    try {
      return await work({ profile: await this.#profileOf(uri), path: uri.path || "/" });
    } catch (error) {
      if (error instanceof vscode.FileSystemError) throw error;
      const { kind, message } = failedFrom(error);
      throw vscode.FileSystemError[fileErrorName(kind)](message);
    }
  }

  async #profileOf({ authority }: vscode.Uri): Promise<string> {
    const { daemon } = this.#context;
    const known = profileNamed(
      authority,
      (await daemon.profiles()).map(({ name }) => name),
    );
    if (known !== undefined) return known;
    throw vscode.FileSystemError.Unavailable(
      `There is no profile "${authority}". Its files cannot be reached.`,
    );
  }

  async #confirmed(uri: vscode.Uri, { profile, path }: ClusterPath, verb: string): Promise<void> {
    const { daemon, notices } = this.#context;
    const question = `${verb} ${path} on ${profile}?`;
    if (await notices.confirmed(daemon.profile(profile), question, verb)) return;
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  #tooLarge(uri: vscode.Uri, bytes: number): vscode.FileSystemError {
    const sentence = tooLargeSentence(uri.path, bytes);
    this.#context.notices.say("warning", sentence, [
      { verb: "Download", command: "livyd.hdfsDownload", arguments: [uri] },
    ]);
    return vscode.FileSystemError.Unavailable(sentence);
  }
}
