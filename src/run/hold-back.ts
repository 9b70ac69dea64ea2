import { rowsOf, type DataSplit } from "../data/dataset.js";
import { UsageError } from "../errors.js";

/**
 * The samples that are trained on where a share is held back: the first, as Keras takes them.
 * @throws UsageError where that leaves none on either side
 */
export function trainedOn(count: number, share: number | undefined): number {
  if (share === undefined || share === 0) return count;
  const first = Math.floor(count * (1 - share));
  if (first > 0 && first < count) return first;
  throw new UsageError(
    `Expected --validation-split to leave samples to train on and to measure with, got ${share} of ${count}.`,
  );
}

/** The data with the last share of the training samples in place of the test samples. */
export function holdBack(data: DataSplit, share: number | undefined): DataSplit {
  const { count } = data.train;
  const first = trainedOn(count, share);
  if (first === count) return data;
  return { ...data, train: rowsOf(data.train, 0, first), test: rowsOf(data.train, first, count) };
}
