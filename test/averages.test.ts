import { describe, expect, it } from "vitest";
import { medianOf } from "../src/averages.js";

describe("the median", () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[1, Infinity], Infinity],
    [[Infinity, Infinity], Infinity],
    [[1, 2, Infinity], 2],
    [[], NaN],
  ])("of %j is %d", (values, expected) => {
    expect(medianOf(values)).toBe(expected);
  });
});
