import { checkRank, checkRuns, givenToRoot } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";
import type { Cost, Placement } from "./cost.js";
import { gatherCost } from "./gather.js";

export async function callScatter(
  group: Group,
  all: NumericArray | undefined,
  counts: readonly number[],
  mine: NumericArray,
  root: number,
): Promise<void> {
  checkRank("scatter", "root", root, group.size);
  const source = givenToRoot("scatter", group.rank === root, all);
  const runs = checkRuns("scatter", group, counts, mine, "all", source);
  await group.run(signatureOf("scatter", { ...runs, root }), (collective) =>
    scatter(collective, source, counts, mine, root),
  );
}

/**
 * The root sends every rank its run directly: one step, n·(P−1)/P bytes out of the root.
 */
export async function scatter(
  collective: Collective,
  all: NumericArray | undefined,
  counts: readonly number[],
  mine: NumericArray,
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

/** Out of rank 0: the messages of a gather, the other way round. @param runs bytes of each rank's */
export function scatterCost(place: Placement, runs: readonly number[]): Cost {
  return gatherCost(place, runs);
}
