import type { Call } from "../call.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";

/**
 * The root sends every rank its run directly: one step, n·(P−1)/P bytes out of the root.
 */
export async function scatterDirect<T extends NumericArray>(
  call: Call,
  all: T | undefined,
  counts: readonly number[],
  mine: T,
  root: number,
): Promise<void> {
  if (call.rank !== root) {
    await call.receive(root, mine);
    return;
  }
  const offsets = offsetsOf(counts);
  const run = (r: number): NumericArray => all!.subarray(offsets[r], offsets[r + 1]);
  for (let r = 0; r < call.size; r++) if (r !== root) call.send(r, run(r));
  mine.set(run(root));
}
