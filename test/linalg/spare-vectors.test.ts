import { describe, expect, it } from "vitest";
import { SpareVectors } from "../../src/linalg/spare-vectors.js";

describe("Spare vectors", () => {
  it("are none of those in use, nor the same twice", () => {
    const spare = new SpareVectors();
    const foreign = new Float32Array(3);
    const room = spare.beside([foreign], 3);
    const [a, b] = [room(), room()];
    expect(new Set([foreign, a, b]).size).toBe(3);
    const next = spare.beside([a], 3);
    expect(next()).toBe(b);
    expect([a, b, foreign]).not.toContain(next());
  });

  it("are never one that came from elsewhere, and have the length that is asked for", () => {
    const spare = new SpareVectors();
    const own = spare.beside([new Float32Array(3)], 3)();
    expect(spare.beside([], 4)()).toHaveLength(4);
    expect(spare.beside([], 3)()).toBe(own);
  });
});
