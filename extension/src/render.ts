// How a run looks in the Output Channel: pure functions from what the daemon said to text.

import type { ResultPart, RunInfo, RunResult, SourceLocation } from "../../protocol/protocol.ts";

/** The width to which headers are drawn. */
const columns = 64;

/** "etl.py:12-18", "etl.py:40"; without lines when the whole document ran. */
export function sourceLabel(source: SourceLocation | undefined): string {
  if (!source) return "code";
  const name = fileLabel(source);
  if (source.whole) return name;
  const { firstLine, lastLine } = source;
  return firstLine === lastLine ? `${name}:${firstLine}` : `${name}:${firstLine}-${lastLine}`;
}

/** "etl.py", the file's name without its folder. */
export function fileLabel(source: SourceLocation): string {
  return source.file.slice(source.file.lastIndexOf("/") + 1) || source.file;
}

/** "── etl.py:12-18 ─ cluster ─ 14:03:22 ────…" to 64 columns, with at least two strokes at the end. */
export function header(label: string, profile: string, time: string, remark = ""): string {
  const start = `── ${label} ─ ${profile} ─ ${time} ${remark === "" ? "" : `─ ${remark} `}`;
  return start + "─".repeat(Math.max(2, columns - [...start].length));
}

/** "14:03:22", by this machine's clock and time zone. */
export function clockTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** "0.04 s", "1.8 s", "2 min 5 s", "1 h 3 min". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 0.095) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "512 bytes", "12.3 kB", "48.1 MB". */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 999_950) return `${(bytes / 1000).toFixed(1)} kB`;
  if (bytes < 999_950_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** A notice of livyd: one line that begins with "·". */
export function notice(text: string): string {
  return `· ${oneLine(text)}`;
}

/** The traceback's lines, ending with the exception itself also where Livy leaves it out. */
export function tracebackLines(result: RunResult): string[] {
  const { error } = result;
  if (!error) return [];
  const lines = error.traceback.flatMap((line) => line.replace(/\r?\n$/, "").split("\n"));
  const said = lines.some((line) => line.startsWith(error.name) || line.endsWith(error.message));
  const last = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  return said && lines.length > 0 ? lines : [...lines, last];
}

/** "✓ 1.8 s", "✗ ZeroDivisionError after 0.1 s", "■ stopped after 12.4 s; the session is free". */
export function outcome(result: RunResult): string {
  const took = duration(result.milliseconds);
  switch (result.outcome) {
    case "ok":
      return `✓ ${took}`;
    case "error":
      return `✗ ${result.error?.name ?? "an exception"} after ${took}`;
    case "stopped":
      return `■ ${stopped(took, oneLine(result.message))}`;
    case "failed":
      return `✗ ${oneLine(result.message)}`;
    case "unknown":
      return `? ${oneLine(result.message)}`;
  }
}

/** "stopped after 12.4 s; the session is free", "stopped before it was sent". */
function stopped(took: string, message: string): string {
  if (/^stopped before\b/i.test(message)) return message;
  const rest = message.replace(/^stopped\b[\s;,.:]*/i, "").replace(/\.$/, "");
  return `stopped after ${took}${rest === "" ? "" : `; ${rest}`}`;
}

const kinds = new Map([
  ["application/json", "JSON"],
  ["application/vnd.livy.table.v1+json", "a table"],
  ["image/png", "a figure"],
  ["image/svg+xml", "a figure"],
  ["text/html", "HTML"],
]);

/** "  (a table, a figure: Livy: Show Results)" for the parts that are not plain text. */
export function partsLine(parts: ResultPart[]): string[] {
  if (parts.length === 0) return [];
  return [`  (${parts.map(({ mime }) => partKind(mime)).join(", ")}: Livy: Show Results)`];
}

/** "a table", "a figure"; the MIME type where there is no word for it. */
export function partKind(mime: string): string {
  return kinds.get(mime) ?? mime;
}

/** "· 48.1 MB more: Livy: Open Full Output", when not all of the output was sent. */
export function rest(result: RunResult): string | undefined {
  const more = result.outputBytes - result.sentBytes;
  return more > 0 ? notice(`${size(more)} more: Livy: Open Full Output`) : undefined;
}

/** Everything below a run's output: what was left out, the parts, the traceback, the outcome. */
export function ending(result: RunResult): string[] {
  const left = rest(result);
  return [
    ...(left === undefined ? [] : [left]),
    ...partsLine(result.parts),
    ...tracebackLines(result),
    outcome(result),
  ];
}

/** A run that stands in a list: "etl.py:12-18, running 37 %". */
export function runPhrase(run: RunInfo): string {
  return `${sourceLabel(run.source)}, ${stateWords(run)}`;
}

/** "running 37 %", "on its way", "not sent". */
export function stateWords(run: RunInfo): string {
  const progress = percent(run);
  const words = new Map([
    ["held", "not sent"],
    ["sent", "on its way"],
    ["queued", "waiting"],
    ["starting", "waiting for the session"],
  ]);
  return `${words.get(run.state) ?? run.state}${progress === undefined ? "" : ` ${progress}`}`;
}

/** "1 run", "3 runs". */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** "37 %", where the server knows it and it says something. */
export function percent(run: RunInfo): string | undefined {
  if (run.progress === undefined || run.progress <= 0) return undefined;
  return `${Math.min(100, Math.floor(run.progress * 100))} %`;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
