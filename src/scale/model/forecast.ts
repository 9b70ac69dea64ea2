import { sumOf } from "../../averages.js";
import {
  evaluating,
  preconditioned,
  walking,
  withoutSums,
  type Counts,
  type Iteration,
} from "./iteration.js";
import { pausesWhereMet } from "./pauses.js";
import { predict, type Prediction } from "./predict.js";
import type { Probe } from "./probe.js";

/** What a step of a run has, as its ranks counted. */
export interface Counted {
  readonly decisions: number;
  readonly agreements: number;
  /** Sums that were broadcast: none where every rank evaluates a short batch by itself. */
  readonly sums: number;
}

/**
 * An iteration of the run whose ranks were probed.
 * @param alone the probe of one rank by itself, which says what its computing takes
 * @param batch the probe of the run in question, whose batches may be larger
 */
export function iterationOf(alone: Probe, batch: Probe, { decisions, agreements, sums }: Counted): Iteration {
  const { step, solves, walk } = alone;
  const perSample = (seconds: number) => ({ fixed: 0, perSample: seconds / alone.samples });
  const evaluations = step.gradients * alone.gradient + step.losses * alone.loss;
  if (walk && step.gradients === 0) {
    const { shards, steps, gradient, loss } = walk;
    const rest = Math.max(0, step.seconds - shards * (steps * gradient + 2 * loss));
    const each = (seconds: number) => ({ fixed: seconds, perSample: 0 });
    return walking(
      batch,
      { shards, steps: batch.walk?.steps ?? steps, agreements },
      { gradient: each(gradient), loss: each(loss), update: rest / (1 + shards * steps) },
    );
  }
  const solved = sumOf(solves.seconds);
  const each = solves.seconds.map((seconds) => seconds * (batch.samples / alone.samples));
  const compute = {
    gradient: perSample(alone.gradient),
    loss: perSample(alone.loss),
    update: Math.max(0, step.seconds - evaluations - solved),
  };
  const counts: Counts = {
    gradients: step.gradients,
    losses: step.losses,
    decisions,
    agreements,
  };
  const iteration =
    solved > 0
      ? preconditioned(batch, counts, { sizes: solves.sizes, seconds: each }, compute)
      : evaluating(batch, counts, compute);
  return batch.chunks === 1 && sums === 0 ? withoutSums(iteration) : iteration;
}

/** How much longer computing takes where so many ranks do at once. */
export interface Slowdown {
  readonly ranks: number;
  readonly factor: number;
}

/** That of whole steps, and where batches differ of a sample's gradient. */
export function slowdownsOf(probes: readonly Probe[]): number[] {
  const [alone] = probes;
  const factor = ({ samples, step, gradient }: Probe): number =>
    samples === alone!.samples
      ? step.seconds / alone!.step.seconds
      : gradient / samples / (alone!.gradient / alone!.samples);
  return slowdownsBetween(probes.map((probe) => ({ ranks: probe.ranks, factor: factor(probe) })));
}

/** Of 1, 2, … ranks: what was probed, the fewest first, which is one, and lines between; nobody is faster for company. */
export function slowdownsBetween(probed: readonly Slowdown[]): number[] {
  const known = probed.map(({ ranks, factor }) => ({ ranks, factor: Math.max(1, factor) }));
  return Array.from({ length: known.at(-1)!.ranks }, (_, i) => {
    const above = known.find(({ ranks }) => ranks >= i + 1)!;
    const below = known.findLast(({ ranks }) => ranks <= i + 1)!;
    if (above.ranks === below.ranks) return above.factor;
    return (
      below.factor + ((i + 1 - below.ranks) / (above.ranks - below.ranks)) * (above.factor - below.factor)
    );
  });
}

/** A rank that has less of a core waits for one in most of its pauses, which are the shorter the less it has to compute. */
const OWN_CORE = 2 / 3;

/** How often ranks wait for each other in a step. */
function meetingsOf(iteration: Iteration): number {
  return iteration.reduce((meetings, { times, call }) => meetings + (call ? times : 0), 0);
}

/** What the model says of each number of ranks that was probed, the fewest first, which is one. */
export function forecast(
  probes: readonly Probe[],
  counted: (ranks: number) => Counted,
): ReadonlyMap<number, Prediction> {
  const [alone] = probes;
  const slowdown = slowdownsOf(probes);
  return new Map(
    probes.map((probe) => {
      const { ranks, step } = probe;
      const iteration = iterationOf(alone!, probe, counted(ranks));
      const paused = pausesWhereMet(step.pauses, meetingsOf(iteration));
      const told = (one: Iteration) =>
        predict(one, { ...probe.network, coreSharers: ranks }, ranks, slowdown);
      const share = step.cores < OWN_CORE ? told(iteration).compute / step.seconds : 1;
      return [ranks, told([...iteration, { name: "pauses", times: 1, paused: share * paused }])];
    }),
  );
}
