import type { Collective } from "../calls/collective.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";

/**
 * Every rank sends its run to the root directly: one step, n·(P−1)/P bytes into the root.
 */
export async function gatherDirect<T extends NumericArray>(
  collective: Collective,
  mine: T,
  counts: readonly number[],
  all: T | undefined,
  root: number,
): Promise<void> {
  if (collective.rank !== root) {
    collective.send(root, mine);
    return;
  }
  const offsets = offsetsOf(counts);
  all!.set(mine, offsets[root]);
  const others = counts.map((_, r) => r).filter((r) => r !== root);
  await Promise.all(others.map((r) => collective.receive(r, all!.subarray(offsets[r], offsets[r + 1]))));
}
