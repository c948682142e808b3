// Where a run's failure stands in its file, and what an edit does to that place: pure.

import type { RunInfo } from "../../protocol/protocol.ts";

export interface Mark {
  file: string;
  /** From 0. */
  line: number;
  message: string;
}

/** What to underline for a run that has ended; undefined when nothing is known. */
export function markOf({ result, source }: RunInfo): Mark | undefined {
  const { error } = result ?? {};
  if (result?.outcome !== "error" || !source || error?.line === undefined) return undefined;
  const message = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  return { file: source.file, line: error.line - 1, message };
}

/** A change of a document: these lines (from 0, both included) became so many. */
export interface Edit {
  firstLine: number;
  lastLine: number;
  lines: number;
}

/** Where a line is after an edit; undefined when the edit touched it. */
export function lineAfterEdit(
  line: number,
  { firstLine, lastLine, lines }: Edit,
): number | undefined {
  if (line < firstLine) return line;
  if (line > lastLine) return line + lines - (lastLine - firstLine + 1);
  return undefined;
}
