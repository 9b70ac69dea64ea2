import type { tf } from "../../compute/tensorflow.js";

/** Keras' ε: predictions that are logarithms' arguments stay this far from where those end. */
export const EPSILON = 1e-7;
/** 1 − ε as TensorFlow.js has it, in single precision: what a logarithm of 1 − p sees at the end is not ε. */
export const ALMOST_ONE = Math.fround(1 - EPSILON);

/** Keras' loss ℓ(y, p) of one row: the last axis of a model's output. */
export interface Loss {
  readonly name: string;
  /** What y is: numbers like p (width), or the number of one class. */
  readonly targets: "numbers" | "classes";
  /** In plain loops and double precision. */
  readonly ofRow: RowLoss;
  /** The same by TensorFlow.js, differentiable: (…, width) → (…). Class numbers: (…), float32. */
  readonly ofTensors: (y: tf.Tensor, p: tf.Tensor) => tf.Tensor;
}

/**
 * ℓ of the row of `width` numbers at p[pAt…], with y[yAt…] (a class number: y[yAt]). Where g is given, g[gAt…] ← scale
 * times its gradient by p; g may be p.
 */
export type RowLoss = (
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  width: number,
  scale: number,
  g: Float32Array | undefined,
  gAt: number,
) => number;

/** The mean of a function of single numbers over a row. */
export function meanOverRow(
  value: (y: number, p: number) => number,
  /** Its derivative by p. */
  slope: (y: number, p: number) => number,
): RowLoss {
  return (y, yAt, p, pAt, width, scale, g, gAt) => {
    let sum = 0;
    const share = scale / width;
    for (let j = 0; j < width; j++) {
      const [yj, pj] = [y[yAt + j]!, p[pAt + j]!];
      sum += value(yj, pj);
      if (g) g[gAt + j] = share * slope(yj, pj);
    }
    return sum / width;
  };
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
