import type { Dataset, Normalisation } from "./dataset.js";

/** Channels are the last axis of a sample: 1 for grey images, 3 for colour, every feature of a plain vector. */
export function channelsOf(dataset: Dataset): number {
  return dataset.sampleShape.at(-1) ?? 1;
}

/**
 * Mean and (population) deviation of each channel over all samples, in float64. A constant channel gets deviation 1,
 * so that it becomes zero instead of NaN.
 */
export function normalisationOf(dataset: Dataset): Normalisation {
  const { features } = dataset;
  const channels = channelsOf(dataset);
  const moments = Array.from({ length: channels }, (_, channel) =>
    features instanceof Uint8Array
      ? momentsOfBytes(features, channel, channels)
      : momentsOfFloats(features, channel, channels),
  );
  return {
    mean: moments.map(({ mean }) => mean),
    deviation: moments.map(({ variance }) => (variance > 0 ? Math.sqrt(variance) : 1)),
  };
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** Of every `stride`-th feature from `start` on. Bytes are counted by value: one pass, and exact. */
function momentsOfBytes(features: Uint8Array, start: number, stride: number): Moments {
  const counts = new Float64Array(256);
  for (let i = start; i < features.length; i += stride) counts[features[i]!]! += 1;
  const total = features.length / stride;
  const mean = counts.reduce((sum, count, byte) => sum + count * byte, 0) / total;
  const variance = counts.reduce((sum, count, byte) => sum + count * (byte - mean) ** 2, 0) / total;
  return { mean, variance };
}

/** In two passes: Σx² − n·mean² would lose features far from zero to cancellation. */
function momentsOfFloats(features: Float32Array, start: number, stride: number): Moments {
  const total = features.length / stride;
  let sum = 0;
  for (let i = start; i < features.length; i += stride) sum += features[i]!;
  const mean = sum / total;
  let squares = 0;
  for (let i = start; i < features.length; i += stride) squares += (features[i]! - mean) ** 2;
  return { mean, variance: squares / total };
}
