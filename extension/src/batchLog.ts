// The Output Channel "Livy Batch Log": follows the log of one batch at a time while it is looked at.

import * as vscode from "vscode";
import {
  type BatchInfo,
  type BatchLines,
  batchFollow,
  batchUnfollow,
} from "../../protocol/protocol.ts";
import { chooseBatch } from "./chooseBatch.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { notice } from "./render.ts";
import { batchSentence } from "./renderBatches.ts";
import { SessionLog } from "./renderSessionLog.ts";

const channelName = "Livy Batch Log";

export function activate(context: Context): vscode.Disposable {
  const follower = new Follower(context);
  return vscode.Disposable.from(
    follower,
    context.daemon.onBatchLines((lines) => follower.take(lines)),
    context.daemon.onBatchChanged((batch) => follower.changed(batch)),
    context.daemon.onRestarted(() => follower.goOn()),
    vscode.window.onDidChangeVisibleTextEditors(() => follower.look()),
    vscode.commands.registerCommand("livyd.showBatchLog", async (row?: { batch: BatchInfo }) => {
      try {
        const batch = row?.batch ?? (await chooseBatch(context));
        if (batch) await follower.follow(batch);
      } catch (error) {
        context.notices.failed(error);
      }
    }),
    vscode.commands.registerCommand("livyd.stopFollowingBatch", () => follower.stop()),
  );
}

class Follower implements vscode.Disposable {
  readonly #context: Context;
  #channel: vscode.OutputChannel | undefined;
  #log = newLog();
  #wanted: BatchInfo | undefined;
  #following = false;
  #seen = false;

  constructor(context: Context) {
    this.#context = context;
  }

  dispose(): void {
    this.#channel?.dispose();
  }

  async follow(batch: BatchInfo): Promise<void> {
    await this.stop();
    this.#channel ??= vscode.window.createOutputChannel(channelName, "log");
    // What a follower sends begins with all that the server still has.
    this.#channel.clear();
    this.#log = newLog();
    this.#channel.show(true);
    this.#wanted = batch;
    this.#seen = false;
    this.#channel.appendLine(notice(batchSentence(batch)));
    await this.goOn();
  }

  async stop(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted) await this.#pause(wanted);
  }

  take({ batch, profile, ...lines }: BatchLines): void {
    if (!this.#isWanted({ batch, profile })) return;
    this.#channel?.append(this.#log.take({ ...lines, profile, session: batch }));
    if (!lines.ended) return;
    this.#wanted = undefined;
    this.#setFollowing(false);
  }

  /** The state it is in stands in the log, where it changes. */
  changed(batch: BatchInfo): void {
    if (!this.#isWanted(batch) || batch.state === this.#wanted?.state) return;
    this.#wanted = batch;
    this.#channel?.appendLine(notice(batchSentence(batch)));
  }

  /** Asks again after a restart of the daemon. */
  async goOn(): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted) return;
    const { profile, batch } = wanted;
    try {
      this.#setFollowing(true);
      await this.#context.daemon.ask(batchFollow, { profile, batch });
    } catch (error) {
      this.#wanted = undefined;
      this.#setFollowing(false);
      this.#channel?.appendLine(notice(failedFrom(error).message));
    }
  }

  /** The channel was shown or hidden. */
  look(): void {
    const wanted = this.#wanted;
    if (!wanted) return;
    const visible = vscode.window.visibleTextEditors.some(
      ({ document: { uri } }) => uri.scheme === "output" && uri.path.endsWith(channelName),
    );
    this.#seen ||= visible;
    if (visible && !this.#following) void this.follow(wanted);
    if (!visible && this.#following && this.#seen) void this.#pause(wanted);
  }

  #isWanted({ batch, profile }: { batch: string; profile: string }): boolean {
    return batch === this.#wanted?.batch && profile === this.#wanted.profile;
  }

  async #pause({ profile, batch }: BatchInfo): Promise<void> {
    if (!this.#following) return;
    this.#setFollowing(false);
    const { daemon } = this.#context;
    try {
      await daemon.ask(batchUnfollow, { profile, batch });
    } catch (error) {
      daemon.warn(`The batch's log is still followed: ${failedFrom(error).message}`);
    }
  }

  #setFollowing(following: boolean): void {
    this.#following = following;
    void vscode.commands.executeCommand("setContext", "livyd.followingBatch", following);
  }
}

function newLog(): SessionLog {
  return new SessionLog("batch", "the batch has ended");
}
