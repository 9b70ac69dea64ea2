import type { Heap } from "../../compute/wasm/heap.js";
import type { Vector } from "../../linalg/vector.js";
import type { RunningStatistics } from "./operation.js";

/** Means and variances of all batch normalisations, one after another, on the heap and as a vector. */
type All = readonly RunningStatistics[];

export function sizeOfStatistics(all: All): number {
  return all.reduce((sum, { channels }) => sum + 2 * channels, 0);
}

/** out ← `weight` times those of the block that was computed last. */
export function readStatistics(heap: Heap, all: All, weight: number, out: Vector): void {
  let at = 0;
  for (const { channels, batchMean, batchVariance } of all) {
    for (const address of [batchMean, batchVariance]) {
      const values = heap.floats(address, channels);
      for (let i = 0; i < channels; i++) out[at++] = weight * values[i]!;
    }
  }
}

/** The inverse, of weight 1: as if the block that `from` is of had been computed last. */
export function restoreStatistics(heap: Heap, all: All, from: Vector): void {
  let at = 0;
  for (const { channels, batchMean, batchVariance } of all) {
    for (const address of [batchMean, batchVariance])
      heap.floats(address, channels).set(from.subarray(at, (at += channels)));
  }
}

/** Makes `from` the running ones, which are among the weights at these addresses. */
export function writeStatistics(heap: Heap, all: All, weights: readonly number[], from: Vector): void {
  let at = 0;
  for (const { channels, mean, variance } of all) {
    for (const weight of [mean, variance])
      heap.floats(weights[weight]!, channels).set(from.subarray(at, (at += channels)));
  }
}
