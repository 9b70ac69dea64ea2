import type { Collective } from "../calls/collective.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";

/**
 * The root sends every rank its run directly: one step, n·(P−1)/P bytes out of the root.
 */
export async function scatterDirect<T extends NumericArray>(
  collective: Collective,
  all: T | undefined,
  counts: readonly number[],
  mine: T,
  root: number,
): Promise<void> {
  if (collective.rank !== root) {
    await collective.receive(root, mine);
    return;
  }
  const offsets = offsetsOf(counts);
  const run = (r: number): NumericArray => all!.subarray(offsets[r], offsets[r + 1]);
  for (let r = 0; r < collective.size; r++) if (r !== root) collective.send(r, run(r));
  mine.set(run(root));
}
