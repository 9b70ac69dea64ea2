import fc from "fast-check";
import type { Heap } from "../../../src/compute/wasm/heap.js";
import { randomValues, seeds, sizes } from "./compare.js";

/** A product to test. */
export interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly add: boolean;
  /** Floats between rows beyond their length. */
  readonly slack: number;
  readonly seed: number;
}

export const cases: fc.Arbitrary<Case> = fc.record({
  m: sizes(40),
  n: sizes(40),
  k: fc.oneof(fc.constant(0), sizes(300)),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  add: fc.boolean(),
  slack: fc.integer({ min: 0, max: 3 }),
  seed: seeds,
});

/** Computes the product of a case on the heap and beside it, in double precision. */
export function multiply(heap: Heap, { m, n, k, transposeA, transposeB, add, slack, seed }: Case) {
  const [rowsA, columnsA] = transposeA ? [k, m] : [m, k];
  const [rowsB, columnsB] = transposeB ? [n, k] : [k, n];
  const strides = [columnsA + slack, columnsB + slack, n + slack] as const;
  const sizes = [rowsA * strides[0], rowsB * strides[1], m * strides[2]] as const;
  const addresses = sizes.map((size) => heap.allocate(4 * size + 16));
  const values = sizes.map((size, i) => randomValues(size, seed + i));
  values.forEach((x, i) => {
    heap.floats(addresses[i]!, x.length).set(x);
  });
  const [a, b, c] = addresses as [number, number, number];
  heap.multiply(
    { m, n, k },
    { at: a, stride: strides[0], transposed: transposeA },
    { at: b, stride: strides[1], transposed: transposeB },
    { at: c, stride: strides[2] },
    add,
  );
  const [A, B, C] = values as [Float32Array, Float32Array, Float32Array];
  const expected = C.slice();
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = add ? C[i * strides[2] + j]! : 0;
      for (let p = 0; p < k; p++) {
        const x = A[transposeA ? p * strides[0] + i : i * strides[0] + p]!;
        sum += x * B[transposeB ? j * strides[1] + p : p * strides[1] + j]!;
      }
      expected[i * strides[2] + j] = sum;
    }
  }
  const result = heap.floats(c, C.length).slice();
  for (const address of addresses) heap.free(address);
  return { result, expected };
}
