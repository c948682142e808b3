// The hash of protocol.ts that `initialize` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "d937083e8a77c0011e4ebbb178ecd18283dd0f3ad58eba254568e57002636ae9";
