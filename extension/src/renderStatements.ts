// A statement of a session as a row of a quick pick: pure.

import type { ListedStatement } from "../../protocol/protocol.ts";
import { clockTime, duration } from "./render.ts";

export interface StatementRow {
  label: string;
  description: string;
}

/** "12  spark.range(3).show()", "running 37 % · 14:03:22". */
export function statementRow(statement: ListedStatement): StatementRow {
  return {
    label: `$(${icon(statement)}) ${statement.statement}  ${firstLine(statement.code)}`,
    description: [words(statement), ...times(statement), ...own(statement)].join(" · "),
  };
}

export function canCancel({ state }: ListedStatement): boolean {
  return state === "waiting" || state === "running";
}

/** The first line that is code: the marker of livyd is a comment. */
function firstLine(code: string): string {
  const lines = code.split("\n").map((line) => line.trim());
  const found = lines.find((line) => line !== "" && !/^(#|--|\/\/) livyd run=/.test(line)) ?? "";
  return found.length > 80 ? `${found.slice(0, 79)}…` : found;
}

function icon({ state, status }: ListedStatement): string {
  if (state === "waiting") return "clock";
  if (state === "running" || state === "cancelling") return "loading~spin";
  if (state === "cancelled") return "debug-stop";
  return status === "error" ? "error" : "pass";
}

function words({ state, status, progress }: ListedStatement): string {
  if (state === "available") return status ?? "done";
  const percent = Math.floor(progress * 100);
  return state === "running" && percent > 0 ? `running ${percent} %` : state;
}

function times({ started, completed }: ListedStatement): string[] {
  if (started <= 0) return [];
  const took = completed > started ? [duration(completed - started)] : [];
  return [clockTime(started), ...took];
}

function own({ run }: ListedStatement): string[] {
  return run === undefined ? [] : ["of this window"];
}
