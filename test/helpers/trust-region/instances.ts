import fc from "fast-check";
import type { Pairs } from "../../../src/trust-region/l-sr1/pairs.js";
import { denseLSR1, dot, eigen, type Dense } from "./dense.js";
import { pairsOf } from "./pairs.js";

/** A subproblem of every sort: what the oracle file has, and what training makes of it. */
export interface Instance {
  readonly kind: (typeof kinds)[number];
  readonly n: number;
  readonly pairs: Pairs;
  readonly B: Dense;
  readonly g: Float32Array;
  readonly radius: number;
}

/**
 * To how much float64 determines B from the pairs: where Ψ is all but rank deficient, the dense recursion and any other
 * agree to no more.
 */
export const determined = (kind: Instance["kind"]): number =>
  kind === "near duplicate" || kind === "parallel" ? 1e-4 : 1e-6;

export const kinds = [
  "random",
  "near duplicate",
  "quadratic",
  "duplicate",
  "parallel",
  "scales",
  "hard",
  "in range",
  "zero gradient",
] as const;

export const instances: fc.Arbitrary<Instance> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    n: fc.integer({ min: 1, max: 12 }),
    k: fc.integer({ min: 0, max: 5 }),
    seed: fc.integer(),
    exponent: fc.double({ min: -8, max: 6, noNaN: true }),
  })
  .map(({ kind, n, k, seed, exponent }) => instance(kind, n, k, seed, 10 ** exponent))
  .filter((made) => made !== undefined);

export function instance(
  kind: (typeof kinds)[number],
  n: number,
  k: number,
  seed: number,
  radius: number,
): Instance | undefined {
  const normal = gaussian(seed);
  const vector = (scale = 1) => Float32Array.from({ length: n }, () => scale * normal());
  const S: Float32Array[] = [];
  const Y: Float32Array[] = [];
  const gamma = 0.1 + Math.abs(normal());
  const direction = vector();
  const H = Array.from({ length: n }, () => vector());
  for (let j = 0; j < k; j++) {
    if (kind === "parallel") {
      // Independent steps, but y − γs all along one direction: Ψ of rank one, to float32.
      const [s, length] = [vector(), normal()];
      S.push(s);
      Y.push(s.map((v, i) => gamma * v + length * direction[i]!));
      continue;
    }
    const copy = kind === "duplicate" && j > 0 && j % 2 === 1;
    const s = copy ? S[j - 1]!.slice() : vector(kind === "scales" ? 10 ** (-3 * Math.abs(normal())) : 1);
    // symmetric, indefinite Hessian
    const Hs = Float32Array.from(
      { length: n },
      (_, i) =>
        dot(H[i]!, s) +
        dot(
          H.map((row) => row[i]!),
          s,
        ),
    );
    if (kind === "near duplicate" && j > 0) {
      const tilt = 10 ** (-4 * Math.abs(normal()));
      S.push(S[j - 1]!.map((v) => v + tilt * normal()));
      Y.push(Y[j - 1]!.map((v) => v + tilt * normal()));
      continue;
    }
    S.push(s);
    Y.push(copy ? Y[j - 1]!.slice() : kind === "quadratic" || kind === "scales" ? Hs : vector());
  }
  const pairs = pairsOf(gamma, S, Y);
  const B = denseLSR1(n, gamma, S, Y);
  if (!B) return undefined;
  let g = vector();
  if (kind === "zero gradient") g = new Float32Array(n);
  if (kind === "hard") {
    const lowest = eigen(B).vectors[0]!;
    const along = dot(lowest, g);
    g = g.map((gi, i) => gi - along * lowest[i]!);
  }
  if (kind === "in range" && k > 0) g = Y[0]!.map((yi, i) => yi - gamma * S[0]![i]!);
  return { kind, n, pairs, B, g, radius };
}

/** Normal deviates from a seed (mulberry32, Box–Muller). */
export function gaussian(seed: number): () => number {
  let state = seed | 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
