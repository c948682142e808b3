// The hash of protocol.ts that `initialize` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "09de53a3a482c1386f96721eec3c51eee2a5f9f2ede1c9dcb175f5751ae3b8da";
