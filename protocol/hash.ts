// The hash of protocol.ts that `initialize` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "cb17d9ed371c3acc2c31fc113ab923330f5548bb87a0ceffb7d13d0ce621f1d8";
