import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adamPlainly, adamStep } from "../../src/linalg/adam-step.js";
import { drawn, drawnPlainly } from "../../src/linalg/average.js";
import { normInf, normInfPlainly } from "../../src/linalg/reductions.js";
import { vectorKernels } from "../../src/linalg/vector-kernels.js";
import type { Vector } from "../../src/linalg/vector.js";
import { randomValues } from "../helpers/compute/compare.js";

/** About the ends of groups of four, and of blocks of 8192. */
const lengths = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 8185, max: 8200 }),
  fc.constant(20_000),
);

function bitsOf(x: Vector): Buffer {
  return Buffer.from(x.buffer, x.byteOffset, x.byteLength);
}

describe("Kernels for vectors", () => {
  it("are there on this processor", () => {
    expect(vectorKernels()).toBeDefined();
  });

  it("find the largest magnitude, and NaN wherever it is", () => {
    const special = fc.constantFrom(undefined, NaN, Infinity, -Infinity, -1e30, -0);
    fc.assert(
      fc.property(lengths, fc.nat(1000), special, fc.nat(), (n, seed, value, place) => {
        const a = randomValues(n, seed);
        if (value !== undefined && n > 0) a[place % n] = value;
        expect(normInf(a)).toBe(normInfPlainly(a));
      }),
    );
  });

  it("make a step of Adam, and an average that follows it, with the bits of the loops, and write to nothing else", () => {
    const numbers = fc.record({
      beta1: fc.constantFrom(0, 0.9),
      beta2: fc.constantFrom(0.999, 0.5),
      rate: fc.double({ min: 1e-6, max: 10, noNaN: true }),
      scale: fc.double({ min: 1, max: 1000, noNaN: true }),
      epsilon: fc.constantFrom(1e-8, 1e-3),
    });
    const restraints = fc.option(
      fc.record({
        coupled: fc.constantFrom(0, 0.01),
        keep: fc.constantFrom(1, 0.999),
        limit: fc.constantFrom(Infinity, 0.1),
        against: fc.constantFrom(1, 0, 0.5),
      }),
      { freq: 2, nil: { coupled: 0, keep: 1 } },
    );
    const average = fc.record({
      follows: fc.boolean(),
      inPlace: fc.boolean(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        lengths,
        fc.nat(1000),
        numbers,
        restraints,
        average,
        (n, seed, rates, restraint, { follows, inPlace, share }) => {
          const step = { ...rates, ...restraint };
          const [m, theta, g] = [1, 2, 3].map((i) => randomValues(n, seed + i)) as [Vector, Vector, Vector];
          const v = randomValues(n, seed).map(Math.abs);
          if (n > 5) g.fill(0, 2, 4);
          const whole = new Float32Array(n + 2).fill(7);
          const out = whole.subarray(1, n + 1);
          const [mLoop, vLoop, loop] = [m.slice(), v.slice(), new Float32Array(n)];
          const [thetaBefore, gBefore] = [theta.slice(), g.slice()];
          adamPlainly(step, mLoop, vLoop, theta, g, loop);
          const from = randomValues(n, seed + 4);
          const [fromBefore, meanLoop] = [from.slice(), drawnPlainly(from, share, loop, new Float32Array(n))];
          const mean = inPlace ? from : new Float32Array(n);
          adamStep(step, m, v, theta, g, out, follows ? { from, share, to: mean } : undefined);
          for (const [own, expected] of [
            [m, mLoop],
            [v, vLoop],
            [out, loop],
            [theta, thetaBefore],
            [g, gBefore],
            ...(follows ? [[mean, meanLoop] as const] : []),
            ...(follows && inPlace ? [] : [[from, fromBefore] as const]),
          ] as const)
            expect(bitsOf(own).equals(bitsOf(expected))).toBe(true);
          expect([whole[0], whole[n + 1]]).toEqual([7, 7]);
        },
      ),
    );
  });

  it("draw an average with the bits of the loop, and write to nothing else", () => {
    fc.assert(
      fc.property(lengths, fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true }), (n, seed, share) => {
        const [a, x] = [randomValues(n, seed), randomValues(n, seed + 1)];
        const whole = new Float32Array(n + 2).fill(7);
        const [aBefore, xBefore] = [a.slice(), x.slice()];
        const loop = drawnPlainly(a, share, x, new Float32Array(n));
        expect(bitsOf(drawn(a, share, x, whole.subarray(1, n + 1))).equals(bitsOf(loop))).toBe(true);
        expect([whole[0], whole[n + 1]]).toEqual([7, 7]);
        expect([bitsOf(a).equals(bitsOf(aBefore)), bitsOf(x).equals(bitsOf(xBefore))]).toEqual([true, true]);
      }),
    );
  });
});
