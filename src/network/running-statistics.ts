import type { Vector } from "../linalg/vector.js";
import type { Batch } from "./batch.js";
import type { Batches } from "./quality.js";

/**
 * The means and variances that batch normalisation predicts with: the mean over all groups of `batches` of those that training
 * normalises by, at one θ ("PreciseBN": Wu, Johnson 2021, §3). A running average would be of as many θ as it
 * has steps, none of them the one that is judged, and takes a forward pass of every mini-batch.
 *
 * @param size of the statistics held here
 * @param measure out (size,) ← the mean over the groups of `batch`
 */
export async function meanStatistics(
  size: number,
  batches: Batches,
  measure: (batch: Batch, out: Vector) => Promise<void>,
): Promise<Vector> {
  const measured = new Float32Array(size);
  const sums = new Float64Array(size);
  let rows = 0;
  for await (const batch of batches) {
    await measure(batch, measured);
    for (let i = 0; i < size; i++) sums[i]! += batch.rows * measured[i]!;
    rows += batch.rows;
  }
  return Float32Array.from(sums, (sum) => sum / rows);
}
