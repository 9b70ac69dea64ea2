import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Restriction } from "../../src/linalg/restriction.js";
import { LSR1Memory } from "../../src/trust-region/l-sr1.js";
import { obs } from "../../src/trust-region/obs.js";
import { denseLSR1, dot, norm, times, type Dense } from "../helpers/trust-region/dense.js";
import { determined, gaussian, instances } from "../helpers/trust-region/instances.js";

/** B, from the spectrum: γI + Σ (λ_i − γ) q_i q_iᵀ. */
function matrixOf({ dimension, s, y, gamma, spectrum }: LSR1Memory): Dense {
  const Q = spectrum.basis.map((w) =>
    Array.from({ length: dimension }, (_, i) =>
      s.reduce((sum, _, j) => sum + w[j]! * (y[j]![i]! - gamma * s[j]![i]!), 0),
    ),
  );
  return Array.from({ length: dimension }, (_, i) =>
    Array.from({ length: dimension }, (_, l) =>
      Q.reduce((sum, q, j) => sum + (spectrum.values[j]! - gamma) * q[i]! * q[l]!, i === l ? gamma : 0),
    ),
  );
}

function expectSame(actual: Dense, expected: Dense, tolerance = 1e-6): void {
  const scale = Math.max(...expected.map(norm));
  const difference = Math.max(...actual.map((row, i) => norm(row.map((a, j) => a - expected[i]![j]!))));
  expect(difference).toBeLessThanOrEqual(tolerance * scale);
}

const pairs = (n: number, count: number, seed: number) => {
  const normal = gaussian(seed);
  const vector = () => Float32Array.from({ length: n }, normal);
  return Array.from({ length: count }, () => [vector(), vector()] as const);
};

const filled = (n: number, count: number, seed: number, capacity = 5) => {
  const memory = new LSR1Memory(n, capacity);
  for (const [s, y] of pairs(n, count, seed)) memory.update(s, y);
  return memory;
};

describe("L-SR1 memory", () => {
  it("is the dense recursion from γI through its pairs", () => {
    fc.assert(
      fc.property(instances, ({ kind, memory, B }) => {
        expectSame(matrixOf(memory), B, determined(kind));
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps the newest m pairs and the newest positive γ", () => {
    const all = pairs(7, 9, 5);
    const memory = new LSR1Memory(7, 3);
    const kept: (typeof all)[number][] = [];
    let gamma = 1;
    for (const [s, y] of all) {
      const B = denseLSR1(7, gamma, ...unzip(kept))!;
      const r = times(B, s).map((b, i) => y[i]! - b);
      const sound = Math.abs(dot(r, s)) >= 1e-8 * norm(r) * norm(s);
      expect(memory.update(s, y)).toBe(sound);
      if (!sound) continue;
      kept.push([s, y]);
      if (kept.length > 3) kept.shift();
      if (dot(y, s) > 0) gamma = dot(y, y) / dot(y, s);
      expect(memory.size).toBe(kept.length);
      expect(memory.gamma).toBeCloseTo(gamma, 10);
      expectSame(matrixOf(memory), denseLSR1(7, gamma, ...unzip(kept))!);
    }
  });

  it("satisfies the newest pair's secant equation", () => {
    for (let seed = 0; seed < 50; seed++) {
      const memory = filled(8, 4, seed);
      const [s, y] = [memory.s.at(-1)!, memory.y.at(-1)!];
      const Bs = times(matrixOf(memory), s);
      expect(norm(Bs.map((b, i) => b - y[i]!))).toBeLessThanOrEqual(1e-6 * norm(y));
    }
  });

  it("finds a quadratic's Hessian after n independent steps", () => {
    const H: Dense = [
      [4, 1, 0],
      [1, -2, 1],
      [0, 1, 3],
    ];
    const memory = new LSR1Memory(3);
    for (const s of [Float32Array.of(1, 0, 0), Float32Array.of(1, 2, 0), Float32Array.of(0, 1, -1)]) {
      expect(memory.update(s, Float32Array.from(times(H, s)))).toBe(true);
    }
    expectSame(matrixOf(memory), H);
  });

  describe("skips", () => {
    const [s, y] = [Float32Array.of(1, 2, 0), Float32Array.of(4, 1, 1)];

    it.each([
      ["a zero step", Float32Array.of(0, 0, 0), y],
      ["a NaN", s, Float32Array.of(NaN, 0, 0)],
      ["an infinite entry", Float32Array.of(Infinity, 0, 0), y],
      ["a denominator of zero", Float32Array.of(1, 0, 0), Float32Array.of(1, 5, 0)], // B = I: s ⊥ y − s
      ["a pair B has already", Float32Array.of(1, 1, 0), Float32Array.of(1, 1, 0)],
    ])("%s", (_, badS, badY) => {
      const memory = new LSR1Memory(3);
      expect(memory.update(badS, badY)).toBe(false);
      expect(memory.size).toBe(0);
      expect(memory.gamma).toBe(1);
    });

    it("the pair it has just stored", () => {
      const memory = new LSR1Memory(3);
      expect(memory.update(s, y)).toBe(true);
      expect(memory.update(s.slice(), y.slice())).toBe(false);
      expect(memory.size).toBe(1);
    });

    it("at 1e-8 of ‖s‖‖y − Bs‖, not above", () => {
      const nearly = (sine: number) => Float32Array.of(1 + sine, 1, 0); // r = (sine, 1, 0) for B = I
      expect(new LSR1Memory(3).update(Float32Array.of(1, 0, 0), nearly(1e-6))).toBe(true);
      // float32 has no 1 + 1e-9, but 1e-9 · 1
      const tilted = Float32Array.of(1, 1e-9, 0);
      expect(new LSR1Memory(3).update(tilted, Float32Array.of(1, 1, 0))).toBe(false);
    });
  });

  it("keeps γ where the newest pair has yᵀs ≤ 0", () => {
    const memory = new LSR1Memory(2);
    memory.update(Float32Array.of(1, 0), Float32Array.of(3, 1));
    expect(memory.gamma).toBeCloseTo(10 / 3, 12);
    memory.update(Float32Array.of(0, 1), Float32Array.of(0, -2));
    expect(memory.size).toBe(2);
    expect(memory.gamma).toBeCloseTo(10 / 3, 12);
  });

  it("says what is wrong with a pair of another length, or a memory of no pairs", () => {
    expect(() => new LSR1Memory(3).update(new Float32Array(3), new Float32Array(2))).toThrow(
      "Expected a pair of 3 entries each, got 3 and 2.",
    );
    expect(() => new LSR1Memory(3, 0)).toThrow("Expected the L-SR1 memory to hold at least one pair, got 0.");
  });

  describe("restricted to a subdomain", () => {
    const odd = new Restriction([
      { start: 1, end: 4 },
      { start: 7, end: 9 },
    ]);

    it("has the rows of S and Y, and B of those pairs", () => {
      const memory = filled(10, 4, 11);
      const local = memory.restrict(odd);
      expect(local.dimension).toBe(5);
      expect(local.s).toEqual(memory.s.map((s) => odd.restrict(s)));
      expect(local.y).toEqual(memory.y.map((y) => odd.restrict(y)));
      expectSame(matrixOf(local), denseLSR1(5, local.gamma, local.s, local.y)!);
    });

    it("leaves out pairs that do not touch it, and keeps γ where no other says better", () => {
      const memory = new LSR1Memory(10);
      const elsewhere = new Float32Array(10).fill(1, 4, 7);
      memory.update(
        elsewhere,
        Float32Array.from({ length: 10 }, (_, i) => i + 1),
      );
      expect(memory.size).toBe(1);
      const local = memory.restrict(odd);
      expect(local.size).toBe(0);
      expect(local.gamma).toBe(memory.gamma);
    });

    it("goes its own way afterwards", () => {
      const memory = filled(10, 4, 11);
      const before = matrixOf(memory);
      const local = memory.restrict(odd);
      for (const [s, y] of pairs(5, 3, 12)) expect(local.update(s, y)).toBe(true);
      expect(matrixOf(memory)).toEqual(before);
      expect(memory.size).toBe(4);
      expect(local.size).toBe(5);
    });
  });

  describe("saved and restored", () => {
    it("takes the same steps to the last bit", () => {
      const n = 20_001; // three blocks
      const memory = filled(n, 7, 3);
      const restored = new LSR1Memory(n);
      restored.restore(memory.save());
      const [[g, s], [y]] = pairs(n, 2, 4) as [
        readonly [Float32Array, Float32Array],
        readonly [Float32Array, Float32Array],
      ];
      expect(obs(restored, g, 0.3)).toEqual(obs(memory, g, 0.3));
      memory.update(s, y);
      restored.update(s, y);
      expect(obs(restored, g, 0.3)).toEqual(obs(memory, g, 0.3));
    });

    it("is the state it was when saved, whatever came after", () => {
      const memory = filled(6, 5, 1);
      const then = matrixOf(memory);
      const state = memory.save();
      for (const [s, y] of pairs(6, 4, 2)) memory.update(s, y);
      const restored = new LSR1Memory(6);
      restored.restore(state);
      expect(matrixOf(restored)).toEqual(then);
    });

    it("refuses a state of another model or a larger memory", () => {
      const state = filled(6, 4, 1).save();
      expect(() => {
        new LSR1Memory(7).restore(state);
      }).toThrow(/at most 5 pairs of 7 entries, found 4 steps and 4 gradient differences, of 6 entries/);
      expect(() => {
        new LSR1Memory(6, 3).restore(state);
      }).toThrow(/at most 3 pairs of 6 entries, found 4 steps/);
    });
  });
});

function unzip(list: readonly (readonly [Float32Array, Float32Array])[]): [Float32Array[], Float32Array[]] {
  return [list.map(([s]) => s), list.map(([, y]) => y)];
}
