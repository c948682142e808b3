// What a transfer says of itself while it goes on: pure.

import type { TransferProgress } from "../../protocol/protocol.ts";
import { size } from "./render.ts";

/** "Sending modules: 12.3 MB of 200.0 MB"; without a total only what has gone. */
export function transferWords({ bytes, total, text }: TransferProgress): string {
  const amount =
    total === undefined ? size(bytes) : `${size(Math.min(bytes, total))} of ${size(total)}`;
  return text === undefined || text === "" ? amount : `${text}: ${amount}`;
}

/** How much of it is done, 0 to 100; undefined when nobody knows. */
export function transferPercent({ bytes, total }: TransferProgress): number | undefined {
  if (total === undefined || total <= 0) return undefined;
  return Math.min(100, Math.max(0, (bytes / total) * 100));
}
