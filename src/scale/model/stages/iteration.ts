import type { RunParts } from "../../../report/parts.js";
import { agreed, SCALAR_BYTES, VERDICT_BYTES, type Iteration } from "../iteration.js";
import type { Edge } from "./walk.js";

/** What a stage takes, alone on its core, in seconds. */
export interface StageWork {
  /** Of a micro-batch on its way there, in passes there and back; 0 on the last stage, which makes it with the way back. */
  readonly forward: number;
  readonly backward: number;
  /** Of one in passes that only go there: on the last stage its loss. */
  readonly loss: number;
  /** Of a step, what it computes besides: its own vectors, its local problem. */
  readonly update: number;
  readonly parameters: number;
}

/** A network in stages, with its mini-batch in micro-batches. */
export interface StagedNetwork {
  readonly microBatches: number;
  readonly stages: readonly StageWork[];
  readonly edges: readonly Edge[];
}

/** What a step has of each, on the mean of many. */
export interface StagedCounts {
  /** Passes there and back, and such that only go there. */
  readonly gradients: number;
  readonly losses: number;
  /** All-reduces of a few numbers among the stages, beside the losses of passes: norms, inner products. */
  readonly scalars: number;
  readonly decisions: number;
  readonly agreements: number;
}

/** Losses and penalties travel together. */
const SCALARS_BYTES = 2 * SCALAR_BYTES;

/** An iteration of a network in stages, of which ranks hold copies (docs/algorithms.md §6). */
export function inStages({ microBatches, stages, edges }: StagedNetwork, counts: StagedCounts): Iteration {
  const count = stages.length;
  const isLast = (stage: number): boolean => stage === count - 1;
  const scalars = { call: { kind: "allreduce", bytes: SCALARS_BYTES }, among: count } as const;
  return [
    {
      name: "gradient",
      times: counts.gradients,
      pass: {
        microBatches,
        forward: stages.map(({ forward }) => forward),
        backward: stages.map(({ backward }) => backward),
        edges,
        sums: stages.map(({ parameters }) => SCALAR_BYTES + 4 * parameters),
      },
      ...scalars,
    },
    {
      name: "loss",
      times: counts.losses,
      pass: {
        microBatches,
        forward: stages.map(({ loss }) => loss),
        edges,
        sums: stages.map((_, stage) => (isLast(stage) ? SCALAR_BYTES : 0)),
      },
      ...scalars,
    },
    { name: "scalars", times: counts.scalars, ...scalars },
    { name: "verdict", times: counts.decisions, call: { kind: "decision", bytes: VERDICT_BYTES } },
    { name: "update", times: 1, alike: Math.max(...stages.map(({ update }) => update)) },
    agreed(counts.agreements),
  ].filter(({ times }) => times > 0) as Iteration;
}

/** Seconds from one agreement of the ranks to the next, about (src/run/wishes.ts). */
const AGREEING = 0.01;

/**
 * What a step of a run in stages had, by what rank 0 counted: to its takers it sends each micro-batch of any pass, and receives
 * from them those of a pass there and back. What it receives of a sum over copies comes from one copy after another, to which it
 * sends as many where sums are exchanged, and not broadcast.
 */
export function countedOf(
  { microBatches, edges, stages }: StagedNetwork,
  { ranks, steps }: RunParts,
): StagedCounts {
  const [{ calls, seconds }] = ranks as [RunParts["ranks"][number]];
  const perStep = (name: string): number => (calls[name]?.calls ?? 0) / steps;
  const { calls: both = 0, messages: sent = 0 } = calls["pointToPoint"] ?? {};
  const copies = ranks.length / stages.length;
  const takers = edges.filter(({ from }) => from === 0).length;
  const there = Math.ceil(microBatches / copies) * takers;
  const ofSum = Math.ceil(Math.log2(copies));
  const gradients = (both - sent) / steps / (there + ofSum);
  const exchanged = perStep("broadcast") === 0 ? gradients * ofSum : 0;
  const allReduces = perStep("allreduce");
  const agreements = Math.min(allReduces, 1, (AGREEING * steps) / seconds);
  const losses = Math.max(0, (sent / steps - exchanged) / there - gradients);
  return {
    gradients,
    losses,
    scalars: Math.max(0, allReduces - agreements - gradients - losses),
    decisions: perStep("broadcastObject"),
    agreements,
  };
}
