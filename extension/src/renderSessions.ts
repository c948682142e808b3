// The rows of the Sessions view, and a session's details as text: pure.

import type { ListedSession, SessionDetails, SessionInfo } from "../../protocol/protocol.ts";
import { escaped } from "./renderRuns.ts";

export type SessionGroup = "window" | "mine" | "others";

/** A session of a profile's server, as a row of the view. */
export interface SessionRow {
  profile: string;
  session: ListedSession;
  group: SessionGroup;
  label: string;
  description: string;
  icon: string;
  /** A theme colour, where the icon has one. */
  colour: string | undefined;
  /** Words for the `when` clauses of the menus. */
  context: string;
}

export const groupTitles: Record<SessionGroup, string> = {
  window: "This Window",
  mine: "Mine",
  others: "Others",
};

/**
 * The rows of what a server listed and of what is known of this window's session, which is the newer
 * word: also when the server does not answer or does not list it yet.
 */
export function sessionRows(
  profile: string,
  listed: ListedSession[],
  known: SessionInfo | undefined,
  now: number,
): SessionRow[] {
  const own = known && isThere(known) ? known : undefined;
  const others = listed.filter((one) => !isSame(one, own));
  const rows = others.map((session) => row(profile, { ...session, active: false }, undefined, now));
  if (!own) return rows;
  const first = listed.find((one) => isSame(one, own)) ?? listedFrom(own);
  return [row(profile, { ...first, active: true }, own, now), ...rows];
}

/** "1 session of alice" and the like are named by this: name, else id. */
export function sessionName({ id, name }: ListedSession): string {
  return name ?? `session ${id}`;
}

function isThere({ state }: SessionInfo): boolean {
  return !["none", "removed", "lost"].includes(state);
}

/** An id alone is not enough: a server that was restarted counts from 0 again. */
function isSame(listed: ListedSession, known: SessionInfo | undefined): boolean {
  if (!known || known.id !== listed.id) return false;
  return known.name === undefined || listed.name === undefined || known.name === listed.name;
}

function listedFrom(known: SessionInfo): ListedSession {
  return {
    id: known.id ?? "",
    state: known.state,
    mine: true,
    active: true,
    ...(known.name === undefined ? {} : { name: known.name }),
    ...(known.kind === undefined ? {} : { kind: known.kind }),
    ...(known.applicationId === undefined ? {} : { applicationId: known.applicationId }),
  };
}

function row(
  profile: string,
  session: ListedSession,
  known: SessionInfo | undefined,
  now: number,
): SessionRow {
  const state = known?.state ?? session.state;
  const group = session.active ? "window" : session.mine ? "mine" : "others";
  return {
    profile,
    session,
    group,
    label: sessionName(session),
    description: description(session, state, known, now),
    ...sign(state, group),
    context: context(state, group, session),
  };
}

/** "idle · 12 min · 10g", "busy · alice · 4g". */
function description(
  session: ListedSession,
  state: string,
  known: SessionInfo | undefined,
  now: number,
): string {
  const parts = [state.replaceAll("_", " ")];
  if (known) parts.push(...age(known.since, now));
  const user = session.proxyUser ?? session.owner;
  if (!session.mine && user !== undefined) parts.push(user);
  if (session.driverMemory !== undefined) parts.push(session.driverMemory);
  return parts.join(" · ");
}

function age(since: number, now: number): string[] {
  const minutes = Math.floor((now - since) / 60_000);
  if (minutes < 1) return [];
  if (minutes < 60) return [`${minutes} min`];
  return [`${Math.floor(minutes / 60)} h ${minutes % 60} min`];
}

function sign(state: string, group: SessionGroup): { icon: string; colour: string | undefined } {
  const colour = group === "others" ? "disabledForeground" : undefined;
  switch (state) {
    case "idle":
      return { icon: "pass", colour: colour ?? "testing.iconPassed" };
    case "busy":
      return { icon: group === "window" ? "loading~spin" : "circle-filled", colour };
    case "not_started":
    case "starting":
    case "recovering":
      return { icon: group === "window" ? "sync~spin" : "sync", colour };
    case "unreachable":
      return { icon: "warning", colour: colour ?? "list.warningForeground" };
    case "error":
    case "dead":
      return { icon: "error", colour: colour ?? "testing.iconFailed" };
    default:
      return { icon: "circle-slash", colour };
  }
}

function context(state: string, group: SessionGroup, session: ListedSession): string {
  const words = ["session", group];
  const gone = ["error", "dead", "killed", "success", "shutting_down"].includes(state);
  if (!gone && !session.active) words.push("attachable");
  if (session.id !== "" || session.name !== undefined) words.push("there");
  return words.join(" ");
}

/** What the view is drawn from until the details are there. */
export function briefTooltip({ session, profile }: SessionRow): string {
  return `**${escaped(sessionName(session))}** on ${escaped(profile)}`;
}

/** The details as Markdown, for a tooltip. */
export function detailsTooltip(row: SessionRow, { facts }: SessionDetails): string {
  const lines = facts.map(({ name, value, url }) => {
    const shown = isWebAddress(url) ? `[${escaped(value)}](${url})` : escaped(value);
    return `| ${escaped(name)} | ${shown} |`;
  });
  return [briefTooltip(row), "", "| | |", "|---|---|", ...lines].join("\n");
}

/** The details as a page to read and to copy. */
export function detailsPage({ session, facts }: SessionDetails): string {
  const width = Math.max(...facts.map(({ name }) => name.length), 0);
  const lines = facts.map(({ name, value, url }) => {
    const link = isWebAddress(url) && url !== value ? `  ${url}` : "";
    return `${name.padEnd(width)}  ${value.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}${link}`;
  });
  return `${[sessionName(session), "", ...lines].join("\n")}\n`;
}

/** A server's answer becomes a link only when it is one: never `command:`, never markup. */
export function isWebAddress(text: string | undefined): text is string {
  return text !== undefined && /^https?:\/\/[^\s()<>[\]]+$/.test(text);
}
