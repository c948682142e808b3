// A driver's log as the channels "Livy Session Log" and "Livy Batch Log" show it: pure.

import type { LogLines, LogPage, LogSection } from "../../protocol/protocol.ts";
import { count, notice } from "./render.ts";

const titles: Record<LogSection, string> = {
  stdout: "[stdout]",
  stderr: "[stderr]",
  yarn: "[YARN]",
  driverStdout: "[driver stdout]",
  driverStderr: "[driver stderr]",
};

/** Names a section where it begins, and a session, or a batch, where another one begins. */
export class SessionLog {
  readonly #noun: string;
  readonly #ending: string;
  #session: string | undefined;
  #section: LogSection | undefined;

  constructor(noun = "session", ending = "the session is gone") {
    this.#noun = noun;
    this.#ending = ending;
  }

  /** Nothing was taken yet. */
  get empty(): boolean {
    return this.#session === undefined;
  }

  /** The text to append for these lines. */
  take(event: LogLines): string {
    const { session, section, lines, gap, ended } = event;
    const text: string[] = [];
    if (session !== this.#session) {
      text.push(...(this.#session === undefined ? [] : [""]), `── ${this.#noun} ${session} ──`);
      this.#section = undefined;
    }
    this.#session = session;
    if (lines.length > 0 && section !== this.#section) {
      text.push(titles[section]);
      this.#section = section;
    }
    if (gap !== undefined) text.push(gapLine(gap));
    text.push(...lines);
    if (event.notice !== undefined && event.notice !== "") text.push(notice(event.notice));
    if (ended) text.push(notice(`the log ends here: ${this.#ending}`));
    return text.map((line) => `${line}\n`).join("");
  }
}

function gapLine(gap: number): string {
  return notice(`${gap > 0 ? `about ${count(gap, "line")}` : "some lines"} may be missing here`);
}

/** One page of the log, with the numbers of its lines in the first one. */
export function logPage({ session, from, total, lines }: LogPage): string {
  const last = from + lines.length;
  const range =
    lines.length === 0
      ? `no lines at ${from + 1}`
      : `lines ${(from + 1).toLocaleString("en")} to ${last.toLocaleString("en")}`;
  const head = `── session ${session} ─ ${range} of ${total.toLocaleString("en")} ──`;
  return `${[head, ...lines].join("\n")}\n`;
}
