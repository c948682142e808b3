// The hash of protocol.ts that `initialize` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "8c31aeacd6e48132ed6b4da36e282922f00f0dca22cc9128d5462082f0289683";
