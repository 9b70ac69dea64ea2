import { checkMiniBatches, miniBatchSizes } from "../../data/batches.js";
import { UsageError } from "../../errors.js";
import { cutOf, type TrainConfig } from "../options/config.js";

/**
 * Samples of the largest mini-batch.
 * @throws UsageError where there are more micro-batches than samples
 */
export function largestBatch(config: TrainConfig, samples: number): number {
  const { batches } = cutOf(config, samples);
  checkMiniBatches(samples, batches);
  const sizes = miniBatchSizes(samples, batches, config.overlap);
  const rows = sizes.reduce((most, size) => Math.max(most, size));
  if (config.microBatches === undefined || config.microBatches <= rows) return rows;
  throw new UsageError(
    `Expected --micro-batches to be at most ${rows}, the samples of a mini-batch, got ${config.microBatches}.`,
  );
}
