import fc from "fast-check";
import { expect } from "vitest";
import { startBackend } from "../../../src/compute/backend.js";
import type { BackendName } from "../../../src/compute/options.js";
import { tf } from "../../../src/compute/tensorflow.js";

/** Runs `compute` on a backend and reads its results. Whatever it leaves behind is disposed of. */
export async function on(
  backend: BackendName,
  compute: () => tf.Tensor | tf.Tensor[],
): Promise<Float32Array[]> {
  await startBackend({ backend, threads: 1, blas: "none" });
  const before = tf.memory().numTensors;
  const values = tf.tidy(() => [compute()].flat().map((t) => t.dataSync<"float32">()));
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

/** Expects the same values from the WebAssembly backend as from plain JavaScript, to rounding. */
export async function expectSame(compute: () => tf.Tensor | tf.Tensor[], tolerance = 1e-5): Promise<void> {
  const reference = await on("cpu", compute);
  const values = await on("wasm", compute);
  expect(values.length).toBe(reference.length);
  values.forEach((value, i) => {
    expectClose(value, reference[i]!, tolerance);
  });
}

/** |value − reference| ≤ tolerance · (1 + largest |reference|), element by element. */
export function expectClose(value: ArrayLike<number>, reference: ArrayLike<number>, tolerance = 1e-5): void {
  expect(value.length).toBe(reference.length);
  let scale = 1;
  for (let i = 0; i < reference.length; i++) scale = Math.max(scale, Math.abs(reference[i]!));
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(value[i]! - reference[i]!);
    if (!(difference <= tolerance * scale)) {
      expect.fail(`element ${i}: expected ${reference[i]}, got ${value[i]}`);
    }
  }
}

/** Values in (−1, 1) for `count` elements, repeatable. */
export function randomValues(count: number, seed: number): Float32Array {
  const values = new Float32Array(count);
  let state = (seed ^ 0x9e3779b9) >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

export function randomTensor(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(randomValues(tf.util.sizeFromShape(shape), seed), shape, "float32");
}

export const sizes = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
export const seeds = fc.integer({ min: 0, max: 1e6 });
