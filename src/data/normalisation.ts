import type { Field, Normalisation, Values } from "./dataset.js";

/** Channels are the last axis of a sample: 1 for grey images, 3 for colour, every feature of a plain vector. */
export function channelsOf({ shape }: Pick<Field, "shape">): number {
  return shape.at(-1) ?? 1;
}

/**
 * Mean and (population) deviation of each channel over all samples. A constant channel gets an infinite deviation: it
 * becomes zero, in other samples too, where it has another value. No gradient ever reaches a weight that reads it in
 * training, so anything else would let the weights it happened to begin with speak.
 */
export function normalisationOf(field: Field): Normalisation {
  const { values } = field;
  const channels = channelsOf(field);
  const moments = Array.from({ length: channels }, (_, channel) =>
    values instanceof Uint8Array
      ? momentsOfBytes(values, channel, channels)
      : momentsOfFloats(values, channel, channels),
  );
  return {
    mean: moments.map(({ mean }) => mean),
    deviation: moments.map(({ variance }) => (variance > 0 ? Math.sqrt(variance) : Infinity)),
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

/**
 * In two passes: Σx² − n·mean² would lose features far from zero to cancellation. The mean is one that float32 holds,
 * for a model in float32 is to subtract the very same.
 */
function momentsOfFloats(features: Values, start: number, stride: number): Moments {
  const total = features.length / stride;
  let sum = 0;
  for (let i = start; i < features.length; i += stride) sum += features[i]!;
  const mean = Math.fround(sum / total);
  let squares = 0;
  for (let i = start; i < features.length; i += stride) squares += (features[i]! - mean) ** 2;
  return { mean, variance: squares / total };
}
