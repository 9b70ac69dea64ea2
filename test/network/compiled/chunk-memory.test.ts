import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Heap } from "../../../src/compute/wasm/heap.js";
import { gatherRows } from "../../../src/data/batches.js";
import type { Field, Normalisation, RowSource, Values } from "../../../src/data/dataset.js";
import { ChunkMemory } from "../../../src/network/compiled/chunk-memory.js";
import { wasm } from "../../helpers/network/networks.js";

const ROWS = 40;

let heap: Heap;
beforeAll(async () => {
  heap = (await wasm()).heap!;
});

/** Bytes of which many are 0, as an image's are; floats and whole numbers of both signs. */
function valuesOf(kind: "bytes" | "floats" | "integers", length: number, seed: number): Values {
  const number = (i: number) => (Math.imul(i + seed, 2654435761) >>> 8) % 1021;
  if (kind === "floats") return Float32Array.from({ length }, (_, i) => number(i) / 7 - 60);
  if (kind === "integers") return Int32Array.from({ length }, (_, i) => number(i) - 500);
  return Uint8Array.from({ length }, (_, i) => (number(i >> 5) % 3 === 0 ? number(i) % 256 : 0));
}

/** The same values, read row by row. */
function streamed(values: Values, size: number): RowSource {
  return {
    dtype: values instanceof Uint8Array ? "uint8" : values instanceof Int32Array ? "int32" : "float32",
    rows: values.length / size,
    read: (from, to, out) => {
      out.set(values.subarray(from * size, to * size));
    },
    slice: (from, to) => streamed(values.subarray(from * size, to * size), size),
  };
}

describe("Chunks on the heap", () => {
  it("hold what gatherRows gives, to the bit, for every kind of samples", () => {
    const cases = fc.record({
      kind: fc.constantFrom("bytes" as const, "floats" as const, "integers" as const),
      isStreamed: fc.boolean(),
      pixels: fc.integer({ min: 1, max: 90 }),
      channels: fc.integer({ min: 1, max: 4 }),
      normalised: fc.boolean(),
      again: fc.boolean(),
      samples: fc.array(fc.integer({ min: 0, max: ROWS - 1 }), { minLength: 1, maxLength: 50 }),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(cases, ({ kind, isStreamed, pixels, channels, normalised, again, samples, seed }) => {
        const size = pixels * channels;
        const values = valuesOf(kind, ROWS * size, seed);
        const field: Field = {
          values: isStreamed ? streamed(values, size) : values,
          shape: [pixels, channels],
        };
        const normalisation: Normalisation | undefined = normalised
          ? {
              mean: Array.from({ length: channels }, (_, i) => 33.3 + 20 * i),
              deviation: Array.from({ length: channels }, (_, i) => (i === 3 ? Infinity : 78.1 / (i + 1))),
            }
          : undefined;
        const memory = new ChunkMemory(heap);
        const order = Int32Array.from(samples);
        const expected = gatherRows(field, order, new Float32Array(order.length * size), normalisation);
        for (let round = 0; round < 2; round++) {
          const array = memory.gather(field, order, again, normalisation);
          expect(array.size).toBe(expected.length);
          expect(Buffer.from(heap.floats(array.address, array.size).slice().buffer)).toEqual(
            Buffer.from(expected.buffer),
          );
          memory.free(array);
        }
        memory.dispose();
      }),
      { numRuns: 200 },
    );
  });
});
