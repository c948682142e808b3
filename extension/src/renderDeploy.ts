// What is deployed, what would be, and what a reload did, as rows, pages and sentences: pure.

import type {
  Bundle,
  BundleKind,
  Carrier,
  Deployed,
  DeployResult,
  ModuleReloadResult,
  StandaloneResult,
} from "../../protocol/protocol.ts";
import { clockTime, count, size } from "./render.ts";
import { escaped } from "./renderRuns.ts";

/** A bundle that livyd has put somewhere, as a row of the view. */
export interface DeployedRow {
  label: string;
  description: string;
  icon: string;
  /** A theme colour, where the icon has one. */
  colour: string | undefined;
  context: string;
  /** Markdown. */
  tooltip: string;
}

const icons: Record<BundleKind, string> = {
  pyFiles: "package",
  jars: "library",
  files: "file",
  archives: "file-zip",
};

const carriers: Record<Carrier, string> = {
  webhdfs: "WebHDFS",
  livy: "Livy's own upload",
  session: "the session",
};

/** "3f2a91c4": enough to tell two of them apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 8);
}

export function deployedRow(one: Deployed, now: number): DeployedRow {
  const { bundle, kind, hash, sessions, stale, target, time } = one;
  const parts = [
    ...(stale ? ["not what is here"] : []),
    kind,
    shortHash(hash),
    timeWords(time, now),
    ...(sessions.length > 0 ? [`in ${count(sessions.length, "session")}`] : []),
    target,
  ];
  return {
    label: bundle,
    description: parts.join(" · "),
    icon: stale ? "warning" : icons[kind],
    colour: stale ? "list.warningForeground" : undefined,
    context: `deployed ${stale ? "stale" : "current"}`,
    tooltip: deployedTooltip(one, now),
  };
}

function deployedTooltip(one: Deployed, now: number): string {
  const sessions = one.sessions.length > 0 ? one.sessions.join(", ") : "none so far";
  const facts: [string, string][] = [
    ["From", one.source],
    ["To", one.target],
    ["By", carriers[one.carrier]],
    ["Kind", one.kind],
    ["Size", size(one.bytes)],
    ["Hash", one.hash.slice(0, 16)],
    ["Sent", timeWords(one.time, now)],
    ["Sessions", sessions],
  ];
  return [
    `**${escaped(one.bundle)}**`,
    ...(one.stale ? ["", "What is here has changed since it was sent. Deploy Now sends it."] : []),
    "",
    "| | |",
    "|---|---|",
    ...facts.map(([name, value]) => `| ${name} | ${escaped(value)} |`),
  ].join("\n");
}

/** "14:03:22", with its date unless it is today. */
function timeWords(time: number, now: number): string {
  const at = new Date(time);
  if (at.toDateString() === new Date(now).toDateString()) return clockTime(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${clockTime(time).slice(0, 5)}`;
}

/** The question before something is removed from where it was deployed to. */
export function removeQuestion({ bundle, target, sessions }: Deployed, profile: string) {
  const used =
    sessions.length === 0
      ? ""
      : `${count(sessions.length, "session")} ${sessions.length === 1 ? "was" : "were"} given it. `;
  return {
    question: `Remove ${bundle} from ${profile}?`,
    detail: `${used}${target} is deleted. The next deployment sends it again.`,
  };
}

/** What a deployment did, as one sentence. */
export function deployedSentence(profile: string, { bundles, bytes, carrier }: DeployResult) {
  if (bundles.length === 0) return `There is nothing to deploy to ${profile}.`;
  if (bytes === 0) return `All is deployed to ${profile} as it is here; nothing was sent.`;
  const names = bundles.map(({ name }) => name).join(", ");
  return `${names} ${bundles.length === 1 ? "is" : "are"} deployed to ${profile}: ${size(bytes)} sent by ${carriers[carrier]}.`;
}

const planWords: Record<Bundle["state"], string> = {
  current: "is there already",
  changed: "has changed: will be sent",
  absent: "is not there: will be sent",
};

/** What Deploy Now would do, as a page to read and to copy. */
export function planPage(profile: string, plan: DeployResult): string {
  const { bundles, bytes, carrier, reason, remarks } = plan;
  const sent = bundles.filter(({ state }) => state !== "current");
  const head =
    bundles.length === 0
      ? `There is nothing to deploy to ${profile}.`
      : `Deploy Now would send ${size(bytes)} to ${profile}: ${sent.length} of ${count(bundles.length, "bundle")}.`;
  const way = bundles.length === 0 ? [] : [`They travel by ${carriers[carrier]}. ${reason}`.trim()];
  const blocks = bundles.flatMap((bundle) => ["", ...planLines(bundle)]);
  const rest = remarks.length > 0 ? ["", ...remarks.map((remark) => `· ${remark}`)] : [];
  return `${[head, ...way, ...blocks, ...rest].join("\n")}\n`;
}

function planLines({ name, kind, files, bytes, hash, state, source, target }: Bundle): string[] {
  const content = `${count(files, "file")}, ${size(bytes)}`;
  return [
    `${name} (${kind}, ${content}, ${shortHash(hash)}) ${planWords[state]}`,
    `  from ${source}`,
    `  to   ${target}`,
  ];
}

/** What a reload did: the message, and what stands in the channel. */
export interface ReloadWords {
  severity: "info" | "warning";
  message: string;
  lines: string[];
}

export function reloadWords(result: ModuleReloadResult): ReloadWords {
  const { detail, executors, kept, reloaded, files, bytes } = result;
  const list = [
    ...(files > 0 ? [`${count(files, "file")} sent (${size(bytes)})`] : []),
    ...(reloaded.length > 0 ? [`reloaded: ${reloaded.join(", ")}`] : []),
    ...kept.map(({ module, reason }) => `${module} stays as it was: ${reason}`),
    ...executorLines(result),
  ];
  // Nothing happened: why not is all there is to say.
  const lines = list.length > 0 ? list : [detail];
  const bad = kept.length > 0 || executors === "stale";
  return { severity: bad ? "warning" : "info", message: detail, lines };
}

/** Why they are stale stands in the sentence about the whole. */
function executorLines({ executors, detail }: ModuleReloadResult): string[] {
  if (executors === "fresh") return ["the executors' next Python workers import the new modules"];
  return executors === "stale" ? [`the executors keep the old modules: ${detail}`] : [];
}

/** The line that a reason names, from 0: "SyntaxError: invalid syntax (etl.py, line 3)". */
export function lineInReason(reason: string): number {
  const [, line] = /\bline (\d+)\b/.exec(reason) ?? [];
  return Math.max(0, Number(line ?? 1) - 1);
}

/** Where a module's file may be, as patterns below a folder: "pkg.sub" is a file or a package. */
export function moduleFiles(module: string): string[] {
  const path = module.replaceAll(".", "/");
  return [`**/${path}.py`, `**/${path}/__init__.py`];
}

/**
 * The dotted name of a file by the packages that it stands in: `isPackage` says whether a folder has
 * an `__init__.py`.
 */
export function moduleName(file: string, isPackage: (folder: string) => boolean): string {
  const parts = file.replace(/\.py$/, "").split("/");
  const last = parts.pop() ?? "";
  const names = last === "__init__" ? [] : [last];
  while (parts.length > 1 && isPackage(parts.join("/"))) names.unshift(parts.pop() ?? "");
  return names.join(".");
}

/** Names as they are typed: separated by blanks or commas. */
export function namesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}

/** Why these are no modules; undefined when they may be. */
export function whyNoModules(text: string): string | undefined {
  const names = namesIn(text);
  if (names.length === 0) return "Write the name of a module.";
  const wrong = names.find(
    (name) => !/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(name),
  );
  return wrong === undefined
    ? undefined
    : `${wrong} is not the name of a module: it looks like pkg.part.`;
}

/** "etl_standalone.py" for "etl.py"; for no script, what carries the packages only. */
export function standaloneName(file: string | undefined): string {
  if (file === undefined) return "packages_standalone.py";
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.py$/, "");
  return `${name}_standalone.py`;
}

export function standaloneSentence({ output, files, bytes }: StandaloneResult): string {
  const name = output.slice(output.lastIndexOf("/") + 1);
  return `${name} is written: ${count(files, "file")} of packages inside, ${size(bytes)}.`;
}
