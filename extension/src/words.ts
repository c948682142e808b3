// What a person types, taken apart: arguments of a program and paths. Pure.

import { isAbsolute, join } from "node:path";

/**
 * Splits a line as a shell does: blanks separate, quotes and backslashes hold together. A quote that
 * is never closed holds to the end.
 */
export function argumentsIn(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (quote !== "" && character === quote) quote = "";
    else if (character === "\\" && quote !== "'" && at + 1 < line.length) {
      at += 1;
      word = (word ?? "") + line[at];
    } else if (quote === "" && (character === '"' || character === "'")) {
      quote = character;
      word ??= "";
    } else if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  return word === undefined ? found : [...found, word];
}

/** Python that gives the session these arguments, and says so. */
export function setArgumentsCode(given: string[]): string {
  // JSON's strings are Python's too: it escapes what Python would read otherwise.
  const list = `[${given.map((one) => JSON.stringify(one.toWellFormed())).join(", ")}]`;
  return `import sys\nsys.argv = (sys.argv[:1] or [""]) + ${list}\nprint("sys.argv[1:] =", sys.argv[1:])`;
}

/** A path of the settings: "~" is the home, relative ones start at the workspace's folder. */
export function absolutePath(
  path: string,
  folder: string | undefined,
  home: string,
): string | undefined {
  const written = path.trim();
  if (written === "") return undefined;
  if (written === "~" || written.startsWith("~/")) return join(home, written.slice(1));
  if (isAbsolute(written)) return written;
  return folder === undefined ? undefined : join(folder, written);
}
