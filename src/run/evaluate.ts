import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import type { Batch } from "../network/batch.js";
import type { Evaluator } from "../network/evaluator.js";
import type { Vector } from "../linalg/vector.js";

export interface Quality {
  /** Mean loss. */
  readonly loss: number;
  /** Share of samples classified right. */
  readonly accuracy: number;
}

/** Loss and accuracy of θ on a data set, all ranks sharing the chunks. */
export async function evaluateQuality(
  comm: Communicator,
  evaluator: Evaluator,
  batch: Batch,
  theta: Vector,
): Promise<Quality> {
  evaluator.setParameters(theta);
  const correct = new Float32Array(1); // whole numbers below 2²⁴ add exactly in float32
  const loss = await chunkedSum(
    comm,
    batch.chunks,
    async (c, partial) => {
      const score = await evaluator.score(batch.chunk(c));
      partial[0] = score.correct;
      return score.loss;
    },
    correct,
  );
  return { loss: loss / batch.rows, accuracy: correct[0]! / batch.rows };
}
