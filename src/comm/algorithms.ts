/*
 * Which algorithm serves which call: a function of the operation, the size of the message, the number of ranks and
 * whether they share memory, all of which every rank knows alike. The bounds are measured (docs/communication.md,
 * "Algorithms"; `node bench/comm/algorithms.mjs`).
 */

export interface Situation {
  /** Of the whole vector; for allgather and reduceScatter, of all runs together. */
  readonly bytes: number;
  readonly ranks: number;
  /** All ranks of the group can read each other's memory. */
  readonly shared: boolean;
}

/** Beyond this number of ranks, everyone writing to everyone costs more messages than it saves hops. */
const FEW_RANKS = 16;

const KB = 1 << 10;

function direct({ shared, ranks, bytes }: Situation): boolean {
  return shared && ranks <= FEW_RANKS && bytes > 64 * KB;
}

export function broadcastAlgorithm(situation: Situation): "tree" | "chain" | "direct" {
  if (direct(situation)) return "direct";
  return situation.bytes <= 512 * KB || situation.ranks <= 3 ? "tree" : "chain";
}

export function allgatherAlgorithm(situation: Situation): "ring" | "direct" {
  const short = situation.bytes <= 64 * KB && situation.ranks <= FEW_RANKS;
  return short || direct(situation) ? "direct" : "ring";
}

export function reduceAlgorithm(situation: Situation): "tree" | "ring" | "direct" {
  if (direct(situation)) return "direct";
  return situation.bytes <= 512 * KB || situation.ranks <= 2 ? "tree" : "ring";
}

export function allreduceAlgorithm(situation: Situation): "doubling" | "ring" | "direct" {
  if (situation.bytes <= 32 * KB) return "doubling";
  return direct(situation) ? "direct" : "ring";
}

export function reduceScatterAlgorithm(situation: Situation): "ring" | "direct" {
  const short = situation.bytes <= 64 * KB && situation.ranks <= FEW_RANKS;
  return short || direct(situation) ? "direct" : "ring";
}
