import { normInf, sum, type VectorSpace } from "../../linalg/space.js";
import { roomFor, type Vector } from "../../linalg/vector.js";
import type { CurvatureModel } from "./curvature-model.js";

/** Kingma, Ba (ICLR 2015): the memory of the average of squares, and what keeps the quotient finite. */
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * β₁ after t gradients: the weights of Nesterov's method, t / (t + 3), kept within 0.85 and Adam's 0.9. The average
 * remembers a third of the gradients seen, at least about 7 and at most 10. Early on the gradient turns quickly and a long
 * memory is out of date; later, in narrow valleys, the longer one averages their crossing out (docs/methods.md).
 */
function beta1(t: number): number {
  return Math.min(0.9, Math.max(0.85, t / (t + 3)));
}

interface Moments {
  /** Gradients seen. */
  readonly t: number;
  /** Σ of the weights in m, 1 − Πβ₁: m̂ = m / weight. */
  readonly weight: number;
  /** Averages of g and g², (n). */
  readonly m: Vector;
  readonly v: Vector;
}

/**
 * `adam`: the Adam direction scaled to the radius, s = Δ d / ‖d‖_∞ with d = −m̂ / (√v̂ + ε), predicted −gᵀs ("tradam"
 * in CCLTK25, docs/algorithms.md §1.1): a diagonal model of the curvature between order 1 and order 2, at the price of
 * order 1. Where the averages' direction is not one of descent, the gradient takes the place of its average.
 *
 * The averages take in every gradient, of whichever batch: nothing is subtracted.
 */
export const adam: CurvatureModel<Moments> = {
  start: (size) => ({ t: 0, weight: 0, m: new Float32Array(size), v: new Float32Array(size) }),
  async step(moments, space, g, radius) {
    const { m, weight } = moments;
    const found =
      (await descent(moments, space, m, 1 / weight, g)) ?? (await descent(moments, space, g, 1, g));
    if (!found) return undefined;
    const { d, slope } = found;
    const alpha = radius / (await normInf(space, d));
    for (let i = 0; i < d.length; i++) d[i] = alpha * d[i]!;
    return { s: d, predicted: -alpha * slope, norm: radius };
  },
  observe(moments, _, { g }) {
    const n = g.length;
    const beta = beta1(moments.t);
    const m = roomFor(n);
    const v = roomFor(n);
    for (let i = 0; i < n; i++) {
      m[i] = beta * moments.m[i]! + (1 - beta) * g[i]!;
      v[i] = BETA2 * moments.v[i]! + (1 - BETA2) * g[i]! * g[i]!;
    }
    return { t: moments.t + 1, weight: beta * moments.weight + 1 - beta, m, v };
  },
  startBatch: (moments) => moments,
  restrict: (moments, subdomain) => ({
    ...moments,
    m: subdomain.restrict(moments.m),
    v: subdomain.restrict(moments.v),
  }),
};

/** d = −scale · mean / (√v̂ + ε) and gᵀd, where that is negative and finite. */
async function descent(
  { t, v }: Moments,
  space: VectorSpace,
  mean: Vector,
  scale: number,
  g: Vector,
): Promise<{ d: Vector; slope: number } | undefined> {
  const vScale = 1 / (1 - BETA2 ** t);
  const d = roomFor(g.length);
  let here = 0;
  for (let i = 0; i < d.length; i++) {
    const component = (-scale * mean[i]!) / (Math.sqrt(vScale * v[i]!) + EPSILON);
    d[i] = component;
    here += g[i]! * component;
  }
  const slope = await sum(space, here);
  return slope < 0 && Number.isFinite(slope) ? { d, slope } : undefined;
}
