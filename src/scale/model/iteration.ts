import { meanOf } from "../../averages.js";
import { chunkedSumCost, isExchanged, sumOnRootCost } from "../../comm/chunked-sum.js";
import { allgatherCost } from "../../comm/collectives/allgather.js";
import { allreduceCost } from "../../comm/collectives/allreduce.js";
import { broadcastCost } from "../../comm/collectives/broadcast.js";
import { groupOf, inTurn, type Cost, type Placement } from "../../comm/collectives/cost.js";
import { broadcastObjectCost } from "../../comm/collectives/objects.js";
import type { CopiedPass } from "./stages/cost.js";

/*
 * What one iteration consists of, the same on any number of ranks: work, cut in pieces that one rank does as a whole, and the
 * calls by which ranks talk. Model and simulation read it alike.
 */

/** A call that all ranks make. */
export type Call =
  /** Partial results of `bytes` of chunks, summed along their tree; then rank 0 may decide by the sum, and tell. */
  | { readonly kind: "sum"; readonly chunks: number; readonly bytes: number; readonly decision?: number }
  /** Runs of these sizes, run i owned by rank i mod P. */
  | { readonly kind: "allgather"; readonly runs: readonly number[] }
  | { readonly kind: "allreduce"; readonly bytes: number }
  /** What rank 0 decides, of so many bytes, without a sum before it. */
  | { readonly kind: "decision"; readonly bytes: number };

/** Pieces of work, `seconds` each where a core is alone, which ranks share as evenly as pieces can be. */
export interface Work {
  readonly pieces: number;
  readonly seconds: number;
  /** Where they differ, each: piece i is rank i mod P's. */
  readonly each?: readonly number[];
}

/** Seconds of the busiest of so many ranks, where a core is alone. */
export function busiest({ pieces, seconds, each }: Work, ranks: number): number {
  return each ? Math.max(...runsOf(each, ranks)) : Math.ceil(pieces / ranks) * seconds;
}

export interface Part {
  readonly name: string;
  /** How often an iteration has it; a fraction where not all have. */
  readonly times: number;
  readonly work?: Work;
  /** Seconds of what every rank does alike. */
  readonly alike?: number;
  /** Seconds that all wait for whoever pauses, as probed on these ranks. */
  readonly paused?: number;
  readonly call?: Call;
  /** Ranks of a group, next to each other, that make the call among themselves; all where not given. */
  readonly among?: number;
  /** Of a network in stages, in place of work. */
  readonly pass?: CopiedPass;
}

export type Iteration = readonly Part[];

/** Of each rank, what it has of these: bytes of runs, or seconds of pieces. */
export function runsOf(runs: readonly number[], ranks: number): number[] {
  const own = new Array<number>(ranks).fill(0);
  for (const [i, size] of runs.entries()) own[i % ranks]! += size;
  return own;
}

export function costOf(call: Call, place: Placement): Cost {
  switch (call.kind) {
    case "sum":
      return sumCost(call, place);
    case "allgather":
      return allgatherCost(place, runsOf(call.runs, place.ranks));
    case "allreduce":
      return allreduceCost(place, call.bytes);
    case "decision":
      return broadcastObjectCost(place, call.bytes);
  }
}

/** The decision follows the sum on its way down, where it has one: behind the frames of the sum that leave rank 0. */
function sumCost({ chunks, bytes, decision }: Call & { kind: "sum" }, place: Placement): Cost {
  const sum = chunkedSumCost(place, chunks, bytes);
  if (decision === undefined || place.ranks === 1) return sum;
  const told = broadcastObjectCost(place, decision);
  if (isExchanged(groupOf(place), chunks, bytes)) return inTurn(sum, told);
  const down = broadcastCost(place, bytes).ways.at(-1)!;
  const port = { ways: [down.map((leg) => ({ ...leg, hops: 0 }))], frames: 0, bytes: 0 };
  const behind = inTurn(sumOnRootCost(place, chunks, bytes), port, told);
  return {
    ways: [...sum.ways, ...behind.ways],
    frames: sum.frames + told.frames,
    bytes: sum.bytes + told.bytes,
  };
}

/** Seconds of one evaluation of a chunk: those that do not depend on its samples, and those of each of them. */
export interface Evaluation {
  readonly fixed: number;
  readonly perSample: number;
}

/** What one rank computes, in seconds, alone on its core. */
export interface Compute {
  readonly gradient: Evaluation;
  readonly loss: Evaluation;
  /** Of a step, on every rank alike: the method's vectors, and the loop. */
  readonly update: number;
}

export function secondsOf({ fixed, perSample }: Evaluation, samples: number): number {
  return fixed + perSample * samples;
}

/** The samples of a step, and what a gradient of them has. */
export interface Batch {
  readonly samples: number;
  /** C (docs/algorithms.md §9) */
  readonly chunks: number;
  /** n */
  readonly parameters: number;
}

/** What a step has of each, on the mean of many. */
export interface Counts {
  readonly gradients: number;
  readonly losses: number;
  /** Of rank 0, which each tells all: by losses, and by gradients where there are more than losses. */
  readonly decisions: number;
  /** Agreements of the run whether to go on (src/run/wishes.ts). */
  readonly agreements: number;
}

/** Bytes of a packed verdict, about: they are too few to matter. */
export const VERDICT_BYTES = 64;
export const SCALAR_BYTES = 8;

/** That the ranks agree, so often, whether to go on. */
export function agreed(times: number): Part {
  return { name: "agreement", times, call: { kind: "allreduce", bytes: SCALAR_BYTES } };
}

/** Methods that evaluate f and ∇f of all ranks together: gradient methods, `tr`, walks through mini-batches (docs/algorithms.md §1, §4, §11). */
export function evaluating(batch: Batch, counts: Counts, compute: Compute): Iteration {
  const { samples, chunks, parameters } = batch;
  const { gradients, losses, decisions, agreements } = counts;
  const judged = Math.min(decisions, losses);
  const piece = samples / chunks;
  const loss = { pieces: chunks, seconds: secondsOf(compute.loss, piece) };
  const scalar = { kind: "sum", chunks, bytes: SCALAR_BYTES } as const;
  return [
    {
      name: "gradient",
      times: gradients,
      work: { pieces: chunks, seconds: secondsOf(compute.gradient, piece) },
      call: { kind: "sum", chunks, bytes: SCALAR_BYTES + 4 * parameters },
    },
    { name: "loss", times: losses - judged, work: loss, call: scalar },
    { name: "judged loss", times: judged, work: loss, call: { ...scalar, decision: VERDICT_BYTES } },
    { name: "verdict", times: decisions - judged, call: { kind: "decision", bytes: VERDICT_BYTES } },
    { name: "update", times: 1, alike: compute.update },
    agreed(agreements),
  ].filter(({ times }) => times > 0) as Iteration;
}

/** The iteration where every rank evaluates the batch's only chunk by itself (src/network/problem.ts): no sum is exchanged. */
export function withoutSums(iteration: Iteration): Iteration {
  return iteration.map((part) => {
    const { name, times, work, call } = part;
    if (call?.kind !== "sum" || !work) return part;
    const alike = work.pieces * work.seconds;
    const { decision } = call;
    return decision === undefined
      ? { name, times, alike }
      : { name, times, alike, call: { kind: "decision", bytes: decision } };
  });
}

/** What APTS does on its subdomains in one step, besides (docs/algorithms.md §4.3, §4.4). */
export interface Subdomains {
  /** Parameters of each. */
  readonly sizes: readonly number[];
  /** Of each one's solve, which its owner makes on all samples. */
  readonly seconds: readonly number[];
}

/** APTS and its kin on the full batch: solves without a message, then one exchange of the corrections. */
export function preconditioned(
  batch: Batch,
  counts: Counts,
  { sizes, seconds }: Subdomains,
  compute: Compute,
): Iteration {
  const [gradient, ...others] = evaluating(batch, counts, compute);
  return [
    gradient!,
    {
      name: "subdomains",
      times: 1,
      work: { pieces: sizes.length, seconds: meanOf(seconds), each: seconds },
      call: { kind: "allgather", runs: sizes.map((size) => 4 * size + SCALAR_BYTES) },
    },
    ...others,
  ];
}

/** APTS-D on mini-batches: shards walk through theirs, and one exchange follows (docs/algorithms.md §7, "Walks"). */
export function walking(
  batch: Batch,
  { shards, steps, agreements }: { shards: number; steps: number; agreements: number },
  compute: Compute,
): Iteration {
  const rows = batch.samples / shards / steps;
  const walk =
    steps * (secondsOf(compute.gradient, rows) + compute.update) + 2 * secondsOf(compute.loss, rows);
  return [
    {
      name: "walks",
      times: 1,
      work: { pieces: shards, seconds: walk },
      call: { kind: "sum", chunks: shards, bytes: SCALAR_BYTES + 4 * (2 * batch.parameters + 4) },
    },
    { name: "update", times: 1, alike: compute.update },
    ...(agreements > 0 ? [agreed(agreements)] : []),
  ];
}
