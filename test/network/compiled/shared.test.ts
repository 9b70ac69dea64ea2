import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { wholeTensors, type TensorPart } from "../../../src/network/tensor-part.js";
import { expectClose } from "../../helpers/compute/compare.js";
import {
  compiledOn,
  dispose,
  expectAgreement,
  logitsOf,
  randomChunk,
  randomTheta,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const { layers } = tf;
type Tensor = tf.SymbolicTensor;

/** The same layers, or the same nested model, applied to both halves of what a network has found. */
function siamese(branch: (x: Tensor) => Tensor): tf.LayersModel {
  const input = tf.input({ shape: [6] });
  const halves = [0, 1].map(() => layers.dense({ units: 5, activation: "tanh" }).apply(input) as Tensor);
  return logitsOf(input, layers.concatenate().apply(halves.map(branch)) as Tensor);
}

/** What makes a branch, of layers that its uses share. */
const branches: Record<string, () => (x: Tensor) => Tensor> = {
  "a layer": () => {
    const [dense, slopes] = [layers.dense({ units: 4, activation: "gelu" }), layers.prelu()];
    return (x) => slopes.apply(dense.apply(x)) as Tensor;
  },
  "a nested model": () => {
    const inner = nested();
    return (x) => inner.apply(x) as Tensor;
  },
  "a model nested twice": () => {
    const outer = tf.sequential({
      layers: [layers.reshape({ targetShape: [5], inputShape: [5] }), nested()],
    });
    return (x) => outer.apply(x) as Tensor;
  },
  "a frozen normalisation": () => {
    const frozen = layers.batchNormalization({ trainable: false });
    return (x) => frozen.apply(x) as Tensor;
  },
};

function nested(): tf.LayersModel {
  const first = layers.dense({ units: 4, inputShape: [5], activation: "sigmoid" });
  return tf.sequential({ layers: [first, layers.dense({ units: 3 })] });
}

describe("layers that are applied several times", () => {
  it.each(Object.entries(branches))("agree with the tape: %s", async (_, branch) => {
    await expectAgreement(backend, siamese(branch()), 300, 2);
  });

  it("agree with the tape where a filter meets images of unlike sizes", async () => {
    const input = tf.input({ shape: [5, 5, 2] });
    const filter = layers.conv2d({ filters: 2, kernelSize: 3, padding: "same", activation: "tanh" });
    const once = filter.apply(input) as Tensor;
    const small = layers.averagePooling2d({ poolSize: 5 }).apply(once) as Tensor;
    const model = logitsOf(input, filter.apply(small) as Tensor);
    for (let repeat = 0; repeat < 2; repeat++) await expectAgreement(backend, model, 300, repeat);
  });

  it("give each of their units its gradient", async () => {
    const model = siamese(branches["a layer"]!());
    const evaluator = compiledOn(model, backend.heap!);
    const chunk = randomChunk(model, 100, 1);
    const n = evaluator.layout.dimension;
    evaluator.setParameters(randomTheta(n, 1));
    const all = new Float32Array(n);
    await evaluator.gradient(chunk, 1, wholeTensors(evaluator.layout), all);
    const kernel = evaluator.layout.slots.findIndex(({ size }) => size === 20); // of the layer, (5, 4)
    const part: TensorPart = { tensor: kernel, from: 1, to: 3 };
    for (let repeat = 0; repeat < 2; repeat++) {
      const some = new Float32Array(n);
      await evaluator.gradient(chunk, 1, [part], some);
      const { offset } = evaluator.layout.slots[kernel]!;
      const units = (x: Float32Array) =>
        x.slice(offset, offset + 20).filter((_, i) => i % 4 === 1 || i % 4 === 2);
      expect(units(all).some((value) => value !== 0)).toBe(true);
      expectClose(units(some), units(all));
    }
    evaluator.dispose();
    dispose(chunk);
  });
});
