// The hash of protocol.ts that `initialize` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "75a08c46164fd0f3ddb76d1e1a4931c110b300d89c1638eb00b1d5e8f605904d";
