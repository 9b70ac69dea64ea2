import { drawnPlainly } from "./average.js";
import { BLOCK, blockOf, vectorKernels } from "./vector-kernels.js";
import type { Vector } from "./vector.js";

/**
 * g ← g + coupled θ, m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← keep θ − rate m / (√(scale v) + ε), in float32; no component
 * of θ moves by more than `limit`. The β are those of float32: then the weights of an average add up to 1, which
 * thousands of steps would show.
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
  const plain = [beta1, beta2, rate, Math.sqrt(scale), epsilon] as const;
  const isPlain = coupled === 0 && keep === 1 && limit === Infinity && against === 1 && !average;
  const [atM, atV, atTheta, atG, atAverage] = kernels.blocks;
  const restraints = [coupled, keep, limit, against, average ? atAverage.byteOffset : 0, average?.share ?? 0];
  const places = [atM.byteOffset, atV.byteOffset, atTheta.byteOffset, atG.byteOffset] as const;
  for (let from = 0; from < theta.length; from += BLOCK) {
    const [ownM, ownV] = [blockOf(m, from), blockOf(v, from)];
    const n = ownM.length;
    atM.set(ownM);
    atV.set(ownV);
    atTheta.set(blockOf(theta, from));
    atG.set(blockOf(g, from));
    if (average) atAverage.set(blockOf(average.from, from));
    if (isPlain) kernels.adam(n, ...places, ...plain);
    else kernels.restrainedAdam(n, ...places, ...plain, ...restraints);
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
  const [b1, b2, root] = [single(beta1), single(beta2), single(Math.sqrt(scale))];
  for (let i = 0; i < theta.length; i++) {
    const gradient = single(g[i]! + single(single(coupled) * theta[i]!));
    const mean = single(single(b1 * m[i]!) + single(single(1 - b1) * gradient));
    const square = single(single(b2 * v[i]!) + single(single(single(1 - b2) * gradient) * gradient));
    const below = single(single(root * single(Math.sqrt(square))) + single(epsilon));
    const moved = single(single(single(rate) * mean) / below);
    const inside = Math.max(-single(limit), Math.min(single(limit), moved));
    const share = single(mean * gradient) < 0 ? single(against) : 1;
    m[i] = mean;
    v[i] = square;
    out[i] = single(single(keep) * theta[i]!) - single(inside * share);
  }
}

/** Rounds to float32. */
const single = Math.fround;
