// What the status bar says of a profile, its session and its runs: pure.

import type { ProfileSummary, RunInfo, SessionInfo } from "../../protocol/protocol.ts";
import { percent, runPhrase } from "./render.ts";

/** Everything that the item is drawn from. */
export interface Situation {
  profile: ProfileSummary;
  session: SessionInfo | undefined;
  /** Unfinished runs of this profile, oldest first. */
  runs: RunInfo[];
  /** Milliseconds since 1970. */
  now: number;
}

export interface StatusItem {
  text: string;
  background: "warning" | "error" | undefined;
  /** Markdown. */
  tooltip: string;
  /** The text changes with time and wants to be drawn again every second. */
  ticking: boolean;
}

export function statusItem(situation: Situation): StatusItem {
  const { icon, words } = stateWords(situation);
  const { profile } = situation;
  return {
    text: `$(${icon}) ${profile.name}${words === "" ? "" : `: ${words}`}`,
    background: background(situation),
    tooltip: tooltip(situation),
    ticking: situation.session?.state === "starting",
  };
}

/** The icon, and what stands behind the profile's name. */
function stateWords(situation: Situation): { icon: string; words: string } {
  const { profile, session, runs, now } = situation;
  if (profile.problem !== undefined) return { icon: "warning", words: "cannot be used" };
  switch (session?.state) {
    case "unreachable":
      return { icon: "warning", words: "unreachable" };
    case "dead":
      return { icon: "error", words: "dead" };
    case "lost":
      return { icon: "warning", words: "lost" };
    case "starting": {
      const seconds = Math.max(0, Math.floor((now - session.since) / 1000));
      return { icon: "sync~spin", words: `starting ${seconds} s` };
    }
  }
  const active = activeRun(runs);
  if (active) return { icon: "loading~spin", words: percent(active) ?? runWords(active) };
  if (profile.confirm) return { icon: "shield", words: "" };
  switch (session?.state) {
    case "idle":
      return { icon: "check", words: "" };
    case "busy":
      return { icon: "loading~spin", words: "busy" };
    default:
      return { icon: "plug", words: "" };
  }
}

function runWords(run: RunInfo): string {
  if (run.state === "stopping") return "stopping";
  return run.state === "running" ? "running" : "waiting";
}

function background({ profile, session }: Situation): StatusItem["background"] {
  if (session?.state === "dead") return "error";
  return profile.confirm ? "warning" : undefined;
}

/** The run that Stop means: the one that is on the server, else the oldest. */
export function activeRun(runs: RunInfo[]): RunInfo | undefined {
  const unfinished = runs.filter((run) => run.state !== "finished");
  const sent = unfinished.find((run) => ["running", "stopping", "sent"].includes(run.state));
  return sent ?? unfinished[0];
}

function tooltip({ profile, session, runs }: Situation): string {
  const lines = [`**${escaped(profile.name)}** ${where(profile)}`];
  if (profile.problem !== undefined) lines.push(escaped(profile.problem));
  if (session) lines.push(...sessionLines(session));
  else lines.push("No session. The next run starts one.");
  if (profile.unverified) lines.push("$(warning) The server's certificate is not verified.");
  lines.push(...runs.map((run) => `Run: ${escaped(runPhrase(run))}`));
  return lines.join("\n\n");
}

function where(profile: ProfileSummary): string {
  return profile.url === undefined ? "on this machine" : `at ${escaped(profile.url)}`;
}

const stateSentences: Record<SessionInfo["state"], string> = {
  none: "No session. The next run starts one.",
  starting: "The session is starting.",
  idle: "The session is idle.",
  busy: "The session is busy.",
  unreachable: "The server does not answer. The session is kept and asked for again.",
  lost: "The session is gone. The next run starts a new one.",
  dead: "The session failed. The next run starts a new one.",
  removed: "You removed the session. Start Session makes a new one.",
};

function sessionLines(session: SessionInfo): string[] {
  const lines = [stateSentences[session.state]];
  if (session.detail !== undefined && session.detail !== "") lines.push(escaped(session.detail));
  const identity = session.name ?? session.id;
  if (identity !== undefined) lines.push(`Session: ${escaped(identity)}`);
  if (session.applicationId !== undefined) {
    lines.push(`Application: ${escaped(session.applicationId)}`);
  }
  if (session.proxyUser !== undefined) lines.push(`Runs as: ${escaped(session.proxyUser)}`);
  if (isWebAddress(session.sparkUiUrl)) lines.push(`[Spark UI](${session.sparkUiUrl})`);
  if (session.serverVersion === "embedded") lines.push("Server: built into livyd");
  else if (session.serverVersion !== undefined) {
    lines.push(`Livy: ${escaped(session.serverVersion)}`);
  }
  return lines;
}

/** A server's answer becomes a link only when it is one: never `command:`, never markdown. */
function isWebAddress(text: string | undefined): text is string {
  return text !== undefined && /^https?:\/\/[^\s()<>[\]]+$/.test(text);
}

function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~$-]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}

/** A line of the quick pick behind the item. */
export interface ActionItem {
  label: string;
  command: string;
}

const actions = {
  runSelection: { label: "$(play) Run Selection or File", command: "livyd.runSelection" },
  runFile: { label: "$(run-all) Run File", command: "livyd.runFile" },
  stopRun: { label: "$(debug-stop) Stop Run", command: "livyd.stopRun" },
  startSession: { label: "$(plug) Start Session", command: "livyd.startSession" },
  restartSession: { label: "$(debug-restart) Restart Session", command: "livyd.restartSession" },
  stopSession: { label: "$(trash) Stop Session", command: "livyd.stopSession" },
  showOutput: { label: "$(output) Show Output", command: "livyd.showOutput" },
  showLog: { label: "$(list-flat) Show Log", command: "livyd.showLog" },
  selectProfile: { label: "$(server) Select Profile", command: "livyd.selectProfile" },
} as const satisfies Record<string, ActionItem>;

/** What can be done in this state, most likely first. */
export function actionsFor(situation: Situation): ActionItem[] {
  const { profile, session, runs } = situation;
  const run = [actions.runSelection, actions.runFile];
  const look = [actions.showOutput, actions.showLog];
  if (profile.problem !== undefined) return [actions.selectProfile, ...look];
  if (activeRun(runs)) {
    return [
      actions.stopRun,
      actions.showOutput,
      ...run,
      ...replaceable(),
      actions.showLog,
      actions.selectProfile,
    ];
  }
  switch (session?.state) {
    case "idle":
    case "busy":
      return [...run, ...replaceable(), ...look, actions.selectProfile];
    case "starting":
      return [actions.stopSession, ...look, ...run, actions.selectProfile];
    case "unreachable":
      return [actions.showLog, ...replaceable(), actions.showOutput, ...run, actions.selectProfile];
    case "dead":
    case "lost":
      return [
        actions.showLog,
        actions.startSession,
        ...run,
        actions.showOutput,
        actions.selectProfile,
      ];
    default:
      return [...run, actions.startSession, ...look, actions.selectProfile];
  }
}

function replaceable(): ActionItem[] {
  return [actions.restartSession, actions.stopSession];
}
