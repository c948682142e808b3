// What the status bar says of a profile, its session and its runs: pure.

import type { Credentials, ProfileSummary, RunInfo, SessionInfo } from "../../protocol/protocol.ts";
import { count, percent, runPhrase } from "./render.ts";
import { credentialsLines, credentialsWords } from "./renderCredentials.ts";
import { escaped, heldSentence } from "./renderRuns.ts";
import { isWebAddress } from "./renderSessions.ts";

/** Everything that the item is drawn from. */
export interface Situation {
  profile: ProfileSummary;
  session: SessionInfo | undefined;
  /** Of a profile with Kerberos. */
  credentials: Credentials | undefined;
  /** Unfinished runs of this profile, oldest first. */
  runs: RunInfo[];
  /** How many of its runs were never sent and wait for the user's word. */
  held: number;
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
  const { profile, session, credentials } = situation;
  const shield = profile.confirm && icon !== "shield" ? "$(shield) " : "";
  const unverified = profile.unverified ? " · TLS not verified" : "";
  return {
    text: `${shield}$(${icon}) ${profile.name}${words === "" ? "" : `: ${words}`}${unverified}`,
    background: background(situation),
    tooltip: tooltip(situation),
    ticking:
      session?.state === "starting" ||
      session?.idleAt !== undefined ||
      credentials?.state === "expiring",
  };
}

/** The icon, and what stands behind the profile's name. */
function stateWords(situation: Situation): { icon: string; words: string } {
  const { profile, session, runs, held, now } = situation;
  if (profile.problem !== undefined) return { icon: "warning", words: "cannot be used" };
  const ticket = credentialsWords(situation.credentials, now);
  // Why the server is out of reach, and what everything waits for.
  if (ticket?.waits) return { icon: "warning", words: ticket.words };
  switch (session?.state) {
    case "unreachable":
      return { icon: "warning", words: "unreachable" };
    case "dead":
      return { icon: "error", words: "dead" };
    case "lost":
      return { icon: "warning", words: "lost" };
  }
  const active = activeRun(runs);
  const onServer = active?.state === "running" || active?.state === "stopping";
  if (session?.state === "starting" && !onServer) {
    const seconds = Math.max(0, Math.floor((now - session.since) / 1000));
    return { icon: "sync~spin", words: `starting ${seconds} s` };
  }
  if (active) return { icon: "loading~spin", words: percent(active) ?? runWords(active) };
  if (held > 0) return { icon: "debug-pause", words: `${count(held, "run")} not sent` };
  if (ticket) return { icon: "clock", words: ticket.words };
  const left = minutesLeft(situation);
  if (left !== undefined) return { icon: "clock", words: `ends in ${left} min` };
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

/** The countdown is shown when there is little time left. */
const shownMinutes = 10;

function minutesLeft({ session, now }: Situation): number | undefined {
  if (session?.state !== "idle" || session.idleAt === undefined) return undefined;
  const minutes = Math.ceil((session.idleAt - now) / 60_000);
  return minutes <= shownMinutes ? Math.max(0, minutes) : undefined;
}

function runWords(run: RunInfo): string {
  if (run.state === "stopping") return "stopping";
  return run.state === "running" ? "running" : "waiting";
}

function background({ profile, session }: Situation): StatusItem["background"] {
  if (session?.state === "dead") return "error";
  return profile.confirm || profile.unverified ? "warning" : undefined;
}

/** The run that Stop means: the one that is on the server, else the oldest. */
export function activeRun(runs: RunInfo[]): RunInfo | undefined {
  const unfinished = runs.filter((run) => run.state !== "finished");
  const sent = unfinished.find((run) => ["running", "stopping", "sent"].includes(run.state));
  return sent ?? unfinished[0];
}

function tooltip(situation: Situation): string {
  const { profile, session, runs, held } = situation;
  const lines = [`**${escaped(profile.name)}** ${where(profile)}`];
  if (profile.problem !== undefined) lines.push(escaped(profile.problem));
  if (session) lines.push(...sessionLines(session), ...idleLines(situation));
  else lines.push("No session. The next run starts one.");
  lines.push(...credentialsLines(situation.credentials));
  if (profile.unverified) {
    lines.push(
      "$(warning) The server's certificate is not verified: anybody on the way can read and change everything.",
    );
  }
  if (profile.confirm) {
    lines.push("$(shield) Asks before a session is started, code is run or anything is stopped.");
  }
  if (held > 0) {
    const links = `[Run](command:livyd.releaseHeldRuns) · [Discard](command:livyd.discardHeldRuns)`;
    lines.push(`${heldSentence(held)} ${links}`);
  }
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
  lines.push(...agentLines(session));
  return lines;
}

/** In minutes, so that the hint does not move each second while it is read. */
function idleLines(situation: Situation): string[] {
  const { session, now } = situation;
  if (session?.state !== "idle" || session.idleAt === undefined) return [];
  const minutes = Math.max(0, Math.ceil((session.idleAt - now) / 60_000));
  const hours = Math.floor(minutes / 60);
  const time = hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  return [`The server ends it in ${time} unless it is used. [Keep](command:livyd.keepSession)`];
}

function agentLines({ agent, agentDetail }: SessionInfo): string[] {
  const reason = agentDetail === undefined ? "" : `: ${escaped(agentDetail)}`;
  switch (agent) {
    case "installed":
      return ["Agent: installed. Output is live, and Stop interrupts Python."];
    case "off":
      return ["Agent: off, as the profile says."];
    case "ask":
      return [
        "Agent: somebody else created this session. [Use the Agent](command:livyd.useAgent) for live output.",
      ];
    case "unavailable":
      return [`Agent: not available here${reason}`];
    default:
      return [];
  }
}

/** A line of the quick pick behind the item. */
export interface ActionItem {
  label: string;
  command: string;
}

const actions = {
  runSelection: { label: "$(play) Run Selection or File", command: "livyd.runSelection" },
  runFile: { label: "$(run-all) Run File", command: "livyd.runFile" },
  rerunLast: { label: "$(refresh) Rerun Last", command: "livyd.rerunLast" },
  stopRun: { label: "$(debug-stop) Stop Run", command: "livyd.stopRun" },
  releaseHeld: { label: "$(play) Run What Was Not Sent", command: "livyd.releaseHeldRuns" },
  discardHeld: { label: "$(trash) Discard What Was Not Sent", command: "livyd.discardHeldRuns" },
  startSession: { label: "$(plug) Start Session", command: "livyd.startSession" },
  attachSession: { label: "$(link) Attach to Session", command: "livyd.attachSession" },
  keepSession: { label: "$(clock) Keep Session", command: "livyd.keepSession" },
  useAgent: { label: "$(sparkle) Use the Agent", command: "livyd.useAgent" },
  restartSession: { label: "$(debug-restart) Restart Session", command: "livyd.restartSession" },
  stopSession: { label: "$(trash) Stop Session", command: "livyd.stopSession" },
  showOutput: { label: "$(output) Show Output", command: "livyd.showOutput" },
  sessionLog: { label: "$(list-flat) Show Session Log", command: "livyd.showSessionLog" },
  showLog: { label: "$(note) Show Log", command: "livyd.showLog" },
  diagnose: { label: "$(pulse) Diagnose Connection", command: "livyd.diagnose" },
  kinit: { label: "$(terminal) Open Terminal with kinit", command: "livyd.openKinitTerminal" },
  setSecret: { label: "$(key) Set Secret…", command: "livyd.setSecret" },
  selectProfile: { label: "$(server) Select Profile", command: "livyd.selectProfile" },
} satisfies Record<string, ActionItem>;

/** What can be done in this state, most likely first. */
export function actionsFor(situation: Situation): ActionItem[] {
  const { profile, runs, held, credentials } = situation;
  const look = [actions.showOutput, actions.showLog];
  if (profile.problem !== undefined) return [actions.selectProfile, ...look];
  const ticket = credentialsWords(credentials, situation.now) ? [actions.kinit] : [];
  const waiting = held > 0 ? [actions.releaseHeld, actions.discardHeld] : [];
  const now = activeRun(runs) ? whileRunning() : whenFree(situation);
  const first = [...ticket, ...waiting];
  const last = [...reach(situation), actions.selectProfile];
  return [...first, ...now, ...last.filter((one) => !now.includes(one))];
}

/** What concerns the way to a server. */
function reach({ profile }: Situation): ActionItem[] {
  if (profile.local) return [];
  return [actions.diagnose, ...(profile.secrets.length > 0 ? [actions.setSecret] : [])];
}

function whileRunning(): ActionItem[] {
  return [
    actions.stopRun,
    actions.showOutput,
    actions.sessionLog,
    actions.runSelection,
    actions.runFile,
    ...replaceable(),
    actions.showLog,
  ];
}

function whenFree(situation: Situation): ActionItem[] {
  const { session } = situation;
  const run = [actions.runSelection, actions.runFile, actions.rerunLast];
  const look = [actions.showOutput, actions.sessionLog, actions.showLog];
  const make = [actions.startSession, actions.attachSession];
  const keep = minutesLeft(situation) === undefined ? [] : [actions.keepSession];
  const agent = session?.agent === "ask" ? [actions.useAgent] : [];
  switch (session?.state) {
    case "idle":
    case "busy":
      return [...keep, ...agent, ...run, ...replaceable(), ...look];
    case "starting":
      return [actions.sessionLog, actions.stopSession, actions.showOutput, ...run, actions.showLog];
    case "unreachable":
      return [actions.diagnose, actions.showLog, ...replaceable(), actions.showOutput, ...run];
    case "dead":
    case "lost":
      return [actions.sessionLog, ...make, ...run, actions.showOutput, actions.showLog];
    default:
      return [...run, ...make, actions.showOutput, actions.showLog];
  }
}

function replaceable(): ActionItem[] {
  return [actions.restartSession, actions.stopSession];
}
