import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packObject, unpackObject } from "../../../src/comm/packing.js";
import { Restriction } from "../../../src/linalg/restriction.js";
import { wholeSpace } from "../../../src/linalg/space.js";
import type { Vector } from "../../../src/linalg/vector.js";
import { obs } from "../../../src/trust-region/l-sr1/obs.js";
import {
  defaultMemory,
  noPairs,
  restrictPairs,
  withPair,
  type Pairs,
} from "../../../src/trust-region/l-sr1/pairs.js";
import { expectSameBits } from "../../helpers/same-bits.js";
import { denseLSR1, dot, norm, times, type Dense } from "../../helpers/trust-region/dense.js";
import { determined, gaussian, instances } from "../../helpers/trust-region/instances.js";
import { matrixOf } from "../../helpers/trust-region/pairs.js";

/** The pairs with one more, and whether it was stored. */
async function added(
  pairs: Pairs,
  s: Vector,
  y: Vector,
  memory = defaultMemory,
): Promise<{ pairs: Pairs; stored: boolean }> {
  const after = await withPair(pairs, wholeSpace(s.length), memory, { s, y });
  return { pairs: after, stored: after !== pairs };
}

function expectSame(actual: Dense, expected: Dense, tolerance = 1e-6): void {
  const scale = Math.max(...expected.map(norm));
  const difference = Math.max(...actual.map((row, i) => norm(row.map((a, j) => a - expected[i]![j]!))));
  expect(difference).toBeLessThanOrEqual(tolerance * scale);
}

const random = (n: number, count: number, seed: number) => {
  const normal = gaussian(seed);
  const vector = () => Float32Array.from({ length: n }, normal);
  return Array.from({ length: count }, () => [vector(), vector()] as const);
};

async function filled(n: number, count: number, seed: number): Promise<Pairs> {
  let pairs = noPairs;
  for (const [s, y] of random(n, count, seed)) ({ pairs } = await added(pairs, s, y));
  return pairs;
}

describe("L-SR1 pairs", () => {
  it("give the matrix of the dense recursion from γI", () => {
    fc.assert(
      fc.property(instances, ({ kind, n, pairs, B }) => {
        expectSame(matrixOf(pairs, n), B, determined(kind));
      }),
      { numRuns: 1000 },
    );
  });

  it("keep the newest m and the newest positive γ", async () => {
    const all = random(7, 9, 5);
    let pairs = noPairs;
    const kept: (typeof all)[number][] = [];
    let gamma = 1;
    for (const [s, y] of all) {
      const B = denseLSR1(7, gamma, ...unzip(kept))!;
      const r = times(B, s).map((b, i) => y[i]! - b);
      const sound = Math.abs(dot(r, s)) >= 1e-8 * norm(r) * norm(s);
      const after = await added(pairs, s, y, 3);
      expect(after.stored).toBe(sound);
      ({ pairs } = after);
      if (!sound) continue;
      kept.push([s, y]);
      if (kept.length > 3) kept.shift();
      if (dot(y, s) > 0) gamma = dot(y, y) / dot(y, s);
      expect([pairs.s, pairs.y]).toEqual(unzip(kept));
      expect(pairs.gamma).toBeCloseTo(gamma, 10);
      expectSame(matrixOf(pairs, 7), denseLSR1(7, gamma, ...unzip(kept))!);
    }
  });

  it("satisfy the newest pair's secant equation", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const pairs = await filled(8, 4, seed);
      const [s, y] = [pairs.s.at(-1)!, pairs.y.at(-1)!];
      const Bs = times(matrixOf(pairs, 8), s);
      expect(norm(Bs.map((b, i) => b - y[i]!))).toBeLessThanOrEqual(1e-6 * norm(y));
    }
  });

  it("find a quadratic's Hessian after n independent steps", async () => {
    const H: Dense = [
      [4, 1, 0],
      [1, -2, 1],
      [0, 1, 3],
    ];
    let pairs = noPairs;
    for (const s of [Float32Array.of(1, 0, 0), Float32Array.of(1, 2, 0), Float32Array.of(0, 1, -1)]) {
      const after = await added(pairs, s, Float32Array.from(times(H, s)));
      expect(after.stored).toBe(true);
      ({ pairs } = after);
    }
    expectSame(matrixOf(pairs, 3), H);
  });

  describe("skip", () => {
    const [s, y] = [Float32Array.of(1, 2, 0), Float32Array.of(4, 1, 1)];

    it.each([
      ["a zero step", Float32Array.of(0, 0, 0), y],
      ["a NaN", s, Float32Array.of(NaN, 0, 0)],
      ["an infinite entry", Float32Array.of(Infinity, 0, 0), y],
      ["a denominator of zero", Float32Array.of(1, 0, 0), Float32Array.of(1, 5, 0)], // B = I: s ⊥ y − s
      ["a pair B has already", Float32Array.of(1, 1, 0), Float32Array.of(1, 1, 0)],
    ])("%s", async (_, badS, badY) => {
      expect((await added(noPairs, badS, badY)).pairs).toBe(noPairs);
    });

    it("the pair stored just before", async () => {
      const first = await added(noPairs, s, y);
      expect(first.stored).toBe(true);
      expect((await added(first.pairs, s.slice(), y.slice())).pairs).toBe(first.pairs);
    });

    it("at 1e-8 of ‖s‖‖y − Bs‖, not above", async () => {
      const nearly = (sine: number) => Float32Array.of(1 + sine, 1, 0); // r = (sine, 1, 0) for B = I
      expect((await added(noPairs, Float32Array.of(1, 0, 0), nearly(1e-6))).stored).toBe(true);
      // float32 has no 1 + 1e-9, but 1e-9 · 1
      const tilted = Float32Array.of(1, 1e-9, 0);
      expect((await added(noPairs, tilted, Float32Array.of(1, 1, 0))).stored).toBe(false);
    });
  });

  it("keep γ where the newest has yᵀs ≤ 0", async () => {
    const { pairs: one } = await added(noPairs, Float32Array.of(1, 0), Float32Array.of(3, 1));
    expect(one.gamma).toBeCloseTo(10 / 3, 12);
    const { pairs: two } = await added(one, Float32Array.of(0, 1), Float32Array.of(0, -2));
    expect(two.s.length).toBe(2);
    expect(two.gamma).toBeCloseTo(10 / 3, 12);
  });

  describe("restricted to a subdomain", () => {
    const odd = new Restriction([
      { start: 1, end: 4 },
      { start: 7, end: 9 },
    ]);

    const part = wholeSpace(5);

    it("have the rows of S and Y, and B of those", async () => {
      const whole = await filled(10, 4, 11);
      const local = await restrictPairs(whole, part, odd);
      expect(local.s).toEqual(whole.s.map((s) => odd.restrict(s)));
      expect(local.y).toEqual(whole.y.map((y) => odd.restrict(y)));
      expectSame(matrixOf(local, 5), denseLSR1(5, local.gamma, local.s, local.y)!);
    });

    it("leave out those that do not touch it, and keep γ where no other says better", async () => {
      const elsewhere = new Float32Array(10).fill(1, 4, 7);
      const rising = Float32Array.from({ length: 10 }, (_, i) => i + 1);
      const { pairs, stored } = await added(noPairs, elsewhere, rising);
      expect(stored).toBe(true);
      const local = await restrictPairs(pairs, part, odd);
      expect(local.s).toEqual([]);
      expect(local.gamma).toBe(pairs.gamma);
      expect(local.gamma).not.toBe(1);
    });

    it("go their own way afterwards", async () => {
      const whole = await filled(10, 4, 11);
      const before = matrixOf(whole, 10);
      let local = await restrictPairs(whole, part, odd);
      for (const [s, y] of random(5, 3, 12)) {
        const after = await added(local, s, y);
        expect(after.stored).toBe(true);
        local = after.pairs;
      }
      expect(matrixOf(whole, 10)).toEqual(before);
      expect(whole.s.length).toBe(4);
      expect(local.s.length).toBe(5);
    });
  });

  it("packed and unpacked lead to the same steps to the last bit", async () => {
    const n = 20_001; // three blocks
    const space = wholeSpace(n);
    const pairs = await filled(n, 7, 3);
    const again = unpackObject(packObject(pairs)) as Pairs;
    expectSameBits(again, pairs);
    const [[g, s], [y]] = random(n, 2, 4) as [readonly [Vector, Vector], readonly [Vector, Vector]];
    expectSameBits(await obs(again, space, g, 0.3), await obs(pairs, space, g, 0.3));
    const [after, afterAgain] = [await added(pairs, s, y), await added(again, s, y)];
    expect(after.stored).toBe(true);
    expectSameBits(await obs(afterAgain.pairs, space, g, 0.3), await obs(after.pairs, space, g, 0.3));
  });

  it("are a value: what comes after leaves them as they were", async () => {
    const pairs = await filled(6, 5, 1);
    const before = structuredClone(pairs);
    let later = pairs;
    for (const [s, y] of random(6, 4, 2)) ({ pairs: later } = await added(later, s, y));
    expect(later.s.length).toBe(5);
    expect(later).not.toEqual(pairs);
    expect(pairs).toEqual(before);
  });
});

function unzip(list: readonly (readonly [Float32Array, Float32Array])[]): [Float32Array[], Float32Array[]] {
  return [list.map(([s]) => s), list.map(([, y]) => y)];
}
