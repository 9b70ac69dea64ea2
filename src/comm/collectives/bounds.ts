/*
 * A collective chooses its algorithm by the size of the message, the number of ranks and where they are, all of which
 * every rank knows alike. The bounds are measured (docs/communication.md, "Algorithms"; bench/comm/algorithms.mjs measures
 * them again).
 */

export const KB = 1 << 10;
export const MB = 1 << 20;

/** Up to so many ranks everyone may write to everyone: beyond, that costs more messages than it saves hops. */
export const FEW_RANKS = 16;
