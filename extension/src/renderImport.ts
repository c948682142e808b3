// Which imported profiles are written under which names: pure.

import { count } from "./render.ts";
import { freeName } from "./renderProfile.ts";

type Profiles = Record<string, unknown>;

/** Those of `found` that were chosen; a name that is taken gets a number. */
export function besideOthers(found: Profiles, chosen: string[], taken: string[]): Profiles {
  const written: Profiles = {};
  for (const name of chosen) {
    written[freeName(name, [...taken, ...Object.keys(written)])] = found[name];
  }
  return written;
}

/** Those of `found` that were chosen, under their own names. */
export function asNamed(found: Profiles, chosen: string[]): Profiles {
  return Object.fromEntries(chosen.map((name) => [name, found[name]]));
}

/** What is asked before anything is written. */
export function importQuestion(
  chosen: string[],
  taken: string[],
  remarks: string[],
): { question: string; detail: string; clashes: boolean } {
  const clashing = chosen.filter((name) => taken.includes(name));
  const clashes =
    clashing.length === 0
      ? []
      : [
          `You have ${clashing.length === 1 ? "one" : "some"} of this name already: ${clashing.join(", ")}.`,
        ];
  return {
    question: `Write ${count(chosen.length, "profile")} into your settings: ${chosen.join(", ")}?`,
    detail: [...clashes, ...remarks].join("\n"),
    clashes: clashing.length > 0,
  };
}
