import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import type { Vector } from "../linalg/vector.js";
import type { Evaluator } from "./evaluator.js";
import type { Arrival } from "./rank-network.js";

/** How much of the running statistics a mini-batch of so many samples, or fewer, replaces. */
const MINI_BATCH = { rows: 128, share: 0.1 };

/**
 * The means and variances that batch normalisation evaluates with, after those of `batch` at θ. The objective uses each
 * chunk's own, so that it is a function of θ alone; these follow the accepted iterates only, never the trials.
 * Collective; null where the network has none.
 *
 * @param running what they were; null before the first step
 */
export async function runningStatistics(
  evaluator: Evaluator,
  comm: Communicator,
  running: Vector | null,
  { theta, batch, whole }: Arrival,
): Promise<Vector | null> {
  const size = evaluator.statisticsSize;
  if (size === 0) return null;
  const measured = new Float32Array(size);
  evaluator.setParameters(theta);
  await chunkedSum(
    comm,
    batch.chunks,
    async (c, partial) => {
      const chunk = batch.chunk(c);
      await evaluator.statistics(chunk, chunk.rows / batch.rows, partial);
      return 0;
    },
    measured,
  );
  return followed(running, measured, { rows: batch.rows, whole });
}

/**
 * Running statistics after those that were measured on so many rows; `whole`: on the training set. A larger mini-batch counts as as
 * many as it would make: of large ones there are few, and what the first left would stay.
 */
export function followed(
  running: Vector | null,
  measured: Vector,
  { rows, whole }: { readonly rows: number; readonly whole: boolean },
): Vector {
  const miniBatches = Math.max(1, rows / MINI_BATCH.rows);
  const share = whole || running === null ? 1 : 1 - (1 - MINI_BATCH.share) ** miniBatches;
  return measured.map((value, i) => {
    const was = running?.[i] ?? 0;
    return was + share * (value - was);
  });
}
