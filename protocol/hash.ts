// The hash of protocol.ts that `initialize` sends. Printed by scripts/protocol.mjs.

/** The SHA-256 of protocol.ts: both sides must have been built with the same. */
export const protocolHash = "889613ca1b13ebe039f4ad62b7c7b9cfbf66a2d201535c628bea8a46d76f6485";
