import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherRows } from "../../src/data/batches.js";
import type { Field } from "../../src/data/dataset.js";
import { normalisationOf } from "../../src/data/normalisation.js";

function field(values: Uint8Array | Float32Array, shape: number[]): Field {
  return { values, shape };
}

const bytes = Uint8Array.from({ length: 5 * 2 * 2 * 3 }, (_, i) => (i * 37) % 256);

describe("gatherRows", () => {
  it("is (feature − mean) / deviation, row by row, for bytes and floats", () => {
    const indices = fc.array(fc.nat(4), { maxLength: 8 });
    fc.assert(
      fc.property(
        indices,
        fc.boolean(),
        fc.constantFrom<number[][]>([2, 2, 3], [12], [12, 1]),
        (rows, asFloats, shape) => {
          const data = field(asFloats ? Float32Array.from(bytes) : bytes, shape);
          const normalisation = normalisationOf(data);
          const out = gatherRows(
            data,
            Int32Array.from(rows),
            new Float32Array(rows.length * 12),
            normalisation,
          );
          const channels = shape.at(-1)!;
          rows.forEach((row, r) => {
            for (let j = 0; j < 12; j++) {
              const { mean, deviation } = normalisation;
              const expected = (bytes[row * 12 + j]! - mean[j % channels]!) / deviation[j % channels]!;
              expect(out[r * 12 + j]).toBeCloseTo(expected, 5);
            }
          });
        },
      ),
    );
  });

  it.each([20, 3])(
    "rounds to float32 at every step, whatever the samples are and however many channels (%i)",
    (channels) => {
      for (const values of [bytes, Float32Array.from(bytes)]) {
        const data = field(values, [60 / channels, channels]);
        const { mean, deviation } = normalisationOf(data);
        const out = gatherRows(data, Int32Array.of(0), new Float32Array(60), { mean, deviation });
        const expected = Array.from(bytes, (byte, i) => {
          const [centre, scale] = [
            Math.fround(mean[i % channels]!),
            Math.fround(1 / deviation[i % channels]!),
          ];
          return Math.fround(Math.fround(byte - centre) * scale);
        });
        expect([...out]).toEqual(expected);
      }
    },
  );

  it("copies the rows where nothing is to be normalised", () => {
    for (const shape of [[2, 2, 3], [12], []]) {
      const size = shape.reduce((a, b) => a * b, 1);
      const out = gatherRows(field(bytes, shape), Int32Array.of(3, 0), new Float32Array(2 * size));
      const rows = [3, 0].flatMap((row) => [...bytes.subarray(row * size, (row + 1) * size)]);
      expect([...out]).toEqual(rows);
    }
  });

  it("refuses an array too small", () => {
    const data = field(bytes, [2, 2, 3]);
    const gather = (): Float32Array =>
      gatherRows(data, Int32Array.of(0, 1), new Float32Array(23), normalisationOf(data));
    expect(gather).toThrow("Expected room for 2 × 12 = 24 features, got an array of 23.");
  });
});
