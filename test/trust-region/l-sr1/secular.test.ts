import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { solveDiagonal } from "../../../src/trust-region/l-sr1/secular.js";

const solve = (d: number[], c: number[], radius: number) =>
  solveDiagonal(Float64Array.from(d), Float64Array.from(c), radius);

describe("solveDiagonal", () => {
  it.each([
    { name: "interior", d: [1, 4], c: [1, 4], radius: 2, x: [-1, -1], sigma: 0 },
    { name: "boundary", d: [1, 1], c: [6, 8], radius: 5, x: [-3, -4], sigma: 1 },
    { name: "indefinite", d: [-1], c: [2], radius: 1, x: [-1], sigma: 3 },
    { name: "hard case", d: [-2, 2], c: [0, 12], radius: 5, x: [4, -3], sigma: 2 },
    { name: "hard case, zero gradient", d: [1, -2], c: [0, 0], radius: 3, x: [0, 3], sigma: 2 },
    { name: "zero gradient, positive", d: [1, 2], c: [0, 0], radius: 3, x: [0, 0], sigma: 0 },
    { name: "singular, interior", d: [0, 2], c: [0, 2], radius: 3, x: [0, -1], sigma: 0 },
    { name: "singular, boundary", d: [0], c: [2], radius: 4, x: [-4], sigma: 0.5 },
  ])("$name", ({ d, c, radius, x, sigma }) => {
    const solution = solve(d, c, radius);
    solution.x.forEach((xi, i) => {
      expect(xi).toBeCloseTo(x[i]!, 12);
    });
    expect(solution.sigma).toBeCloseTo(sigma, 12);
  });

  it("is as exact next to the hard case as elsewhere", () => {
    for (const tiny of [1e-5, 1e-17, 1e-200]) {
      const { x, sigma } = solve([-2, 2], [tiny, 12], 5);
      expect(x[0]).toBeCloseTo(-4, 4);
      expect(x[1]).toBeCloseTo(-3, 4);
      expect(Math.hypot(...x)).toBeCloseTo(5, 12);
      expect(sigma).toBeGreaterThanOrEqual(2);
    }
  });

  it("meets the boundary to rounding over thirty orders of magnitude", () => {
    const entry = fc
      .tuple(fc.double({ min: -6, max: 6, noNaN: true }), fc.boolean())
      .map(([exponent, negative]) => (negative ? -1 : 1) * 10 ** exponent);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(entry, entry), { minLength: 1, maxLength: 6 }),
        fc.double({ min: -15, max: 15, noNaN: true }),
        (coordinates, exponent) => {
          const d = coordinates.map(([di]) => di);
          const c = coordinates.map(([, ci]) => ci);
          const radius = 10 ** exponent;
          const { x, sigma } = solve(d, c, radius);
          const norm = Math.hypot(...x);
          expect(norm).toBeLessThanOrEqual(radius * (1 + 1e-12));
          if (sigma > 0) expect(norm).toBeGreaterThanOrEqual(radius * (1 - 1e-12));
          expect(sigma).toBeGreaterThanOrEqual(Math.max(0, -Math.min(...d)));
          x.forEach((xi, i) => {
            const scale = Math.abs(c[i]!) + (Math.abs(d[i]!) + sigma) * Math.abs(xi);
            expect(Math.abs((d[i]! + sigma) * xi + c[i]!)).toBeLessThanOrEqual(1e-12 * scale);
          });
        },
      ),
      { numRuns: 3000 },
    );
  });
});
