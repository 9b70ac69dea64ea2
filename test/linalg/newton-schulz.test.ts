import fc from "fast-check";
import { Matrix, SVD } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { multiply, multiplyPlainly } from "../../src/linalg/matrix-product.js";
import { orthogonalised } from "../../src/linalg/newton-schulz.js";
import { randomValues } from "../helpers/compute/compare.js";

const sides = fc.constantFrom(1, 2, 3, 5, 8, 13, 31, 64, 70);

it("the product by the kernel is the loop's to rounding, whichever factor is transposed", () => {
  const shapes = fc.record({
    m: sides,
    n: sides,
    k: fc.oneof(sides, fc.constant(600)),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
  });
  fc.assert(
    fc.property(shapes, fc.nat(1000), (shape, seed) => {
      const { m, n, k } = shape;
      const [a, b] = [randomValues(m * k, seed), randomValues(k * n, seed + 1)];
      const [out, loop] = [new Float32Array(m * n), new Float32Array(m * n)];
      multiply(shape, a, b, out);
      multiplyPlainly(shape, a, b, loop);
      out.forEach((value, i) => {
        expect(Math.abs(value - loop[i]!)).toBeLessThan(1e-5 * k);
      });
    }),
  );
});

describe("five steps of Newton–Schulz", () => {
  it.each([
    [6, 6],
    [4, 30],
    [40, 7],
  ])("bring the singular values of %i × %i numbers near 1, and leave the vectors", (rows, columns) => {
    const x = randomValues(rows * columns, 1);
    const u = orthogonalised(x, rows, columns);
    const [before, after] = [x, u].map((values) => {
      const matrix = Matrix.from1DArray(rows, columns, Array.from(values));
      return new SVD(matrix, { autoTranspose: true });
    });
    // UᵀOV of the singular vectors U, V of X is diagonal.
    const [U, V] = [before!.leftSingularVectors, before!.rightSingularVectors];
    const O = Matrix.from1DArray(rows, columns, Array.from(u));
    const inner = U.transpose().mmul(O).mmul(V);
    for (let i = 0; i < inner.rows; i++) {
      for (let j = 0; j < inner.columns; j++)
        if (i !== j) expect(Math.abs(inner.get(i, j))).toBeLessThan(1e-4);
    }
    for (const value of after!.diagonal) {
      expect(value).toBeGreaterThan(0.5);
      expect(value).toBeLessThan(1.3);
    }
  });

  it("leave zeros zero", () => {
    expect(orthogonalised(new Float32Array(12), 3, 4)).toEqual(new Float32Array(12));
  });
});
