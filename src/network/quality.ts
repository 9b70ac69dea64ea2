import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import type { Vector } from "../linalg/vector.js";
import type { Batch } from "./batch.js";
import type { Evaluator } from "./evaluator.js";
import { scoresOf, sumsOf, type Scores } from "./scores.js";

/** Loss and metrics of θ on a data set, all of whose batches together are it; all ranks share the chunks. */
export async function qualityOf(
  evaluator: Evaluator,
  comm: Communicator,
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  theta: Vector,
): Promise<Scores> {
  evaluator.setParameters(theta);
  const sums = new Float32Array(sumsOf(evaluator.goal)); // whole numbers below 2²⁴ add exactly in float32
  const totals = new Float64Array(sums.length);
  let rows = 0;
  for await (const batch of batches) {
    await chunkedSum(
      comm,
      batch.chunks,
      async (c, partial) => {
        await evaluator.score(batch.chunk(c), partial);
        return 0;
      },
      sums,
    );
    sums.forEach((sum, i) => (totals[i]! += sum));
    rows += batch.rows;
  }
  return scoresOf(evaluator.goal, totals, rows);
}
