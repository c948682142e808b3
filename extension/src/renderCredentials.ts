// What is said of a ticket, and the line that renews it: pure.

import type { Credentials } from "../../protocol/protocol.ts";
import { escaped } from "./renderRuns.ts";

/** Words for the status bar; undefined when there is nothing to say. */
export function credentialsWords(
  credentials: Credentials | undefined,
  now: number,
): { words: string; waits: boolean } | undefined {
  switch (credentials?.state) {
    case "missing":
      return { words: "no ticket", waits: true };
    case "expired":
      return { words: "ticket expired", waits: true };
    case "expiring":
      return {
        words: `ticket ends in ${minutesUntil(credentials.expires, now)} min`,
        waits: false,
      };
    default:
      return undefined;
  }
}

/** Markdown for the tooltip. */
export function credentialsLines(credentials: Credentials | undefined): string[] {
  if (!credentials) return [];
  const { state, principal, expires, detail } = credentials;
  const owner = principal === undefined ? "" : ` of ${escaped(principal)}`;
  const time = expires === undefined ? "" : clockTime(expires);
  const renew = "[Open Terminal with kinit](command:livyd.openKinitTerminal)";
  switch (state) {
    case "ok":
      return time === "" ? [] : [`Ticket${owner}: until ${time}`];
    case "expiring":
      return [detailOr(detail, `The ticket${owner} ends at ${time}. Run kinit.`), renew];
    case "expired":
      return [detailOr(detail, `The ticket${owner} expired${at(time)}. Run kinit.`), renew];
    case "missing":
      return [detailOr(detail, `There is no Kerberos ticket${owner}. Run kinit.`), renew];
  }
}

/**
 * What is typed into a terminal, for the user to execute: no character of a name may end the line or
 * mean something to a shell.
 */
export function kinitLine(principal: string | undefined, cache?: string): string {
  const into = cache === undefined || !isOneLine(cache) ? [] : ["-c", quoted(cache)];
  if (principal === undefined || !isOneLine(principal)) return ["kinit", ...into].join(" ");
  const guard = principal.startsWith("-") ? ["--"] : [];
  return ["kinit", ...into, ...guard, quoted(principal)].join(" ");
}

function isOneLine(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function quoted(word: string): string {
  return /^[\w.@/:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** On the clock of this machine: "14:00", with the day when it is not today's. */
export function clockTime(time: number, now: number = Date.now()): string {
  const date = new Date(time);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (date.toDateString() === new Date(now).toDateString()) return clock;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}

function minutesUntil(expires: number | undefined, now: number): number {
  return expires === undefined ? 0 : Math.max(0, Math.ceil((expires - now) / 60_000));
}

function detailOr(detail: string | undefined, fallback: string): string {
  return detail === undefined || detail === "" ? fallback : escaped(detail);
}

function at(time: string): string {
  return time === "" ? "" : ` at ${time}`;
}
