// Work that sends or fetches bytes: a notification with its progress, from which it is cancelled.

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { Daemon } from "./daemon.ts";
import { transferPercent, transferWords } from "./renderTransfer.ts";

/** `work` is given the name under which the daemon speaks of its progress. Throws what it throws. */
export async function withTransfer<T>(
  daemon: Daemon,
  title: string,
  work: (transfer: string, token: vscode.CancellationToken) => Promise<T>,
): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress(
    { location, title, cancellable: true },
    async (progress, token) => {
      const transfer = randomUUID();
      let done = 0;
      const follow = daemon.onTransferProgress((event) => {
        if (event.transfer !== transfer) return;
        const percent = transferPercent(event) ?? done;
        // A bar cannot go back, and the next file of several may begin at 0 again.
        progress.report({ message: transferWords(event), increment: Math.max(0, percent - done) });
        done = Math.max(done, percent);
      });
      try {
        return await work(transfer, token);
      } finally {
        follow.dispose();
      }
    },
  );
}
