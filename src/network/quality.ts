import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import type { Vector } from "../linalg/vector.js";
import type { Batch } from "./batch.js";
import type { Evaluator } from "./evaluator.js";
import type { Goal } from "./goal/goal.js";
import { scoresOf, sumsOf, type Scores } from "./scores.js";

/** A data set in batches, one after the other. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/** Loss and metrics of θ on a data set, all of whose batches together are it; all ranks share the chunks. */
export async function qualityOf(
  evaluator: Evaluator,
  comm: Communicator,
  batches: Batches,
  theta: Vector,
): Promise<Scores> {
  evaluator.setParameters(theta);
  const { totals, rows } = await totalsOf(evaluator.goal, batches, async (batch, sums) => {
    await chunkedSum(
      comm,
      batch.chunks,
      async (c, partial) => {
        await evaluator.score(batch.chunk(c), partial);
        return 0;
      },
      sums,
    );
  });
  return scoresOf(evaluator.goal, totals, rows);
}

/**
 * The sums that scores are made of, over all batches, and how many samples these have.
 * @param score sums (sumsOf(goal),) ← those of a batch
 */
export async function totalsOf(
  goal: Goal,
  batches: Batches,
  score: (batch: Batch, sums: Vector) => Promise<void>,
): Promise<{ totals: Float64Array; rows: number }> {
  const sums = new Float32Array(sumsOf(goal)); // whole numbers below 2²⁴ add exactly in float32
  const totals = new Float64Array(sums.length);
  let rows = 0;
  for await (const batch of batches) {
    await score(batch, sums);
    sums.forEach((sum, i) => (totals[i]! += sum));
    rows += batch.rows;
  }
  return { totals, rows };
}
