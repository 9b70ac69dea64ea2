import { describe, expect, it } from "vitest";
import { startBackend } from "../../../src/compute/backend.js";
import { randomValues } from "../../helpers/compute/compare.js";

describe("moments", () => {
  it("are those of double precision, far from 0 too, whatever the number of rows", async () => {
    const heap = (await startBackend({ backend: "wasm", threads: 1 })).heap!;
    const channels = 6;
    for (const rows of [1, 2, 63, 64, 65, 200, 5000]) {
      const memory = heap.allocate(4 * (rows + 2) * channels);
      const x = heap.floats(memory, rows * channels);
      x.set(randomValues(rows * channels, rows).map((value, i) => value + 100 * (i % channels)));
      const [mean, variance] = [memory + 4 * rows * channels, memory + 4 * (rows + 1) * channels];
      heap.kernels.moments(memory, rows, channels, mean, variance);
      for (let c = 0; c < channels; c++) {
        const values = Array.from({ length: rows }, (_, i) => x[i * channels + c]!);
        const center = values.reduce((a, b) => a + b, 0) / rows;
        const spread = values.reduce((a, b) => a + (b - center) ** 2, 0) / rows;
        expect(Math.abs(heap.floats(mean, channels)[c]! - center)).toBeLessThan(1e-6 * (1 + 100 * c));
        expect(Math.abs(heap.floats(variance, channels)[c]! - spread)).toBeLessThan(1e-5);
      }
      heap.free(memory);
    }
  });
});
