import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import { allgather } from "./allgather.js";
import { evenOffsets } from "./blocks.js";

export interface SplitPlan {
  /** The new group this rank joins: ranks of the old one, in the new order, and the context they share. */
  readonly group: { readonly ranks: readonly number[]; readonly context: number } | undefined;
  readonly nextContext: number;
}

/** Gathers everyone's (color, key, nextContext), and plans the groups. */
export async function callSplit(
  group: Group,
  color: number,
  key: number,
  nextContext: number,
): Promise<SplitPlan> {
  const { rank, size } = group;
  const choices = new Int32Array(3 * size);
  choices.set([color, key, nextContext], 3 * rank);
  await group.run(signatureOf("split"), (collective) =>
    allgather(collective, evenOffsets(choices.length, size), choices),
  );
  return planSplit(choices, rank);
}

/**
 * Forms groups from everyone's (color, key, nextContext), three entries a rank. Every rank computes the same plan.
 * A new context is beyond every number any member has used, so no two groups that share a rank share a context.
 */
function planSplit(choices: Int32Array, rank: number): SplitPlan {
  const size = choices.length / 3;
  const color = (r: number): number => choices[3 * r]!;
  const key = (r: number): number => choices[3 * r + 1]!;
  const everyone = Array.from({ length: size }, (_, r) => r);
  const first = Math.max(...everyone.map((r) => choices[3 * r + 2]!));
  const colors = [...new Set(everyone.map(color).filter((c) => c >= 0))].sort((a, b) => a - b);
  const nextContext = first + colors.length;
  if (color(rank) < 0) return { group: undefined, nextContext };
  const ranks = everyone.filter((r) => color(r) === color(rank)).sort((a, b) => key(a) - key(b) || a - b);
  return { group: { ranks, context: first + colors.indexOf(color(rank)) }, nextContext };
}
