// The hash of protocol.ts that `initialize` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "79dae572a97451e1adcde1df5482b84983584ecf3bf91c09c3921f95c1ec0c67";
