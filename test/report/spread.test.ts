import { describe, expect, it } from "vitest";
import { spreadOf, student } from "../../src/report/spread.js";

/** The share of Student's t below `at`, by Simpson's rule of its density. */
function below(at: number, degrees: number): number {
  const density = (t: number) => (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
  const integral = (from: number, to: number, steps = 20_000): number => {
    const h = (to - from) / steps;
    let sum = density(from) + density(to);
    for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density(from + i * h);
    return (sum * h) / 3;
  };
  // All of it is √degrees B(1/2, degrees/2), which for whole degrees is a product.
  let beta = degrees % 2 === 1 ? Math.PI : 2;
  for (let k = degrees % 2 === 1 ? 1 : 2; k < degrees; k += 2) beta *= k / (k + 1);
  return 0.5 + integral(0, at) / (beta * Math.sqrt(degrees));
}

describe("the spread of values", () => {
  it("is of one value that value", () => {
    expect(spreadOf([3], "95")).toEqual({ middle: 3, low: 3, high: 3 });
  });

  it("has quartiles as NumPy's quantile gives them", () => {
    expect(spreadOf([4, 1, 3, 2], "quartiles")).toEqual({ middle: 2.5, low: 1.75, high: 3.25 });
    expect(spreadOf([5, 1, 4, 2, 3], "quartiles")).toEqual({ middle: 3, low: 2, high: 4 });
    expect(spreadOf([5, 1, 4, 2, 3], "range")).toEqual({ middle: 3, low: 1, high: 5 });
  });

  it("has the same quartiles of values in any order, few or many", () => {
    for (const n of [2, 10, 32, 33, 50]) {
      const values = Array.from({ length: n }, (_, index) => (7 * index) % n); // 7 divides none: all of 0 … n − 1
      const at = (share: number): unknown => expect.closeTo(share * (n - 1), 9);
      expect(spreadOf(values, "quartiles")).toEqual({ middle: at(0.5), low: at(0.25), high: at(0.75) });
    }
  });

  it("has the interval of a mean by Student's t", () => {
    // mean 3, s² = 2.5, t of 4 degrees 2.776: 2.776 √(2.5 / 5)
    const { middle, low, high } = spreadOf([1, 2, 3, 4, 5], "95");
    expect(middle).toBe(3);
    expect(high - 3).toBeCloseTo(1.9632, 3);
    expect(3 - low).toBeCloseTo(1.9632, 3);
  });

  it("has quantiles of Student's t that its density confirms", () => {
    for (const degrees of [...Array.from({ length: 30 }, (_, index) => index + 1), 31, 40, 99, 400])
      expect(below(student(degrees), degrees)).toBeCloseTo(0.975, 4);
  });

  it("is no number where a value is none", () => {
    for (const band of ["quartiles", "95", "range"] as const)
      expect(spreadOf([1, NaN], band)).toEqual({ middle: NaN, low: NaN, high: NaN });
  });
});
