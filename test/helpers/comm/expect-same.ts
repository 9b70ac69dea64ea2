import { expect } from "vitest";

import type { NumericArray } from "../../../src/comm/index.js";

/** Same type, length and bits: quick for long arrays, and short where they differ. */
export function expectSame(actual: NumericArray | undefined, expected: NumericArray | undefined): void {
  expect(actual?.constructor).toBe(expected?.constructor);
  expect(actual?.length).toBe(expected?.length);
  if (actual === undefined || expected === undefined || bytes(actual).equals(bytes(expected))) return;
  const at = actual.findIndex((value, i) => !Object.is(value, expected[i]));
  expect.fail(`Expected ${expected[at]!} at index ${at} of ${expected.length}, got ${actual[at]!}.`);
}

function bytes(array: NumericArray): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
