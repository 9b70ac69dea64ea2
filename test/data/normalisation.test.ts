import { describe, expect, it } from "vitest";
import type { Field } from "../../src/data/dataset.js";
import { gatherRows } from "../../src/data/batches.js";
import { normalisationOf } from "../../src/data/normalisation.js";

function field(values: Uint8Array | Float32Array, shape: number[]): Field {
  return { values, shape };
}

const bytes = Uint8Array.from({ length: 5 * 2 * 2 * 3 }, (_, i) => (i * 37) % 256);

describe("normalisationOf", () => {
  it("is the mean and deviation of each channel", () => {
    const { mean, deviation } = normalisationOf(field(bytes, [2, 2, 3]));
    for (let channel = 0; channel < 3; channel++) {
      const values = [...bytes].filter((_, i) => i % 3 === channel);
      const expected = values.reduce((a, b) => a + b) / values.length;
      expect(mean[channel]).toBeCloseTo(expected, 10);
      const variance = values.reduce((a, b) => a + (b - expected) ** 2, 0) / values.length;
      expect(deviation[channel]).toBeCloseTo(Math.sqrt(variance), 10);
    }
  });

  it("treats every feature of a plain vector as a channel, and makes zero of a constant one, in other samples too", () => {
    const data = field(Float32Array.of(1, 5, 3, 5), [2]);
    const normalisation = normalisationOf(data);
    expect(normalisation).toEqual({ mean: [2, 5], deviation: [1, Infinity] });
    const both = Int32Array.of(0, 1);
    expect([...gatherRows(data, both, new Float32Array(4), normalisation)]).toEqual([-1, 0, 1, 0]);
    for (const other of [Float32Array.of(2, 9, 2, -7), Uint8Array.of(2, 9, 2, 255)]) {
      const [, first, , second] = gatherRows(field(other, [2]), both, new Float32Array(4), normalisation);
      expect([Math.abs(first!), Math.abs(second!)]).toEqual([0, 0]);
    }
  });

  it("does not lose a small deviation far from zero", () => {
    const data = field(Float32Array.of(4_000_000, 4_000_001), [1]);
    expect(normalisationOf(data).deviation[0]).toBe(0.5);
  });
});
