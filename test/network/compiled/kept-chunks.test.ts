import { expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { Batch } from "../../../src/network/batch.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { compiledOn, wasm } from "../../helpers/network/networks.js";

it("what is kept of a batch goes with it", async () => {
  const { heap } = await wasm();
  const model = tf.sequential({
    layers: [
      tf.layers.maxPooling2d({ poolSize: 2, inputShape: [32, 32, 8] }), // does not depend on θ: kept
      tf.layers.flatten(),
      tf.layers.dense({ units: 3 }),
    ],
  });
  const evaluator = compiledOn(model, heap!);
  const everything = wholeTensors(evaluator.layout);
  const out = new Float32Array(evaluator.layout.dimension);
  const rows = 200;
  const dataset = {
    count: 2 * rows,
    inputs: [{ values: new Float32Array(2 * rows * 32 * 32 * 8).fill(1), shape: [32, 32, 8] }],
    targets: [{ values: new Int32Array(2 * rows), shape: [], classes: 3 }],
  };
  const { memory } = evaluator;
  const step = async () => {
    const indices = Int32Array.from({ length: rows }, (_, i) => 2 * i);
    const batch = new Batch(dataset, { normalisations: [undefined], memory }, { groupRows: rows }, indices);
    await evaluator.gradient(batch.chunk(0), 1 / rows, everything, out);
    batch.dispose();
  };
  await step();
  const before = heap!.size;
  for (let i = 0; i < 60; i++) await step(); // 1.6 MB of pooled images each
  expect(heap!.size).toBe(before);
  evaluator.dispose();
});
