/*
 * Which algorithm serves which call: a function of the operation, the size of the message, the number of ranks and where
 * they are, all of which every rank knows alike. The bounds are measured (docs/communication.md, "Algorithms";
 * bench/comm/algorithms.mjs measures them again).
 */

/** What the ranks of a group have in common: each other's memory, a machine, or only a network. */
export type Locality = "memory" | "host" | "network";

export interface Situation {
  /** Of the whole vector; for allgather and reduceScatter, of all runs together. */
  readonly bytes: number;
  readonly ranks: number;
  readonly locality: Locality;
}

const KB = 1 << 10;
const MB = 1 << 20;

/** Up to so many ranks everyone may write to everyone: beyond, that costs more messages than it saves hops. */
const FEW_RANKS = 16;

export function broadcastAlgorithm({ bytes, ranks, locality }: Situation): "tree" | "chain" | "direct" {
  if (ranks <= FEW_RANKS && (locality === "memory" || bytes <= 64 * KB)) return "direct";
  // Of four ranks a tree spares the root one message of three, and costs a hop.
  if (ranks <= 4 && locality === "host" && bytes <= 1 * MB) return "direct";
  // A chain's root sends once, a tree's ⌈log₂ P⌉ times; within a machine all copies come from one budget anyway.
  return bytes > 4 * MB && locality === "network" ? "chain" : "tree";
}

export function allgatherAlgorithm({ bytes, ranks, locality }: Situation): "ring" | "direct" | "doubling" {
  if (ranks <= FEW_RANKS && (locality === "memory" || bytes <= 1 * MB)) return "direct";
  return bytes <= 1 * MB ? "doubling" : "ring";
}

export function reduceScatterAlgorithm({ ranks }: Situation): "ring" | "direct" {
  return ranks <= FEW_RANKS ? "direct" : "ring";
}

export function reduceAlgorithm({ bytes, ranks }: Situation): "tree" | "ring" | "direct" {
  if (bytes <= 1 * MB) return "tree";
  return ranks <= FEW_RANKS ? "direct" : "ring";
}

export function allreduceAlgorithm({ bytes, ranks, locality }: Situation): "doubling" | "ring" | "direct" {
  if (bytes <= (locality === "memory" ? 256 : 64) * KB) return "doubling";
  return ranks <= FEW_RANKS && (locality === "memory" || bytes <= 4 * MB) ? "direct" : "ring";
}
