import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { gpt } from "../../../src/network/models/gpt.js";
import { Random } from "../../../src/random.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import { expectAgreement, wasm } from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

describe("gpt", () => {
  it("is compiled, and agrees with the tape over shapes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ layers: sizes(2), heads: sizes(3), size: sizes(5) }),
        fc.integer({ min: 2, max: 9 }),
        sizes(7),
        seeds,
        async ({ layers, heads, size }, block, vocabulary, seed) => {
          const model = gpt(
            block,
            vocabulary,
            { layers, heads, width: heads * (size + 1) },
            new Random(seed),
          );
          await expectAgreement(backend, model, 9, seed, 1e-4);
          model.dispose();
        },
      ),
      { numRuns: 15 },
    );
  });
});
