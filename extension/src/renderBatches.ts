// Batches as rows of their view, and the questions about them: pure.

import type { BatchInfo } from "../../protocol/protocol.ts";
import { escaped } from "./renderRuns.ts";
import { isWebAddress } from "./renderSessions.ts";

export interface BatchRow {
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

/** "etl 12": the name that it was submitted under, and Livy's number. */
export function batchName({ batch, name }: BatchInfo): string {
  return name === undefined || name === "" ? `batch ${batch}` : `${name} (${batch})`;
}

export function batchRow(batch: BatchInfo): BatchRow {
  return {
    label: batchName(batch),
    description: description(batch),
    ...sign(batch),
    context: context(batch),
    tooltip: tooltip(batch),
  };
}

function description({ state, mine, owner, proxyUser, applicationId, detail }: BatchInfo): string {
  const user = proxyUser ?? owner;
  return [
    state.replaceAll("_", " "),
    ...(!mine && user !== undefined ? [user] : []),
    ...(applicationId === undefined ? [] : [applicationId]),
    ...(detail === undefined || detail === "" ? [] : [detail]),
  ].join(" · ");
}

function sign({ state, mine }: BatchInfo): { icon: string; colour: string | undefined } {
  const colour = mine ? undefined : "disabledForeground";
  switch (state) {
    case "success":
      return { icon: "pass", colour: colour ?? "testing.iconPassed" };
    case "dead":
    case "error":
      return { icon: "error", colour: colour ?? "testing.iconFailed" };
    case "killed":
    case "gone":
      return { icon: "circle-slash", colour };
    case "not_started":
    case "starting":
    case "recovering":
      return { icon: "sync~spin", colour };
    case "running":
    case "busy":
      return { icon: "loading~spin", colour };
    default:
      return { icon: "circle-outline", colour };
  }
}

function context({ finished, mine, sparkUiUrl, driverLogUrl }: BatchInfo): string {
  const words = ["batch", finished ? "ended" : "alive", mine ? "mine" : "others"];
  if (isWebAddress(sparkUiUrl)) words.push("ui");
  if (isWebAddress(driverLogUrl)) words.push("driverLog");
  return words.join(" ");
}

function tooltip(batch: BatchInfo): string {
  const { profile, state, applicationId, owner, proxyUser, detail } = batch;
  const facts: [string, string | undefined][] = [
    ["State", state],
    ["Application", applicationId],
    ["Owner", owner],
    ["Runs as", proxyUser],
  ];
  return [
    `**${escaped(batchName(batch))}** on ${escaped(profile)}`,
    ...(detail === undefined || detail === "" ? [] : ["", escaped(detail)]),
    "",
    "| | |",
    "|---|---|",
    ...facts.flatMap(([name, value]) =>
      value === undefined ? [] : [`| ${name} | ${escaped(value)} |`],
    ),
    ...links(batch),
  ].join("\n");
}

function links({ sparkUiUrl, driverLogUrl }: BatchInfo): string[] {
  const link = (name: string, url: string | undefined): string[] =>
    isWebAddress(url) ? ["", `[${name}](${url})`] : [];
  return [...link("Spark UI", sparkUiUrl), ...link("Driver's log", driverLogUrl)];
}

const stateWords = new Map([
  ["success", "has succeeded"],
  ["dead", "has failed"],
  ["error", "has failed"],
  ["killed", "was killed"],
  ["not_started", "waits to be started"],
]);

/** "etl (12) is running", "etl (12) has failed: it ended with 1". */
export function batchSentence(batch: BatchInfo): string {
  const { state, detail } = batch;
  const words = stateWords.get(state) ?? `is ${state.replaceAll("_", " ")}`;
  const why = detail === undefined || detail === "" ? "" : `: ${detail}`;
  return `${batchName(batch)} ${words}${why}`;
}

/** What `known` says of a batch replaces what was listed; one that was not listed comes first. */
export function withBatch(listed: BatchInfo[], known: BatchInfo): BatchInfo[] {
  const there = listed.some(({ batch }) => batch === known.batch);
  if (!there) return [known, ...listed];
  return listed.map((one) => (one.batch === known.batch ? known : one));
}

/** The questions before a batch is killed; others' are asked about twice. */
export function killQuestions(
  batch: BatchInfo,
): { question: string; detail: string; verb: string }[] {
  const name = batchName(batch);
  const first = {
    question: `Kill ${name} on ${batch.profile}?`,
    detail: "What it has not written yet is lost.",
    verb: "Kill",
  };
  if (batch.mine) return [first];
  const owner = batch.proxyUser ?? batch.owner ?? "somebody else";
  const second = {
    question: `${name} is not yours.`,
    detail: `${owner} loses it at once.`,
    verb: `Kill It for ${owner}`,
  };
  return [{ ...first, detail: `It belongs to ${owner}. ${first.detail}` }, second];
}

/** Why this cannot be submitted; undefined when it may be. */
export function whyNoBatchFile(text: string): string | undefined {
  const path = text.trim();
  if (
    path.startsWith("/") ||
    /^[a-z][a-z0-9+.-]*:\/?\/?[^/]/i.test(path) ||
    /^[a-z]+:\/\/\//i.test(path)
  ) {
    return undefined;
  }
  return "Write an absolute path of this machine, or an address of the cluster such as hdfs:///jobs/etl.py.";
}
