import { tf } from "../../compute/tensorflow.js";
import { mix, randomBits, thresholdOf, type Noise } from "../noise.js";
import type { RandomParts } from "../inspect/random.js";

type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>) => tf.Tensor;

/** What TensorFlow.js' random layers have. */
interface RandomLayer {
  call: Call;
  readonly rate: number;
  readonly stddev: number;
  readonly noiseShape?: readonly (number | null)[] | null;
}

/**
 * Makes a model's random layers draw from `noise`, for the time of an evaluation: functions of seed, step and sample, in
 * place of TensorFlow.js' own generator.
 */
export class RandomLayers {
  constructor(
    private readonly parts: RandomParts,
    private readonly noise: Noise,
  ) {}

  get count(): number {
    return this.parts.layers.size + this.parts.cells.size;
  }

  /** Runs `evaluate`, which is to tell layers that they train, on the samples of these numbers. */
  use<T>(samples: Int32Array, evaluate: () => T): T {
    const { layers, cells } = this.parts;
    const uses = new Map<number, number>();
    /** A layer that is used again draws anew. */
    const keyOf = (number: number): number => {
      const use = uses.get(number) ?? 0;
      uses.set(number, use + 1);
      return use === 0 ? this.noise.key(number) : mix(this.noise.key(number) + use);
    };
    for (const [layer, number] of layers) {
      const own = layer as unknown as RandomLayer;
      const apply = drawing[layer.getClassName()]!;
      own.call = (inputs) => {
        const x = Array.isArray(inputs) ? inputs[0]! : inputs;
        return apply(x, own, keyOf(number), samples);
      };
    }
    for (const [cell, number] of cells) {
      cell.dropoutFunc = (ones, rate) => kept(ones.shape, rate, keyOf(number), samples, 1 / (1 - rate));
    }
    try {
      return evaluate();
    } finally {
      for (const layer of layers.keys()) Reflect.deleteProperty(layer, "call"); // back to the class's own
      for (const cell of cells.keys()) cell.dropoutFunc = undefined;
    }
  }
}

type Draw = (x: tf.Tensor, layer: RandomLayer, key: number, samples: Int32Array) => tf.Tensor;

const dropout: Draw = (x, { rate, noiseShape }, key, samples) => {
  const shape = x.shape.map((side, axis) => noiseShape?.[axis] ?? side);
  return tf.mul(x, kept(shape, rate, key, samples, 1 / (1 - rate)));
};

const drawing: Readonly<Record<string, Draw>> = {
  Dropout: dropout,
  SpatialDropout1D: (x, { rate }, key, samples) =>
    tf.mul(x, kept([x.shape[0], 1, x.shape[2]!], rate, key, samples, 1 / (1 - rate))),
  GaussianNoise: (x, { stddev }, key, samples) => tf.add(x, tf.mul(normal(x.shape, key, samples), stddev)),
  GaussianDropout: (x, { rate }, key, samples) =>
    tf.mul(x, tf.add(1, tf.mul(normal(x.shape, key, samples), Math.sqrt(rate / (1 - rate))))),
  // Klambauer et al., NeurIPS 2017: dropped units take SELU's value at −∞, then mean and variance are as before.
  AlphaDropout: (x, { rate, noiseShape }, key, samples) => {
    const low = -1.6732632423543772 * 1.0507009873554805;
    const a = ((1 - rate) * (1 + rate * low ** 2)) ** -0.5;
    const b = -a * low * rate;
    const shape = x.shape.map((side, axis) => noiseShape?.[axis] ?? side);
    const keep = kept(shape, rate, key, samples, 1);
    const mixed = tf.add(tf.mul(x, keep), tf.mul(tf.sub(1, keep), low));
    return tf.add(tf.mul(mixed, a), b);
  },
};

/** `scale` where a unit is kept, else 0. A first side of 1 is one mask for all samples. */
function kept(
  shape: readonly number[],
  rate: number,
  key: number,
  samples: Int32Array,
  scale: number,
): tf.Tensor {
  const [rows = 1, ...rest] = shape;
  const units = tf.util.sizeFromShape(rest);
  const numbers = rows === samples.length ? samples : new Int32Array(rows);
  const threshold = thresholdOf(rate);
  const bits = randomBits(key, numbers, units, new Uint32Array(rows * units));
  return tf.tensor(
    Float32Array.from(bits, (value) => (value >= threshold ? scale : 0)),
    [...shape],
  );
}

/** Normally distributed numbers: Box and Muller's method. */
function normal(shape: readonly number[], key: number, samples: Int32Array): tf.Tensor {
  const units = tf.util.sizeFromShape(shape.slice(1));
  const radii = randomBits(key, samples, units, new Uint32Array(samples.length * units));
  const angles = randomBits(mix(key), samples, units, new Uint32Array(samples.length * units));
  const values = Float32Array.from(
    radii,
    (bits, i) =>
      Math.sqrt(-2 * Math.log((bits + 1) / 2 ** 32)) * Math.cos((2 * Math.PI * angles[i]!) / 2 ** 32),
  );
  return tf.tensor(values, [...shape]);
}
