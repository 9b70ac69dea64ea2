import { checkRank, checkRuns, givenToRoot } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { CollectiveQueue } from "../calls/queue.js";
import { signatureOf } from "../calls/signature.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";

export async function callGather<T extends NumericArray>(
  queue: CollectiveQueue,
  mine: T,
  counts: readonly number[],
  all: T | undefined,
  root: number,
): Promise<void> {
  checkRank("gather", "root", root, queue.size);
  const target = givenToRoot("gather", queue.rank === root, all);
  const runs = checkRuns("gather", queue, counts, mine, "all", target);
  await queue.run(signatureOf("gather", { ...runs, root }), (collective) =>
    gather(collective, mine, counts, target, root),
  );
}

/**
 * Every rank sends its run to the root directly: one step, n·(P−1)/P bytes into the root.
 */
async function gather<T extends NumericArray>(
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
