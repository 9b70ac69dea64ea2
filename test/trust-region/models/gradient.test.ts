import { describe, expect, it } from "vitest";
import { wholeSpace } from "../../../src/linalg/space.js";
import { gradient } from "../../../src/trust-region/models/gradient.js";

const plane = wholeSpace(2);

describe("the gradient model", () => {
  it("steps −Δ g/‖g‖_∞ and predicts Δ‖g‖²/‖g‖_∞", async () => {
    const { s, predicted, norm } = (await gradient.step(null, plane, Float32Array.of(3, -4), 0.5))!;
    expect([...s]).toEqual([-0.375, 0.5]);
    expect(predicted).toBeCloseTo((0.5 * 25) / 4, 12);
    expect(norm).toBe(0.5);
  });

  it.each([[[0, 0]], [[NaN, 1]], [[Infinity, 1]]])("has no step for gradient %j", async (g) => {
    expect(await gradient.step(null, plane, Float32Array.from(g), 1)).toBeUndefined();
  });
});
