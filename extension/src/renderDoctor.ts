// What is said of a diagnosis beside its report: pure.

import type { Check, DoctorResult } from "../../protocol/protocol.ts";

/** The first link that is broken, else what to mind, else that all is well: one sentence or two. */
export function diagnosis(
  profile: string,
  { checks }: DoctorResult,
): {
  severity: "info" | "warning";
  text: string;
} {
  const broken = checks.find(({ state }) => state === "failed");
  if (broken) return { severity: "warning", text: sentence(broken) };
  const doubtful = checks.find(({ state }) => state === "warning");
  if (doubtful) return { severity: "warning", text: sentence(doubtful) };
  return { severity: "info", text: `The way to the server of ${profile} is in order.` };
}

function sentence({ name, found, advice }: Check): string {
  const first = `${name}: ${found.replace(/[.\s]+$/, "")}.`;
  return advice === undefined || advice === "" ? first : `${first} ${advice}`;
}
