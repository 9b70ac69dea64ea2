import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";

/** The same values, vectors to the bit; quick for long ones. */
export function expectSameBits(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  expect(actual).toEqual(expected);
  expect.fail("They differ in bits that toEqual does not see.");
}
