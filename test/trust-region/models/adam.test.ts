import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Restriction } from "../../../src/linalg/restriction.js";
import { wholeSpace } from "../../../src/linalg/space.js";
import { adam } from "../../../src/trust-region/models/adam.js";

/**
 * Gradients of one length, up to 40 in a row, as β₁ moves from the 17th to the 27th; no component so small that its
 * square is lost in float32.
 */
const component = fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((x) => (Math.abs(x) < 1e-3 ? 0 : x));
const gradients = fc.integer({ min: 1, max: 8 }).chain((n) =>
  fc.array(fc.array(component, { minLength: n, maxLength: n }), {
    minLength: 1,
    maxLength: 40,
    size: "max",
  }),
);

/**
 * Adam's direction as the paper writes it, in float64, with each average as a weighted sum over all gradients. A new
 * gradient enters with a share of 1 − β, and 1 / (1 − β₁) is a third of the count of gradients, in [20/3, 10].
 */
function reference(seen: readonly Float32Array[]): number[] {
  const beta1 = (i: number): number => 1 - 1 / Math.min(10, Math.max(20 / 3, (i + 3) / 3));
  const beta2 = (): number => 0.999;
  const average = (beta: (i: number) => number, of: (g: Float32Array) => number): number => {
    const kept = (i: number): number =>
      seen.slice(i + 1).reduce((product, _, j) => product * beta(i + 1 + j), 1);
    const weights = seen.map((_, i) => (1 - beta(i)) * kept(i));
    const total = weights.reduce((a, b) => a + b, 0);
    return seen.reduce((sum, g, i) => sum + (weights[i]! / total) * of(g), 0);
  };
  return Array.from(seen[0]!, (_, i) => {
    const mean = average(beta1, (g) => g[i]!);
    const square = average(beta2, (g) => g[i]! ** 2);
    return -mean / (Math.sqrt(square) + 1e-8);
  });
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
const largest = (a: ArrayLike<number>): number => Math.max(...Array.from(a, Math.abs));

/** What Adam has learnt from these gradients, and a step from there. */
async function after(seen: readonly Float32Array[]) {
  const space = wholeSpace(seen[0]!.length);
  let moments = adam.start(space.dimension);
  for (const g of seen) moments = await adam.observe(moments, space, { x: g, g });
  return { moments, step: (g: Float32Array, radius: number) => adam.step(moments, space, g, radius) };
}

describe("the adam model", () => {
  it("is that of the paper, scaled to the radius, and predicts −gᵀs", async () => {
    await fc.assert(
      fc.asyncProperty(gradients, fc.double({ min: 1e-4, max: 10, noNaN: true }), async (rows, radius) => {
        const seen = rows.map((row) => new Float32Array(row));
        const g = seen.at(-1)!;
        const d = reference(seen);
        const scale = radius / largest(d);
        const slope = dot(g, d);
        fc.pre(slope < -1e-4 * largest(g)); // clearly one of descent
        const { s, predicted, norm } = (await (await after(seen)).step(g, radius))!;
        s.forEach((value, i) => {
          expect(Math.abs(value - scale * d[i]!)).toBeLessThan(1e-4 * radius);
        });
        expect(largest(s)).toBeCloseTo(radius, 5);
        expect(norm).toBe(radius);
        expect(predicted / -dot(g, s)).toBeCloseTo(1, 4);
      }),
    );
  });

  it("always descends, whatever it has seen before, and is undefined where the gradient is zero or not finite", async () => {
    await fc.assert(
      fc.asyncProperty(gradients, async (rows) => {
        const seen = rows.map((row) => new Float32Array(row));
        const g = seen.at(-1)!;
        const step = await (await after(seen)).step(g, 0.1);
        if (largest(g) === 0) expect(step).toBeUndefined();
        else expect(dot(g, step!.s)).toBeLessThan(0);
      }),
    );
    const infected = await after([Float32Array.of(1, NaN)]);
    expect(await infected.step(Float32Array.of(1, NaN), 1)).toBeUndefined();
  });

  it("knows of a subdomain what it knows of the whole, and goes on by itself", async () => {
    const whole = await after([Float32Array.of(1, -2, 3, -4), Float32Array.of(2, 1, -1, 5)]);
    const part = await after([Float32Array.of(-2, -4), Float32Array.of(1, 5)]);
    const odd = new Restriction([
      { start: 1, end: 2 },
      { start: 3, end: 4 },
    ]);
    const plane = wholeSpace(2);
    const restricted = await adam.restrict(whole.moments, odd);
    const g = Float32Array.of(1, 5);
    expect(await adam.step(restricted, plane, g, 0.5)).toEqual(await part.step(g, 0.5));
    const before = structuredClone(whole.moments);
    await adam.observe(restricted, plane, { x: g, g: Float32Array.of(7, 7) });
    expect(whole.moments).toEqual(before);
  });
});
