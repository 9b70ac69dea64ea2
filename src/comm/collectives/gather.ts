import { checkRank, checkRuns, givenToRoot } from "../calls/arguments.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";
import { messages, NOTHING, within, type Cost, type Placement } from "./cost.js";

/**
 * Every rank sends its run to the root directly: one step, n·(P−1)/P bytes into the root.
 */
export async function callGather(
  group: Group,
  mine: NumericArray,
  counts: readonly number[],
  all: NumericArray | undefined,
  root: number,
): Promise<void> {
  checkRank("gather", "root", root, group.size);
  const target = givenToRoot("gather", group.rank === root, all);
  const runs = checkRuns("gather", group, counts, mine, "all", target);
  await group.run(signatureOf("gather", { ...runs, root }), async (collective) => {
    if (target === undefined) {
      collective.send(root, mine);
      return;
    }
    const offsets = offsetsOf(counts);
    target.set(mine, offsets[root]);
    const others = counts.map((_, r) => r).filter((r) => r !== root);
    await Promise.all(others.map((r) => collective.receive(r, target.subarray(offsets[r], offsets[r + 1]))));
  });
}

/** Into rank 0. @param runs bytes of each rank's */
export function gatherCost(place: Placement, runs: readonly number[]): Cost {
  if (place.ranks === 1) return NOTHING;
  const legs = runs.slice(1).map((run, i) => {
    const near = i + 1 < place.perHost;
    const last = i + 2 === place.ranks;
    return messages(near ? within(place, run) : "network", run, { hops: last ? 1 : 0 });
  });
  return {
    ways: [legs],
    frames: legs.reduce((sum, { frames }) => sum + frames, 0),
    bytes: legs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
