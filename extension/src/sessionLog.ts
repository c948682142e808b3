// The Output Channel "Livy Session Log": follows the driver's log while it is looked at, and shows
// pages of it on request.

import * as vscode from "vscode";
import { type LogPage, logFollow, logRead, logUnfollow } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { notice } from "./render.ts";
import { logPage, SessionLog } from "./renderSessionLog.ts";
import type { SessionRow } from "./renderSessions.ts";

const channelName = "Livy Session Log";
/** Lines of a page: as many as Livy keeps of each section. */
const pageSize = 200;

interface Followed {
  profile: string;
  session?: string;
}

export function activate(context: Context): vscode.Disposable {
  const follower = new Follower(context);
  return vscode.Disposable.from(
    follower,
    context.daemon.onLogLines((lines) => follower.take(lines)),
    context.daemon.onRestarted(() => follower.goOn()),
    vscode.window.onDidChangeVisibleTextEditors(() => follower.look()),
    vscode.commands.registerCommand("livyd.showSessionLog", (row?: SessionRow) =>
      showLog(context, follower, row),
    ),
    vscode.commands.registerCommand("livyd.stopFollowingLog", () => follower.stop()),
    vscode.commands.registerCommand("livyd.readSessionLog", (row?: SessionRow) =>
      readLog(context, row),
    ),
  );
}

async function showLog(
  { settings, notices }: Context,
  follower: Follower,
  row: SessionRow | undefined,
): Promise<void> {
  const profile = row?.profile ?? settings.profile;
  if (profile === undefined) {
    notices.say(
      "info",
      "There is no session whose log could be shown: no profile was chosen yet.",
      [{ verb: "Select Profile", command: "livyd.selectProfile" }],
    );
    return;
  }
  // The active session is followed as such: also the one that comes after it.
  const other = row && row.group !== "window" ? { session: row.session.id } : {};
  await follower.follow({ profile, ...other });
}

/** Follows one log at a time; pauses while the channel is hidden. */
class Follower implements vscode.Disposable {
  readonly #context: Context;
  #channel: vscode.OutputChannel | undefined;
  #log = new SessionLog();
  #wanted: Followed | undefined;
  #following = false;
  #seen = false;

  constructor(context: Context) {
    this.#context = context;
  }

  dispose(): void {
    this.#channel?.dispose();
  }

  async follow(wanted: Followed): Promise<void> {
    await this.stop();
    this.#channel ??= vscode.window.createOutputChannel(channelName, "log");
    // What a follower sends begins with all that the server still has.
    this.#channel.clear();
    this.#log = new SessionLog();
    this.#channel.show(true);
    this.#wanted = wanted;
    this.#seen = false;
    await this.goOn();
  }

  async stop(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted) await this.#pause(wanted);
  }

  take(lines: Parameters<SessionLog["take"]>[0]): void {
    if (!this.#wanted || lines.profile !== this.#wanted.profile) return;
    this.#channel?.append(this.#log.take(lines));
    if (lines.ended) {
      this.#wanted = undefined;
      this.#setFollowing(false);
    }
  }

  /** Asks again after a restart of the daemon. */
  async goOn(): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted) return;
    try {
      this.#setFollowing(true);
      await this.#context.daemon.ask(logFollow, wanted);
      if (this.#log.empty) this.#channel?.appendLine(notice("the log is empty so far"));
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

  async #pause({ profile }: Followed): Promise<void> {
    if (!this.#following) return;
    this.#setFollowing(false);
    try {
      await this.#context.daemon.ask(logUnfollow, { profile });
    } catch (error) {
      this.#context.daemon.warn(`The log is still followed: ${failedFrom(error).message}`);
    }
  }

  #setFollowing(following: boolean): void {
    this.#following = following;
    void vscode.commands.executeCommand("setContext", "livyd.followingLog", following);
  }
}

/** Pages of the log, in a page of their own; the question stays until it is dismissed. */
async function readLog(context: Context, row: SessionRow | undefined): Promise<void> {
  const { daemon, documents, notices, settings } = context;
  const profile = row?.profile ?? settings.profile;
  if (profile === undefined) return showNothing(context);
  const session = row?.session.id;
  const where = session === undefined ? { profile } : { profile, session };
  let page: LogPage | undefined;
  try {
    while (true) {
      const from = await askWhere(page);
      if (from === undefined) return;
      const start = from === "tail" ? {} : { from };
      page = await daemon.ask(logRead, { ...where, ...start, size: pageSize });
      await documents.show("Session Log", logPage(page), "log");
    }
  } catch (error) {
    notices.failed(error);
  }
}

function showNothing({ notices }: Context): void {
  notices.say("info", "There is no session whose log could be read: no profile was chosen yet.");
}

async function askWhere(page: LogPage | undefined): Promise<number | "tail" | undefined> {
  const next = page && page.from + page.lines.length;
  const choices = [
    {
      label: "$(arrow-down) Tail",
      description: `the last ${pageSize} lines`,
      from: "tail" as const,
    },
    { label: "$(arrow-up) Head", description: "from the first line", from: 0 },
    ...(page && next !== undefined && next < page.total
      ? [{ label: "$(chevron-down) Next", description: `from line ${next + 1}`, from: next }]
      : []),
    ...(page && page.from > 0
      ? [
          {
            label: "$(chevron-up) Previous",
            description: `from line ${Math.max(0, page.from - pageSize) + 1}`,
            from: Math.max(0, page.from - pageSize),
          },
        ]
      : []),
  ];
  const title = "Read Session Log";
  return (await vscode.window.showQuickPick(choices, { title, ignoreFocusOut: true }))?.from;
}
