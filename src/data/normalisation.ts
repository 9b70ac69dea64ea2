import { blocksOf, isHeld, type Field, type Normalisation, type Values } from "./dataset.js";

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
  const moments = isHeld(values)
    ? Array.from({ length: channels }, (_, channel) =>
        values instanceof Uint8Array
          ? momentsOfBytes(values, channel, channels)
          : momentsOfFloats(values, channel, channels),
      )
    : momentsOfBlocks(blocksOf(field), channels);
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

/** Of streamed values, which are gone through once: those of blocks, each in two passes, put together (Chan, Golub and LeVeque). */
function momentsOfBlocks(blocks: Iterable<Values>, channels: number): Moments[] {
  const mean = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let count = 0;
  for (const block of blocks) {
    const rows = block.length / channels;
    const own = new Float64Array(channels);
    for (let i = 0, c = 0; i < block.length; i++, c = c + 1 === channels ? 0 : c + 1) own[c]! += block[i]!;
    for (let c = 0; c < channels; c++) own[c]! /= rows;
    for (let i = 0, c = 0; i < block.length; i++, c = c + 1 === channels ? 0 : c + 1) {
      squares[c]! += (block[i]! - own[c]!) ** 2;
    }
    const total = count + rows;
    for (let c = 0; c < channels; c++) {
      const step = own[c]! - mean[c]!;
      squares[c]! += step * step * ((count * rows) / total);
      mean[c]! += step * (rows / total);
    }
    count = total;
  }
  return Array.from(mean, (exact, c) => {
    const rounded = Math.fround(exact);
    return { mean: rounded, variance: squares[c]! / count + (squares[c]! > 0 ? (exact - rounded) ** 2 : 0) };
  });
}
