import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { Matrix, pseudoInverse } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { wholeSpace } from "../../../src/linalg/space.js";
import { obs } from "../../../src/trust-region/l-sr1/obs.js";
import { noPairs } from "../../../src/trust-region/l-sr1/pairs.js";
import { dot, model, norm, type Dense } from "../../helpers/trust-region/dense.js";
import { instance, instances, kinds, type Instance } from "../../helpers/trust-region/instances.js";
import { expectMinimiser } from "../../helpers/trust-region/optimality.js";
import { pairsOf } from "../../helpers/trust-region/pairs.js";

const plane = wholeSpace(2);

async function check(made: Instance): Promise<void> {
  const { n, pairs, g, radius } = made;
  expectMinimiser(made, (await obs(pairs, wholeSpace(n), g, radius))!);
}

describe("obs", () => {
  it("satisfies the optimality conditions against a dense Moré–Sorensen solution", async () => {
    await fc.assert(fc.asyncProperty(instances, check), { numRuns: 1500 });
  });

  describe.each(kinds)("%s", (kind) => {
    it.each([1e-30, 1e-8, 1e-3, 1, 1e3, 1e8])("radius %d", async (radius) => {
      for (let seed = 0; seed < 30; seed++) {
        const made = instance(kind, 1 + (seed % 9), seed % 6, seed, radius);
        if (made) await check(made);
      }
    });
  });

  it("takes −g/γ, or what fits of it, while no pair is stored", async () => {
    const g = Float32Array.of(3, -4);
    expect([...(await obs(noPairs, plane, g, 10))!.s]).toEqual([-3, 4]);
    const { s, norm: length, sigma } = (await obs(noPairs, plane, g, 1))!;
    expect(s[0]).toBeCloseTo(-0.6, 6);
    expect(s[1]).toBeCloseTo(0.8, 6);
    expect(length).toBeCloseTo(1, 6);
    expect(sigma).toBeCloseTo(4, 5);
  });

  it("leaves a saddle along negative curvature where the gradient is zero", async () => {
    const pairs = pairsOf(1, [Float32Array.of(1, 0)], [Float32Array.of(-2, 0)]);
    const { s, predicted } = (await obs(pairs, plane, new Float32Array(2), 0.5))!;
    expect(Math.abs(s[0]!)).toBeCloseTo(0.5, 6);
    expect(s[1]).toBe(0);
    expect(predicted).toBeCloseTo(0.25, 6); // ½·2·Δ²
  });

  it("makes no step where the gradient is zero and B positive", async () => {
    const pairs = pairsOf(2, [Float32Array.of(1, 0)], [Float32Array.of(2, 0)]);
    const { s, predicted } = (await obs(pairs, plane, new Float32Array(2), 0.5))!;
    expect([...s].map(Math.abs)).toEqual([0, 0]);
    expect(predicted).toBe(0);
  });

  it("has no step for a gradient that is not finite", async () => {
    expect(await obs(noPairs, plane, Float32Array.of(NaN, 1), 1)).toBeUndefined();
    expect(await obs(noPairs, plane, Float32Array.of(Infinity, 1), 1)).toBeUndefined();
  });

  it("writes to nothing it is given", async () => {
    const { n, pairs, g } = instance("random", 10, 4, 3, 1)!;
    const before = [g, ...pairs.s, ...pairs.y].map((v) => [...v]);
    await obs(pairs, wholeSpace(n), g, 1);
    expect([g, ...pairs.s, ...pairs.y].map((v) => [...v])).toEqual(before);
  });
});

interface OracleInstance {
  readonly kind: string;
  readonly case: string;
  readonly n: number;
  readonly k: number;
  readonly gamma: number;
  readonly delta: number;
  readonly S: readonly (readonly number[])[];
  readonly Y: readonly (readonly number[])[];
  readonly g: readonly number[];
  readonly minimum: number;
}

const oracle = new URL("../../../../shared/oracles/tr-subproblems.json", import.meta.url);
const found = existsSync(oracle)
  ? (JSON.parse(readFileSync(oracle, "utf8")) as { instances: OracleInstance[] }).instances
  : [];
if (found.length === 0)
  console.warn(`Skipped: no exact solutions of L-SR1 subproblems at ${oracle.pathname}.`);

describe.skipIf(found.length === 0)("the oracle's instances", () => {
  it.each(found.map((one, i) => ({ name: `${i} ${one.kind} ${one.case} n=${one.n} k=${one.k}`, one })))(
    "$name",
    async ({ one: { n, gamma, delta, S, Y, g, minimum } }) => {
      const pairs = pairsOf(
        gamma,
        S.map((s) => Float32Array.from(s)),
        Y.map((y) => Float32Array.from(y)),
      );
      const { s } = (await obs(pairs, wholeSpace(n), Float32Array.from(g), delta))!;
      expect(norm(s)).toBeLessThanOrEqual(delta);
      // The step is made from float32 data; the model that judges it has the float64 data.
      const value = model(compactForm(n, gamma, S, Y), g, s);
      expect(Math.abs(value - minimum)).toBeLessThanOrEqual(1e-6 * Math.abs(minimum));
    },
  );
});

/** B = γI + ΨMΨᵀ (docs/algorithms.md §2), dense. A repeated pair makes M⁻¹ singular: its pseudo-inverse counts it once. */
function compactForm(n: number, gamma: number, S: readonly (readonly number[])[], Y: typeof S): Dense {
  const psi = new Matrix(Y.map((y, j) => y.map((entry, i) => entry - gamma * S[j]![i]!))); // Ψᵀ
  const inverse = S.map((_, i) =>
    S.map((_, j) => dot(S[Math.max(i, j)]!, Y[Math.min(i, j)]!) - gamma * dot(S[i]!, S[j]!)),
  );
  const M = pseudoInverse(new Matrix(inverse), 1e-9);
  return psi
    .transpose()
    .mmul(M)
    .mmul(psi)
    .add(Matrix.eye(n, n, gamma))
    .to2DArray();
}
