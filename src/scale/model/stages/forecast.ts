import type { RunParts } from "../../../report/parts.js";
import { slowdownsBetween } from "../forecast.js";
import type { Network } from "../links.js";
import { predict, RANKS, type Prediction } from "../predict.js";
import { countedOf, inStages, type StagedNetwork } from "./iteration.js";
import type { StagedProbe } from "./probe.js";

/** What a run on so many ranks counted, where one came to its end. */
type Counted = (ranks: number) => RunParts | undefined;

/** What the model says of each number of ranks that was probed, and measured. */
export function forecastInStages(
  probes: readonly StagedProbe[],
  counted: Counted,
): ReadonlyMap<number, Prediction> {
  const probed = probes.map(({ ranks, slowdown: factor }) => ({ ranks, factor }));
  const slowdown = slowdownsBetween([{ ranks: 1, factor: 1 }, ...probed]);
  return new Map(
    probes.flatMap(({ ranks, network, staged, pauses }) => {
      const run = counted(ranks);
      if (!run) return [];
      const iteration = [
        ...inStages(staged, countedOf(staged, run)),
        { name: "pauses", times: 1, paused: pauses[0]! }, // stages wait for each other in every pass
      ];
      return [[ranks, predict(iteration, { ...network, coreSharers: ranks }, ranks, slowdown)]];
    }),
  );
}

/**
 * What it says of up to 4096 ranks on another network. More ranks are copies of the network as it was cut; but where the run has
 * as many stages as ranks, it is cut in as many, while it has layers for them.
 */
export function extrapolatedInStages(
  probes: readonly StagedProbe[],
  counted: Counted,
  network: Network,
  isCutByRanks: boolean,
): { readonly predictions: Prediction[]; readonly note?: string } {
  const run = probes.findLast(({ ranks }) => counted(ranks));
  if (!run) return { predictions: [] };
  const counts = countedOf(run.staged, counted(run.ranks)!);
  const of = (staged: StagedNetwork, ranks: number): Prediction =>
    predict(inStages(staged, counts), network, ranks);
  const most = RANKS.at(-1)!;
  if (!isCutByRanks) {
    const { staged } = probes[0]!;
    const ranks = RANKS.map((copies) => copies * staged.stages.length);
    return { predictions: ranks.filter((count) => count <= most).map((count) => of(staged, count)) };
  }
  const predictions = RANKS.flatMap((ranks) => {
    const staged = run.cuts.findLast(({ stages }) => stages.length <= ranks);
    return staged ? [of(staged, ranks)] : [];
  });
  const stages = run.cuts.at(-1)!.stages.length;
  if (stages === most) return { predictions };
  const note =
    `The network has too few layers for ${2 * stages} stages: more ranks than ${stages} are copies of it, ` +
    `in ${stages} stages, which share its micro-batches.`;
  return { predictions, note };
}
