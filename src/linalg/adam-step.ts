import { drawnPlainly } from "./average.js";
import { BLOCK, blockOf, vectorKernels } from "./vector-kernels.js";
import type { Vector } from "./vector.js";

/**
 * g ← g + coupled θ, m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← keep θ − rate m / (√(scale v) + ε), in float64; no
 * component of θ moves by more than `limit`.
 */
export interface AdamStep {
  readonly beta1: number;
  readonly beta2: number;
  readonly coupled: number;
  readonly keep: number;
  readonly rate: number;
  readonly scale: number;
  readonly epsilon: number;
  /** None where it is not given. */
  readonly limit?: number;
  /** How much of a component is stepped where m and g have opposite signs; all of it where it is not given. */
  readonly against?: number;
}

/** An average of iterates that follows the step: to ← from + share (θ − from), in float64, with θ after it. */
export interface Following {
  readonly from: Vector;
  readonly share: number;
  /** May be `from`. */
  readonly to: Vector;
}

/** out ← the iterate after that step; m and v are updated in place, theta and g only read. */
export function adamStep(
  step: AdamStep,
  m: Vector,
  v: Vector,
  theta: Vector,
  g: Vector,
  out: Vector,
  average?: Following,
): void {
  const kernels = vectorKernels();
  if (kernels === undefined) {
    adamPlainly(step, m, v, theta, g, out);
    if (average) drawnPlainly(average.from, average.share, out, average.to);
    return;
  }
  const { beta1, beta2, coupled, keep, rate, scale, epsilon, limit = Infinity, against = 1 } = step;
  const decays = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
  const numbers = [...decays, coupled, keep, rate, scale, epsilon, limit, against] as const;
  const [atM, atV, atTheta, atG, atAverage] = kernels.blocks;
  const followed = average ? atAverage.byteOffset : 0;
  const share = average?.share ?? 0;
  const arrays = [atM, atV, atTheta, atG].map(({ byteOffset }) => byteOffset) as [
    number,
    number,
    number,
    number,
  ];
  for (let from = 0; from < theta.length; from += BLOCK) {
    const [ownM, ownV] = [blockOf(m, from), blockOf(v, from)];
    const n = ownM.length;
    atM.set(ownM);
    atV.set(ownV);
    atTheta.set(blockOf(theta, from));
    atG.set(blockOf(g, from));
    if (average) atAverage.set(blockOf(average.from, from));
    kernels.adam(n, ...arrays, followed, ...numbers, share);
    ownM.set(atM.subarray(0, n));
    ownV.set(atV.subarray(0, n));
    out.set(atTheta.subarray(0, n), from);
    average?.to.set(atAverage.subarray(0, n), from);
  }
}

/** The same as a loop, which the kernel is tested against. */
export function adamPlainly(
  { beta1, beta2, coupled, keep, rate, scale, epsilon, limit = Infinity, against = 1 }: AdamStep,
  m: Vector,
  v: Vector,
  theta: Vector,
  g: Vector,
  out: Vector,
): void {
  for (let i = 0; i < theta.length; i++) {
    const gradient = g[i]! + coupled * theta[i]!;
    const mean = beta1 * m[i]! + (1 - beta1) * gradient;
    const square = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    const moved = (rate * mean) / (Math.sqrt(scale * square) + epsilon);
    const share = mean * gradient < 0 ? against : 1;
    out[i] = keep * theta[i]! - share * Math.max(-limit, Math.min(limit, moved));
  }
}
