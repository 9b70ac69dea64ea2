import { describe, expect, it } from "vitest";
import { combineColumns, innerProducts, innerProductsWithTwo } from "../../src/linalg/columns.js";
import { gaussian } from "../helpers/trust-region/instances.js";

const lengths = [0, 1, 2, 3, 8191, 8192, 8193, 20_001];
const counts = [0, 1, 3, 4, 6, 7, 11];
const cases = lengths.flatMap((n) => counts.map((k) => ({ n, k })));

function random(n: number, k: number, seed: number): Float32Array[] {
  const normal = gaussian(seed);
  return Array.from({ length: k }, () => Float32Array.from({ length: n }, normal));
}

const sum = (a: Float32Array, b: Float32Array) => a.reduce((total, ai, i) => total + ai * b[i]!, 0);

describe.each(cases)("columns ($n, $k)", ({ n, k }) => {
  const columns = random(n, k, n + k);
  const [u, v] = random(n, 2, 99) as [Float32Array, Float32Array];

  it("innerProducts are columnsᵀv in float64", () => {
    const products = innerProducts(columns, v);
    expect(products).toHaveLength(k);
    columns.forEach((column, j) => {
      expect(products[j]).toBeCloseTo(sum(column, v), 9);
    });
  });

  it("innerProductsWithTwo are columnsᵀu and columnsᵀv in float64", () => {
    const [withU, withV] = innerProductsWithTwo(columns, u, v);
    expect([withU.length, withV.length]).toEqual([k, k]);
    columns.forEach((column, j) => {
      expect(withU[j]).toBeCloseTo(sum(column, u), 9);
      expect(withV[j]).toBeCloseTo(sum(column, v), 9);
    });
  });

  it("combineColumns rounds the float64 sum once, and returns the square of what it wrote", () => {
    const coefficients = columns.map((_, j) => 0.37 * j - 1);
    const out = new Float32Array(n).fill(NaN);
    const square = combineColumns(coefficients, columns, out);
    out.forEach((entry, i) => {
      const exact = columns.reduce((total, column, j) => total + coefficients[j]! * column[i]!, 0);
      expect(Math.abs(entry - exact)).toBeLessThanOrEqual(2 ** -23 * Math.abs(exact) + 1e-14);
    });
    expect(Math.abs(square - sum(out, out))).toBeLessThanOrEqual(1e-12 * square);
  });
});

describe("inner products", () => {
  it("do not depend on which columns are beside", () => {
    const columns = random(10_000, 7, 1);
    const [v, u] = random(10_000, 2, 2) as [Float32Array, Float32Array];
    const together = innerProducts(columns, v);
    const [, withV] = innerProductsWithTwo(columns, u, v);
    columns.forEach((column, j) => {
      expect(innerProducts([column], v)[0]).toBe(together[j]);
      expect(innerProductsWithTwo([column], u, v)[1][0]).toBe(withV[j]);
    });
  });
});
