// The rows of the Runs view, and which runs the channel shows again after a reload: pure.

import type { RunInfo } from "../../protocol/protocol.ts";
import { clockTime, count, duration, partKind, size, sourceLabel, stateWords } from "./render.ts";

/** How a run looks in the view. */
export interface RunRow {
  label: string;
  description: string;
  icon: string;
  /** A theme colour, where the icon has one. */
  colour: string | undefined;
  /** Words for the `when` clauses of the menus. */
  context: string;
  /** Markdown. */
  tooltip: string;
}

/** How many rows the view has; the history search finds the others. */
export const longestView = 500;

/** Held runs first, as they will be sent; then the others, the newest on top. */
export function inOrder<T extends { run: RunInfo }>(runs: T[]): T[] {
  const oldestFirst = [...runs].sort((one, other) => one.run.accepted - other.run.accepted);
  const held = oldestFirst.filter(({ run }) => run.state === "held");
  const others = oldestFirst.filter(({ run }) => run.state !== "held").reverse();
  return [...held, ...others].slice(0, longestView);
}

export function runRow(run: RunInfo, now: number): RunRow {
  const { icon, colour } = sign(run);
  return {
    label: sourceLabel(run.source),
    description: description(run, now),
    icon,
    colour,
    context: context(run),
    tooltip: tooltip(run),
  };
}

/** "1.8 s", "running 37 %", "not sent". Today's runs need no date. */
function description(run: RunInfo, now: number): string {
  const { result } = run;
  const words = result ? resultWords(run) : stateWords(run);
  const day = new Date(run.accepted).toDateString();
  const earlier = day === new Date(now).toDateString() ? "" : ` · ${dateOf(run.accepted)}`;
  return `${words}${earlier}`;
}

function resultWords({ result }: RunInfo): string {
  if (!result) return "";
  const took = duration(result.milliseconds);
  switch (result.outcome) {
    case "ok":
    case "stopped":
      return took;
    case "error":
      return `${result.error?.name ?? "an exception"} · ${took}`;
    case "failed":
      return "did not run";
    case "unknown":
      return "outcome unknown";
  }
}

/** "2026-11-21", by this machine's time zone. */
function dateOf(milliseconds: number): string {
  const at = new Date(milliseconds);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function sign(run: RunInfo): { icon: string; colour: string | undefined } {
  switch (run.result?.outcome) {
    case "ok":
      return { icon: "pass", colour: "testing.iconPassed" };
    case "error":
      return { icon: "error", colour: "testing.iconFailed" };
    case "failed":
      return { icon: "circle-slash", colour: "testing.iconFailed" };
    case "stopped":
      return { icon: "debug-stop", colour: undefined };
    case "unknown":
      return { icon: "question", colour: "list.warningForeground" };
  }
  switch (run.state) {
    case "held":
      return { icon: "debug-pause", colour: "list.warningForeground" };
    case "queued":
    case "starting":
      return { icon: "clock", colour: undefined };
    default:
      return { icon: "loading~spin", colour: undefined };
  }
}

function context(run: RunInfo): string {
  const words = ["run"];
  if (run.state === "held") words.push("held");
  else words.push(run.state === "finished" ? "ended" : "active");
  if (run.result?.outcome === "unknown") words.push("unknown");
  if ((run.result?.parts.length ?? 0) > 0) words.push("results");
  if (isCut(run)) words.push("cut");
  return words.join(" ");
}

function isCut({ result }: RunInfo): boolean {
  return result?.outputFile !== undefined && result.outputBytes > result.sentBytes;
}

function tooltip(run: RunInfo): string {
  const { result, source } = run;
  const began = `${dateOf(run.accepted)} ${clockTime(run.accepted)}`;
  const lines = [`**${escaped(sourceLabel(source))}** on ${escaped(run.profile)}, ${began}`];
  const sentence = result ? resultSentence(run) : (run.detail ?? stateWords(run));
  lines.push(escaped(sentence));
  if (run.outputBytes > 0) lines.push(`${size(run.outputBytes)} of output`);
  if (result) lines.push(...result.parts.map((part) => `${partKind(part.mime)}`));
  if (run.adopted) lines.push("Found again: an earlier livyd sent it.");
  if (source) lines.push(`\`${source.file.replaceAll("`", "'")}\``);
  return lines.join("\n\n");
}

function resultSentence({ result }: RunInfo): string {
  if (!result) return "";
  if (result.outcome === "ok") return `Took ${duration(result.milliseconds)}`;
  return result.message;
}

/** Text of others in Markdown: never markup, never a command. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~$-]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}

/** How much of the past stands in the channel again after a reload. */
const drawnRuns = 50;
const drawnBytes = 4_000_000;

/** What goes on, and of what has ended the latest, so that a long history costs nothing. */
export function worthDrawing(runs: RunInfo[]): { drawn: RunInfo[]; earlier: number } {
  const drawn: RunInfo[] = [];
  let ended = 0;
  let bytes = 0;
  let full = false;
  for (const run of [...runs].reverse()) {
    if (run.state === "finished") {
      bytes += run.result?.sentBytes ?? run.outputBytes;
      full ||= ended >= drawnRuns || (bytes > drawnBytes && ended > 0);
      if (full) continue;
      ended += 1;
    }
    drawn.unshift(run);
  }
  return { drawn, earlier: runs.length - drawn.length };
}

/** The sentence for runs that an earlier livyd accepted and never sent. */
export function heldSentence(number: number): string {
  return `${count(number, "run")} ${number === 1 ? "was" : "were"} not sent.`;
}
