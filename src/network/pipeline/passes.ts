import { chunkedSum, chunkRange } from "../../comm/chunked-sum.js";
import type { EvaluateChunk } from "../../linalg/tree-sum.js";
import type { Vector } from "../../linalg/vector.js";
import type { Batch } from "../batch.js";
import type { Purpose } from "../evaluator.js";
import type { MicroBatch } from "./micro-batch.js";
import type { Stage } from "./stage.js";

/*
 * Passes over the micro-batches of a batch. Every rank of all replicas makes the same calls; a replica takes its run of
 * micro-batches, and sums over them follow the same tree for every number of replicas (docs/algorithms.md §9).
 */

const NO_VECTOR = new Float32Array(0);

/**
 * f of the batch on the last stage, 0 elsewhere; out ← the gradient by the stage's own θ. One forward, one backward
 * ("1F1B", Narayanan et al., SOSP 2019, §3.2): stage s is N − 1 − s micro-batches ahead of its backward pass, so that
 * it holds the inputs of N − s of them, and the results where the stage retains them; else the backward pass computes these anew.
 *
 * @param keep is given the micro-batches, which are then the caller's to release
 */
export async function gradientPass(
  stage: Stage,
  batch: Batch,
  out: Vector,
  keep?: (micro: MicroBatch) => void,
): Promise<number> {
  const { begin, end } = runOf(stage, batch);
  const weight = stage.weight(batch.rows);
  const ahead: MicroBatch[] = [];
  let next = begin;
  const backward =
    (add: boolean): EvaluateChunk =>
    async (c, partial) => {
      for (; next < Math.min(c + stage.behind + 1, end); next++) {
        const micro = await stage.take(batch, next);
        if (!stage.isLast) await stage.forward(micro, stage.retains ? "retained" : "training");
        ahead.push(micro);
      }
      const micro = ahead.shift()!;
      if (!stage.isLast) await stage.takeCotangents(micro);
      const loss = await stage.backward(micro, weight, partial, add);
      if (keep) keep(micro);
      else stage.release(micro);
      return loss;
    };
  const chunks = { evaluate: backward(false), add: backward(true) };
  const f = await stage.clock.pass(() => chunkedSum(stage.replicas, batch.chunks, chunks, out));
  await stage.settle();
  return stage.isLast ? f : 0;
}

/** f of the batch on the last stage, 0 elsewhere. */
export async function lossPass(stage: Stage, batch: Batch): Promise<number> {
  const { evaluator, replicas, isLast } = stage;
  if (!isLast) {
    await passOn(stage, batch);
    return 0;
  }
  const weight = stage.weight(batch.rows);
  const loss = (c: number) => taking(stage, batch, c, (micro) => evaluator.loss(micro, weight));
  return chunkedSum(replicas, batch.chunks, loss, NO_VECTOR);
}

/** out (statisticsSize,) ← the statistics of the stage's batch normalisations: means over micro-batches, as in training. */
export async function statisticsPass(stage: Stage, batch: Batch, out: Vector): Promise<void> {
  await chunkedSum(
    stage.replicas,
    batch.chunks,
    (c, partial) =>
      taking(stage, batch, c, async (micro) => {
        await stage.measure(micro, micro.rows / batch.rows, partial);
        await stage.holdBack();
        return 0;
      }),
    out,
  );
  await stage.settle();
}

/** sums ← what the batch adds to losses and metrics of the model as it predicts; only on the last stage. */
export async function scorePass(stage: Stage, batch: Batch, sums: Vector): Promise<void> {
  const { evaluator, replicas, isLast } = stage;
  if (!isLast) {
    await passOn(stage, batch, "inference");
    return;
  }
  const score = (c: number, partial: Vector) =>
    taking(stage, batch, c, async (micro) => {
      await evaluator.score(micro, partial);
      return 0;
    });
  await chunkedSum(replicas, batch.chunks, score, sums);
}

/**
 * Σ over the micro-batches of the stage's loss, as a function of its own θ, with what came from other stages as it was; out ← its
 * gradient, where given. Only the replicas of the stage talk to each other.
 */
export async function localPass(
  stage: Stage,
  batch: Batch,
  kept: readonly MicroBatch[],
  out?: Vector,
): Promise<number> {
  const { evaluator, replicas, everything } = stage;
  const { begin } = runOf(stage, batch);
  const weight = stage.weight(batch.rows);
  if (!out)
    return chunkedSum(replicas, batch.chunks, (c) => evaluator.loss(kept[c - begin]!, weight), NO_VECTOR);
  const gradient =
    (add: boolean): EvaluateChunk =>
    (c, partial) =>
      evaluator.gradient(kept[c - begin]!, weight, everything, partial, undefined, add);
  return chunkedSum(replicas, batch.chunks, { evaluate: gradient(false), add: gradient(true) }, out);
}

/** Micro-batch after micro-batch forward, to stages behind. */
async function passOn(stage: Stage, batch: Batch, purpose: Purpose = "training"): Promise<void> {
  const { begin, end } = runOf(stage, batch);
  for (let c = begin; c < end; c++) {
    await taking(stage, batch, c, async (micro) => {
      await stage.forward(micro, purpose);
      await stage.holdBack();
      return 0;
    });
  }
  await stage.settle();
}

/** What `use` makes of micro-batch c, which is released then. */
async function taking(
  stage: Stage,
  batch: Batch,
  c: number,
  use: (micro: MicroBatch) => Promise<number>,
): Promise<number> {
  const micro = await stage.take(batch, c);
  const result = await use(micro);
  stage.release(micro);
  return result;
}

/** The micro-batches of this replica. */
function runOf({ replicas }: Stage, batch: Batch): { begin: number; end: number } {
  return chunkRange(batch.chunks, replicas.size, replicas.rank);
}
